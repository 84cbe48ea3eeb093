package stream

import (
	"bytes"
	"io"
	"net"
	"testing"
)

// TestTryWrite: what a peer that does not read cannot take is kept, is written
// by Flush, and stays in order with what is written before and after.
func TestTryWrite(t *testing.T) {
	eachWay(t, Options{}, func(t *testing.T, c *Conn, client net.Conn) {
		piece := bytes.Repeat([]byte("0123456789abcde\n"), writeSize/16)
		sent := 0
		try := func(b []byte) bool {
			t.Helper()
			done, err := c.TryWrite(b)
			if err != nil {
				t.Fatal(err)
			}
			sent += len(b)
			return done
		}
		if try(piece[:160]) != c.parks {
			t.Error("a connection that parks tries, one that does not leaves it to Flush")
		}
		for c.parks && try(piece) {
			if sent > 1<<30 {
				t.Fatal("a peer that does not read takes everything")
			}
		}
		done := make(chan error)
		go func() {
			err := c.Flush()
			if err == nil {
				err = c.Write(piece)
			}
			done <- err
		}()
		got := make([]byte, sent+len(piece))
		if _, err := io.ReadFull(client, got); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		for len(got) > 0 {
			if !bytes.HasPrefix(got, piece[:16]) {
				t.Fatalf("%d bytes before the end there is %q", len(got), got[:16])
			}
			got = got[16:]
		}
	})
}

// TestTryWriteLarge: more than one piece is not for somebody else's goroutine.
func TestTryWriteLarge(t *testing.T) {
	eachWay(t, Options{}, func(t *testing.T, c *Conn, client net.Conn) {
		b := bytes.Repeat([]byte("x"), writeSize+1)
		if done, err := c.TryWrite(b); done || err != nil {
			t.Fatal(done, err)
		}
		go c.Flush()
		if _, err := io.ReadFull(client, make([]byte, len(b))); err != nil {
			t.Error(err)
		}
	})
}

// TestTryWriteClosed: an error is told at once.
func TestTryWriteClosed(t *testing.T) {
	eachWay(t, Options{}, func(t *testing.T, c *Conn, _ net.Conn) {
		c.Close()
		if done, err := c.TryWrite([]byte("x")); c.parks && (!done || err == nil) {
			t.Error(done, err)
		}
		if err := c.Flush(); !c.parks && err == nil {
			t.Error("no error")
		}
	})
}
