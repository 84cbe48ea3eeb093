package stream

import (
	"fmt"
	"time"
)

// writeSize is the largest piece that is written at once: whoever is slow has
// got some of a long queue by the time that Stuck allows.
const writeSize = 64 << 10

// Write sends bytes of the stream, over TLS in as few records as they fit in.
func (c *Conn) Write(b []byte) error {
	defer c.writing.Store(0)
	for len(b) > 0 {
		c.writing.Store(time.Now().Unix())
		n, err := c.rw().Write(b[:min(len(b), writeSize)])
		if err != nil {
			return fmt.Errorf("write stream: %w", err)
		}
		b = b[n:]
	}
	return nil
}

// TryWrite is Write without waiting, for somebody who has other things to do
// than to wait for this peer. If done is false, something is left: Flush.
func (c *Conn) TryWrite(b []byte) (done bool, err error) {
	able := len(b) <= writeSize
	if able {
		able, _ = c.sock.tryWrites(true)
	}
	if !able {
		c.left = b
		return false, nil
	}
	_, err = c.rw().Write(b)
	_, behind := c.sock.tryWrites(false)
	if err != nil {
		return true, fmt.Errorf("write stream: %w", err)
	}
	return !behind, nil
}

// Flush writes what TryWrite has left, and waits until it is written. Nothing
// else is written before. TryWrite's bytes must not change until then.
func (c *Conn) Flush() error {
	defer c.writing.Store(0)
	c.writing.Store(time.Now().Unix())
	if err := c.sock.flush(); err != nil {
		return fmt.Errorf("write stream: %w", err)
	}
	left := c.left
	c.left = nil
	return c.Write(left)
}

// Stuck reports whether a write has been going on since before t: the peer
// does not read (RFC 6120 section 4.6.2, Broken Stream). Asking now and then
// costs less than a deadline for each write.
func (c *Conn) Stuck(t time.Time) bool {
	since := c.writing.Load()
	return since != 0 && since < t.Unix()
}

// CloseWrite says that nothing more will be written, so that what was written
// is not lost to a reset when the connection is closed with input unread (RFC
// 6120 section 4.4, Closing a Stream).
func (c *Conn) CloseWrite() error {
	c.closed.Store(true)
	if c.tls != nil {
		if err := c.tls.CloseWrite(); err != nil {
			return fmt.Errorf("close TLS: %w", err)
		}
	}
	return c.sock.CloseWrite()
}

// Close closes the connection without a word: reading and writing fail. It may
// be called more than once.
func (c *Conn) Close() error {
	c.closed.Store(true)
	return c.sock.Close()
}
