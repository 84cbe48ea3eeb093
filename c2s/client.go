package c2s

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/stream"
)

// client is one connection. Its reader is the goroutine that serves it; its
// writer runs while there is something to write. Whoever of the two ends last
// ends the session.
type client struct {
	server *Server
	conn   *stream.Conn
	addr   netip.Addr
	bound  atomic.Pointer[router.Session] // nil before resource binding
	index  int                            // in Server.clients

	mechanism string          // by which the client has authenticated
	anonymous bool            // as nobody
	guest     *router.Account // who goes with the stream (XEP-0175)
	inlined   *router.Session // bound or resumed with the login (XEP-0388)

	closeBy   atomic.Int64 // when the connection is closed in any case, Unix seconds; 0: not closing
	compacted int64        // when memory was last given back, Unix seconds; the sweeper's
	pinged    int64        // when the last ping was sent, Unix seconds; the sweeper's

	mu       sync.Mutex
	writing  bool                // a writer runs
	more     bool                // there may be more for it
	ended    bool                // we have ended the stream
	over     bool                // the session ends with it
	readDone bool                // the reader has stopped
	left     bool                // neither will be again
	err      *stanza.StreamError // what the stream ends with
}

var (
	_ router.Stream = (*client)(nil)
	_ router.Writer = (*client)(nil)
)

func (s *Server) newClient(nc net.Conn, addr netip.Addr) *client {
	l := s.config().Limits
	return &client{
		server:  s,
		addr:    addr,
		writing: true, // nothing but login and bind writes at first
		conn: stream.NewConn(nc, stream.Options{
			Limits:   stanza.Limits{Bytes: l.BeforeLogin},
			Rate:     l.Rate,
			Burst:    l.Burst,
			Blocking: s.Blocking,
		}),
	}
}

// Out implements router.Stream.
func (c *client) Out() stanza.Out { return stanza.Out{NS: stanza.NSClient} }

// Addr implements router.Stream.
func (c *client) Addr() string { return c.conn.RemoteAddr().String() }

// Wake implements router.Stream: it starts a writer unless one runs.
func (c *client) Wake() {
	if c.claim() {
		go c.write()
	}
}

// claim makes the caller the writer. It is false if there is one already, which
// goes on, or nobody may write any more.
func (c *client) claim() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing || c.ended || c.left {
		c.more = true
		return false
	}
	c.writing = true
	return true
}

// closing says that the stream is to end: what the client still sends is too late.
func (c *client) closing() bool { return c.closeBy.Load() != 0 }

// Close implements router.Stream: what is queued is written, then the error,
// then the end of the stream (RFC 6120 section 4.9.1.1, Stream Errors Are
// Unrecoverable). The session ends with it, unless it is only the connection that
// has failed, or the server that stops.
func (c *client) Close(err *stanza.StreamError) {
	session := c.bound.Load()
	keeps := (err == stanza.StreamConnectionTimeout || err == stanza.StreamSystemShutdown) &&
		session != nil && session.Resumable()
	c.mu.Lock()
	first := !c.closing()
	c.over = c.over || !keeps
	if first {
		c.err = err
		c.closeBy.Store(time.Now().Add(flushFor).Unix())
	}
	c.mu.Unlock()
	if !keeps && session != nil {
		session.Leave()
	}
	if first {
		c.Wake()
	}
}

// write writes what the session has queued, in one piece each time, until there
// is nothing more.
func (c *client) write() {
	session := c.bound.Load()
	for {
		b, ok := session.Take()
		if !ok {
			if c.rest() {
				return
			}
			continue
		}
		if !c.written(b, c.conn.Write(b.Bytes)) {
			return
		}
	}
}

// written says what became of a batch. It is false if that ends the writer.
func (c *client) written(b router.Batch, err error) bool {
	c.bound.Load().Written(b, err)
	if err != nil {
		c.broken()
	}
	return err == nil
}

// rest ends the writer when there is nothing to write, and the stream with it
// when that is what was waited for.
func (c *client) rest() bool {
	c.mu.Lock()
	if c.more {
		c.more = false
		c.mu.Unlock()
		return false
	}
	if c.closing() && !c.ended {
		c.ended = true
		err, over := c.err, c.over
		c.mu.Unlock()
		c.sayGoodbye(err)
		if over {
			// What came too late is given to others now, not when the client has
			// closed its side.
			c.bound.Load().End(c.server.work)
		}
		c.mu.Lock()
	}
	c.writing = false
	c.unlock()
	return true
}

// sayGoodbye is the last that is written: what was handled, so that the client
// does not send it again (XEP-0198 section 4, Acks), and why the stream ends. The
// reader waits for the client to close the connection; the sweeper bounds that.
func (c *client) sayGoodbye(err *stanza.StreamError) {
	var last []byte
	if session := c.bound.Load(); session.Managed() {
		last = append(last, stanza.Ack(session.Handled())...)
	}
	if c.conn.Write(stream.AppendError(last, err)) != nil || c.conn.CloseWrite() != nil {
		c.conn.Close()
	}
	c.closeBy.Store(time.Now().Add(lingerFor).Unix())
}

// broken ends the writer of a connection that takes nothing any more.
func (c *client) broken() {
	c.conn.Close()
	c.mu.Lock()
	c.writing, c.ended = false, true
	c.closeBy.CompareAndSwap(0, time.Now().Unix())
	c.unlock()
}

// readEnded is called by the reader when it will read no more.
func (c *client) readEnded() {
	c.mu.Lock()
	c.readDone = true
	c.unlock()
}

// unlock unlocks mu, and leaves if reader and writer have stopped.
func (c *client) unlock() {
	last := c.readDone && !c.writing && !c.left
	c.left = c.left || last
	over := c.over
	c.mu.Unlock()
	if last {
		c.leave(over)
	}
}

// leave closes the connection and ends the session, if it is over or does not
// outlive its connection. It is called once.
func (c *client) leave(over bool) {
	c.conn.Close()
	if session := c.bound.Load(); session != nil && (over || !session.Detach(c.server.work)) {
		session.End(c.server.work)
	}
	if c.guest != nil {
		c.server.Router.Leave(context.WithoutCancel(c.server.work), c.guest)
	}
	c.server.remove(c)
}
