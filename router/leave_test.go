package router

import (
	"context"
	"testing"
	"testing/synctest"

	"parley/stanza"
	"parley/store"
)

// A session that the server closes has left before the client closes its side
// (RFC 6121 section 4.5.2, Server Processing of Outbound Unavailable Presence),
// and leaves once.
func TestLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := 0
		w := newWorld(t, store.Options{}, module(func(h *Host) {
			h.OnUnbind(func(context.Context, *Session) { left++ })
		}))
		romeo := w.login("romeo@a.lit/desk", "0")
		romeo.s.Close(stanza.StreamPolicyViolation)
		synctest.Wait()
		if n := len(w.account("romeo@a.lit").Sessions()); left != 1 || n != 0 {
			t.Errorf("%d left, %d remain while the stream is open", left, n)
		}
		romeo.s.Leave()
		romeo.end()
		synctest.Wait()
		if left != 1 {
			t.Errorf("%d left, 1 expected", left)
		}
	})
}
