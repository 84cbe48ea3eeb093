package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"parley/stanza"
)

// Options of NewConn.
type Options struct {
	Limits      stanza.Limits // until SetLimits
	Rate, Burst int           // bytes per second, and at once above it; 0: no limit
	Blocking    bool          // never park: wait in Read on every system
}

// Conn is a connection that carries XML streams, one after the other. One
// goroutine reads (Next, Wait, StartTLS …), one writes (Write, CloseWrite) at a
// time; the others may be called by anybody.
type Conn struct {
	sock  socket
	tls   *tls.Conn // nil before TLS
	scan  stanza.Scanner
	in    input
	next  *stanza.Stanza // filled by the scanner, nil between elements
	from  Source         // of next, nil: new ones
	idle  func()         // c.waiting, made once
	rate  rate
	parks bool   // Read does not wait
	left  []byte // what TryWrite has not tried

	interrupting sync.Mutex // held while interrupted and the read deadline change together
	interrupted  atomic.Bool
	closed       atomic.Bool
	heard        atomic.Int64 // when something was read last, Unix seconds
	writing      atomic.Int64 // since when a write has been going on, Unix seconds
}

// Errors of Next and Wait.
var (
	// ErrIdle is what Next returns on a parked connection that has nothing to
	// read: call Wait.
	ErrIdle = errors.New("stream: nothing to read")
	// ErrInterrupted is what Next or Wait returns after Interrupt.
	ErrInterrupted = errors.New("stream: interrupted")
)

// Source gives out the stanzas that are read into.
type Source interface {
	Incoming() *stanza.Stanza // an empty one, the same until it has been used
	Waiting()                 // there is nothing to read at the moment
	Park()                    // no stanza is needed for some time
}

// NewConn takes over a connection.
func NewConn(nc net.Conn, o Options) *Conn {
	c := &Conn{
		sock: newSocket(nc, o.Blocking),
		scan: *stanza.NewScanner(o.Limits),
		rate: rate{perSecond: o.Rate, burst: o.Burst},
	}
	c.idle = c.waiting
	c.heard.Store(time.Now().Unix())
	return c
}

// rw is what the stream's bytes go through.
func (c *Conn) rw() net.Conn {
	if c.tls != nil {
		return c.tls
	}
	return c.sock
}

// Next returns the next token of the stream, with the stanza after Found. An
// error is a *stanza.StreamError when the input is at fault, ErrIdle when the
// connection is parked and has nothing, else the connection's.
func (c *Conn) Next(ctx context.Context) (stanza.Token, *stanza.Stanza, error) {
	for {
		tok, err := c.token()
		switch {
		case err != nil:
			return stanza.More, nil, err
		case tok == stanza.Found:
			st := c.next
			c.next = nil
			return tok, st, nil
		case tok != stanza.More:
			return tok, nil, nil
		}
		if err := c.fill(ctx); err != nil {
			return stanza.More, nil, err
		}
	}
}

// token scans what is there.
func (c *Conn) token() (stanza.Token, error) {
	in := c.in.bytes()
	if len(in) == 0 || c.scan.Passes(in) {
		return stanza.More, nil
	}
	if c.next == nil {
		c.next = c.incoming()
	}
	tok, n, err := c.scan.Scan(in, c.next)
	c.in.r += n
	return tok, err
}

func (c *Conn) incoming() *stanza.Stanza {
	if c.from != nil {
		return c.from.Incoming()
	}
	return new(stanza.Stanza)
}

// SetSource changes where stanzas come from.
func (c *Conn) SetSource(s Source) { c.from, c.next = s, nil }

