package s2s

import (
	"context"
	"errors"
	"fmt"

	"parley/stanza"
	"parley/stream"
)

// peerError is the stream error that the peer has sent.
type peerError struct{ condition, text string }

func (e *peerError) Error() string {
	if e.text == "" {
		return "the peer ends the stream with " + e.condition
	}
	return fmt.Sprintf("the peer ends the stream with %s: %.200q", e.condition, e.text)
}

// read hands over what the peer sends. The error is never nil.
func (l *link) read(ctx context.Context) error {
	l.conn.SetSource(source{l.line})
	l.line.Defer()
	defer l.line.WriteDeferred()
	l.mu.Lock()
	l.reading = true
	l.mu.Unlock()
	l.conn.Park()
	for {
		tok, st, err := l.conn.Next(ctx)
		if err == stream.ErrIdle {
			err = l.conn.Wait()
		}
		switch {
		case errors.Is(err, stream.ErrInterrupted) && l.goOn():
			continue
		case err != nil:
			return err
		case tok == stanza.Closed:
			l.mu.Lock()
			l.closed, l.halted = true, true
			l.mu.Unlock()
			return errEnded
		case tok != stanza.Found:
			continue
		}
		if err := l.element(ctx, st); err != nil {
			return err
		}
	}
}

// goOn says whether an interruption was about the limits.
func (l *link) goOn() bool {
	l.mu.Lock()
	raise := l.raise && !l.closed
	l.raise = false
	l.mu.Unlock()
	if raise {
		l.raiseLimits()
	}
	return raise
}

// source lets stanzas be read into the packets that carry them.
type source struct {
	line interface {
		Incoming() *stanza.Stanza
		Park()
		WriteDeferred()
	}
}

func (s source) Incoming() *stanza.Stanza { return s.line.Incoming() }
func (s source) Park()                    { s.line.Park() }
func (s source) Waiting()                 { s.line.WriteDeferred() }

// element takes one element at depth one.
func (l *link) element(ctx context.Context, st *stanza.Stanza) error {
	switch {
	case st.Kind != stanza.Other:
		return l.stanza(ctx, st)
	case isDialback(st):
		return l.dialback(ctx, st)
	case st.NS == stanza.NSManagement:
		return l.management(ctx, st)
	case st.NS == stanza.NSStream && st.Name == "error":
		return streamError(st)
	}
	// (RFC 6120 section 4.9.3.24, unsupported-stanza-type)
	return stanza.StreamUnsupportedStanzaType
}

// stanza puts a stanza into the line of the stream, which keeps order (RFC 6120
// section 10.1, In-Order Processing).
func (l *link) stanza(ctx context.Context, st *stanza.Stanza) error {
	if l.dir == outgoing && !l.bidi {
		// A stream that we have opened is for our stanzas (RFC 6120 section 4.5,
		// Directionality).
		return stanza.StreamNotAuthorized
	}
	if err := l.mayCome(st); err != nil {
		l.server.Router.Metrics.Remote(l.dir.String(), "refused", 1)
		return err
	}
	l.received++
	return l.line.Put(ctx, st)
}

// streamError reads the peer's last words (RFC 6120 section 4.9.2, Syntax).
func streamError(st *stanza.Stanza) *peerError {
	e := &peerError{condition: "undefined-condition"}
	for _, c := range st.Root().Children {
		switch {
		case c.NS != stanza.NSStreams:
		case c.Name == "text":
			e.text = c.Text
		default:
			e.condition = c.Name
		}
	}
	return e
}
