package memconn

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestBuffered(t *testing.T) {
	a, b := Pipe()
	if n, err := a.Write([]byte("abc")); n != 3 || err != nil {
		t.Fatalf("Write: %d %v", n, err)
	}
	buf := make([]byte, 2)
	if n, err := b.Read(buf); n != 2 || err != nil || string(buf) != "ab" {
		t.Fatalf("Read: %d %v %q", n, err, buf)
	}
	if err := a.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(b); err != nil || string(all) != "c" {
		t.Fatalf("ReadAll: %q %v", all, err)
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("Write after CloseWrite: %v", err)
	}
	if _, err := b.Write([]byte("x")); err != nil {
		t.Fatalf("the other direction is closed too: %v", err)
	}
}

func TestClose(t *testing.T) {
	a, b := Pipe()
	if _, err := a.Write([]byte("last")); err != nil {
		t.Fatal(err)
	}
	a.Close()
	if all, err := io.ReadAll(b); err != nil || string(all) != "last" {
		t.Fatalf("ReadAll: %q %v", all, err)
	}
	if _, err := b.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("Write to a closed end: %v", err)
	}
	if _, err := a.Read(make([]byte, 1)); err == nil {
		t.Fatal("Read from a closed end")
	}
}

func TestWriteWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		written := false
		go func() {
			a.Write(make([]byte, Size+1))
			written = true
		}()
		synctest.Wait()
		if written {
			t.Fatal("more than Size bytes fit")
		}
		if _, err := io.ReadFull(b, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !written {
			t.Fatal("the writer still waits")
		}
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := Pipe()
		start := time.Now()
		a.SetReadDeadline(start.Add(time.Second))
		a.SetWriteDeadline(start.Add(time.Minute))
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("Read: %v", err)
		}
		if d := time.Since(start); d != time.Second {
			t.Fatalf("Read waited %v", d)
		}
		if _, err := a.Write(make([]byte, Size+1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("Write: %v", err)
		}
		if d := time.Since(start); d != time.Minute {
			t.Fatalf("Write waited %v", d)
		}
		// A deadline that is moved away lets reading go on.
		a.SetReadDeadline(time.Now().Add(time.Second))
		a.SetReadDeadline(time.Time{})
		time.Sleep(time.Hour)
		a.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("Read: %v", err)
		}
	})
}