// fill reads once.
func (c *Conn) fill(ctx context.Context) error {
	if c.interrupted.Load() {
		return c.readError(os.ErrDeadlineExceeded)
	}
	if !c.parks {
		c.waiting()
	}
	n, err := c.rw().Read(c.in.space())
	c.in.w += n
	if n > 0 {
		now := time.Now()
		c.heard.Store(now.Unix())
		if d := c.rate.take(n, now); d > 0 {
			c.waiting()
			pause(ctx, d, c.closed.Load)
		}
		return nil
	}
	if err == errAgain {
		c.rest()
		return ErrIdle
	}
	if err == nil {
		return nil // nothing came and nothing is wrong (io.Reader)
	}
	return c.readEnded(err)
}

// readEnded gives back, where nothing more is read, what reading needed.
func (c *Conn) readEnded(err error) error {
	if err = c.readError(err); err != ErrInterrupted {
		c.in.drop()
		c.sock.release()
	}
	return err
}

// readError tells an interruption from a fault.
func (c *Conn) readError(err error) error {
	c.interrupting.Lock()
	defer c.interrupting.Unlock()
	if errors.Is(err, os.ErrDeadlineExceeded) && c.interrupted.Swap(false) {
		if err := c.sock.SetReadDeadline(time.Time{}); err != nil {
			return err
		}
		return ErrInterrupted
	}
	return fmt.Errorf("read stream: %w", err)
}

// rest gives back what only a reader at work needs.
func (c *Conn) rest() {
	if c.in.empty() {
		c.scan.Scan(nil, nil) // lets go of its own scratch memory
		c.next = nil
		if c.from != nil {
			c.from.Park()
		}
	}
	c.in.idle()
}

// Park lets Next return ErrIdle instead of waiting. It reports false where
// connections cannot be parked; Next goes on to wait there.
//
// A goroutine whose stack has grown keeps it, so after Park reading is best
// continued on a fresh one, and again after Compact.
func (c *Conn) Park() bool {
	c.parks = c.sock.park()
	return c.parks
}

// waiting tells the source that reading is about to wait.
func (c *Conn) waiting() {
	if c.from != nil {
		c.from.Waiting()
	}
}

// Wait returns when Next has something to do: when there is something to read,
// or an error to find.
func (c *Conn) Wait() error {
	if err := c.sock.wait(c.idle); err != nil {
		return c.readEnded(err)
	}
	return nil
}

// Interrupt makes the reader's Next or Wait return ErrInterrupted, the one that
// is under way or the next one that would wait. A read deadline is forgotten.
func (c *Conn) Interrupt() error {
	c.interrupting.Lock()
	defer c.interrupting.Unlock()
	c.interrupted.Store(true)
	return c.sock.SetReadDeadline(longAgo)
}

// longAgo is a deadline that has passed by any clock.
var longAgo = time.Unix(1, 0)

// Compact is called by the reader of a connection that has been idle for some
// time: it drops memory that tls.Conn would keep.
func (c *Conn) Compact() {
	c.in.shrink()
	if c.tls != nil {
		dropTLSBuffers(c.tls)
	}
}

// Discard reads once and forgets it, for a stream that is over on our side. Its
// errors are Next's.
func (c *Conn) Discard(ctx context.Context) error {
	c.in.drop()
	return c.fill(ctx)
}

// Header is the peer's header of the current stream, after stanza.Opened.
func (c *Conn) Header() *stanza.Header { return c.scan.Header() }

// SetLimits changes the limits for what follows.
func (c *Conn) SetLimits(l stanza.Limits) { c.scan.SetLimits(l) }

// Restart expects a new stream header (RFC 6120 section 4.3.3, Restarts). What
// the peer sent behind the element that caused the restart is kept.
func (c *Conn) Restart() { c.scan.Reset() }

// Heard is when something was last read.
func (c *Conn) Heard() time.Time { return time.Unix(c.heard.Load(), 0) }

// RemoteAddr is the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.sock.RemoteAddr() }

// SetDeadline bounds reading and writing until the next call.
func (c *Conn) SetDeadline(t time.Time) error { return c.sock.SetDeadline(t) }

// SetWriteDeadline bounds writing until the next call.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.sock.SetWriteDeadline(t) }
