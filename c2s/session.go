package c2s

import (
	"context"
	"errors"

	"parley/stanza"
	"parley/stream"
)

// read is the session: it reads what the client sends and hands it to the
// router, until the stream or the connection ends. While nothing comes it
// waits; after a long silence a fresh goroutine takes over from one whose stack
// has grown, and only waits.
func (c *client) read() {
	for {
		err := c.next()
		if err == stream.ErrIdle {
			err = c.conn.Wait()
		}
		switch {
		case err == nil:
		case err == stream.ErrInterrupted:
			c.conn.Compact()
			go c.await()
			return
		default:
			c.Waiting()
			c.readEnded()
			return
		}
	}
}

// await is read for a connection that has been silent.
func (c *client) await() {
	if err := c.conn.Wait(); err != nil && err != stream.ErrInterrupted {
		c.readEnded()
		return
	}
	c.read()
}

// next reads one token and acts on it. An error means that no more can be read.
func (c *client) next() error {
	ctx := c.server.work
	if c.closing() {
		return c.conn.Discard(ctx)
	}
	tok, st, err := c.conn.Next(ctx)
	var wrong *stanza.StreamError
	switch {
	case errors.As(err, &wrong):
		c.Close(wrong)
		return nil
	case err != nil:
		if err != stream.ErrIdle && err != stream.ErrInterrupted {
			c.conn.Close() // the writer need not try any longer
		}
		return err
	case tok == stanza.Found:
		c.take(st)
	case tok == stanza.Closed:
		c.closed()
	}
	return nil
}

// closed answers the end of the client's stream, behind the answers to what the
// client has sent before (RFC 6120 section 4.4, Closing a Stream).
func (c *client) closed() {
	ctx, cancel := context.WithTimeout(c.server.work, lingerFor)
	defer cancel()
	// What is not finished by then is finished without an answer.
	_ = c.bound.Load().Flush(ctx)
	c.Close(nil)
}

// nsState is the namespace of client state indication.
const nsState = "urn:xmpp:csi:0"

// take acts on an element at depth one.
func (c *client) take(st *stanza.Stanza) {
	switch {
	case st.NS == stanza.NSManagement:
		c.management(st)
	case st.NS == nsState && (st.Name == "active" || st.Name == "inactive"):
		// XEP-0352 section 4.2, Indicating state
		c.bound.Load().SetInactive(st.Name == "inactive")
	case st.Kind == stanza.Other:
		c.Close(notStanza(st))
	case st.Kind == stanza.IQ && c.answer(st):
	default:
		c.bound.Load().Handle(c.server.work, st)
	}
}

// notStanza is the error for an element that is no stanza, nil for a stream
// error: that is answered by the end of the stream alone (RFC 6120 section
// 4.9.1.1, Stream Errors Are Unrecoverable).
func notStanza(st *stanza.Stanza) *stanza.StreamError {
	switch {
	case st.NS == stanza.NSStream && st.Name == "error":
		return nil
	case st.NS == stanza.NSServer || st.NS == stanza.NSComponent:
		// (RFC 6120 section 4.8.3, XMPP Content Namespaces)
		return stanza.StreamInvalidNamespace
	}
	// (RFC 6120 section 4.9.3.24, unsupported-stanza-type)
	return stanza.StreamUnsupportedStanzaType
}
