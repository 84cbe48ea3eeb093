package router

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"parley/store"
)

// TestLate: a packet whose row is late goes on, and so do the messages behind
// it; what its sender is answered waits, and has the row hurried.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written []func()
		var hurried atomic.Int32
		w := newWorld(t, store.Options{}, module(func(h *Host) {
			h.On(Record, OfMessage, "late", func(_ context.Context, p *Packet) error {
				if p.Side == Receiving && p.Stanza.ID == "late" {
					written = append(written, p.Late(func() { hurried.Add(1) }))
				}
				return nil
			})
		}))
		romeo, juliet := w.login("romeo@a.lit/x", "0"), w.login("juliet@a.lit/y", "0")
		for range 2 {
			romeo.send("<message to='juliet@a.lit/y' id='late'><body>1</body></message>")
		}
		romeo.send("<message to='juliet@a.lit/y' id='next'><body>2</body></message>")
		if got := juliet.take(); strings.Count(got, "<body>") != 3 {
			t.Errorf("juliet got %s", got)
		}
		if n := hurried.Load(); n != 0 {
			t.Errorf("hurried %d times for messages", n)
		}
		romeo.send("<iq type='get' id='q' to='a.lit'><ping xmlns='urn:xmpp:ping'/></iq>")
		written[0]()
		synctest.Wait()
		romeo.gets("")
		if hurried.Load() == 0 {
			t.Error("not hurried")
		}
		ended := make(chan struct{})
		go func() { romeo.flush(); close(ended) }()
		synctest.Wait()
		select {
		case <-ended:
			t.Error("flushed before all was written")
		default:
		}
		written[1]()
		<-ended
		if got := romeo.take(); !strings.Contains(got, "id='q'") {
			t.Errorf("romeo got %s", got)
		}

		// Nothing is behind it but the end of the stream.
		romeo.send("<message to='juliet@a.lit/y' id='late'><body>1</body></message>")
		hurried.Store(0)
		ended = make(chan struct{})
		go func() { romeo.flush(); close(ended) }()
		synctest.Wait()
		if hurried.Load() == 0 {
			t.Error("not hurried by the end")
		}
		written[2]()
		<-ended
	})
}
