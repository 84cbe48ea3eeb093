// Package memconn makes connections inside the process, for tests that run in a
// testing/synctest bubble. Unlike net.Pipe they buffer like TCP: a write
// returns when there is room, not when it has been read.
package memconn

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Size is how many bytes wait in one direction before a write has to wait.
const Size = 256 << 10

// Pipe returns the two ends of a connection. CloseWrite is there as in
// net.TCPConn.
func Pipe() (a, b *Conn) {
	ab, ba := newHalf(), newHalf()
	return &Conn{in: ba, out: ab}, &Conn{in: ab, out: ba}
}

// Conn is one end.
type Conn struct {
	in, out *half
}

var _ net.Conn = (*Conn)(nil)

// Read implements net.Conn.
func (c *Conn) Read(b []byte) (int, error) { return c.in.read(b) }

// Write implements net.Conn.
func (c *Conn) Write(b []byte) (int, error) { return c.out.write(b) }

// CloseWrite lets the other end read what was written and then io.EOF.
func (c *Conn) CloseWrite() error {
	c.out.change(func() { c.out.ended = true })
	return nil
}

// Close closes both directions at this end. The other end still reads what was
// written.
func (c *Conn) Close() error {
	c.out.change(func() { c.out.ended = true })
	c.in.change(func() { c.in.closed = true })
	c.out.change(func() { c.out.closed = true })
	return nil
}

// LocalAddr implements net.Conn.
func (*Conn) LocalAddr() net.Addr { return addr{} }

// RemoteAddr implements net.Conn.
func (*Conn) RemoteAddr() net.Addr { return addr{} }

type addr struct{}

func (addr) Network() string { return "memory" }
func (addr) String() string  { return "memory" }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	c.in.reader.set(c.in, t)
	c.out.writer.set(c.out, t)
	return nil
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.reader.set(c.in, t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.writer.set(c.out, t)
	return nil
}

// half is one direction.
type half struct {
	mu     sync.Mutex
	moved  sync.Cond // something has changed
	b      []byte
	ended  bool // the writer writes no more
	closed bool // an end is closed: the reader's reads or the writer's writes fail

	reader, writer deadline
}

func newHalf() *half {
	h := &half{}
	h.moved.L = &h.mu
	return h
}

// change makes a change and lets who waits look again.
func (h *half) change(fn func()) {
	h.mu.Lock()
	fn()
	h.moved.Broadcast()
	h.mu.Unlock()
}

func (h *half) read(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.reader.passed:
			return 0, os.ErrDeadlineExceeded
		case len(h.b) > 0:
			n := copy(b, h.b)
			h.b = h.b[n:]
			h.moved.Broadcast()
			return n, nil
		case h.ended:
			return 0, io.EOF
		case h.closed:
			return 0, net.ErrClosed
		}
		h.moved.Wait()
	}
}

func (h *half) write(b []byte) (done int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for done < len(b) {
		room := Size - len(h.b)
		switch {
		case h.writer.passed:
			return done, os.ErrDeadlineExceeded
		case h.ended || h.closed:
			return done, net.ErrClosed
		case room > 0:
			n := min(room, len(b)-done)
			h.b = append(h.b, b[done:done+n]...)
			done += n
			h.moved.Broadcast()
		default:
			h.moved.Wait()
		}
	}
	return done, nil
}

// deadline of one end of a half; the half's lock guards it.
type deadline struct {
	timer  *time.Timer
	passed bool
	epoch  int // counts calls of set, so that a late timer of an older one does nothing
}

func (d *deadline) set(h *half, t time.Time) {
	h.change(func() {
		if d.timer != nil {
			d.timer.Stop()
			d.timer = nil
		}
		d.epoch++
		d.passed = !t.IsZero() && !t.After(time.Now())
		if t.IsZero() || d.passed {
			return
		}
		epoch := d.epoch
		d.timer = time.AfterFunc(time.Until(t), func() {
			h.change(func() { d.passed = d.passed || d.epoch == epoch })
		})
	})
}
