package stream

import (
	"context"
	"net"
	"testing"

	"parley/stanza"
)

// TestIdleHoldsNothing: a parked connection without input holds no buffer and
// no stanza.
func TestIdleHoldsNothing(t *testing.T) {
	eachWay(t, Options{}, func(t *testing.T, c *Conn, client net.Conn) {
		if !c.Park() {
			return // waits in Read, with its buffer
		}
		sock := c.sock.(*parked)
		src := &source{}
		c.SetSource(src)
		send(t, client, open+message)
		wantToken(t, c, stanza.Opened)
		st := wantToken(t, c, stanza.Found)
		if st != src.st {
			t.Fatal("the stanza is not the source's")
		}
		for {
			if _, _, err := c.Next(context.Background()); err == ErrIdle {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if c.in.b != nil || c.next != nil || sock.buf != nil || !src.parked {
			t.Fatalf("holds %d bytes, %v, the socket's: %t, source parked: %t",
				len(c.in.b), c.next, sock.buf != nil, src.parked)
		}
		c.Compact()
		send(t, client, message)
		wantToken(t, c, stanza.Found)
		client.Close()
		for err := ErrIdle; err == ErrIdle; {
			if _, _, err = c.Next(context.Background()); err == ErrIdle && c.Wait() != nil {
				break
			}
		}
		if c.in.b != nil || sock.buf != nil {
			t.Errorf("holds %d bytes at the end, the socket's: %t", len(c.in.b), sock.buf != nil)
		}
	})
}

type source struct {
	st     *stanza.Stanza
	parked bool
}

func (s *source) Incoming() *stanza.Stanza { s.st = new(stanza.Stanza); return s.st }
func (s *source) Waiting()                 {}
func (s *source) Park()                    { s.parked = true }
