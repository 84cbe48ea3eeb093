package router

import (
	"context"
	"testing"
	"time"

	"parley/stanza"
	"parley/store"
)

// TestRecent: whom the last message was for is remembered only as long as it
// is the same account at the same host.
func TestRecent(t *testing.T) {
	seen := 0
	count := module(func(h *Host) {
		h.On(Refuse, OfMessage, "count", func(_ context.Context, p *Packet) error {
			seen++
			return nil
		})
	})
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	nurse := w.login("nurse@a.lit/house", "0")
	for range 2 {
		juliet.send("<message to='romeo@a.lit'>1</message>")
		romeo.gets("<message to='romeo@a.lit' from='juliet@a.lit/balcony'>1</message>")
	}
	juliet.send("<message to='nurse@a.lit/house'/>")
	nurse.gets("<message to='nurse@a.lit/house' from='juliet@a.lit/balcony'/>")

	juliet.send("<message to='romeo@a.lit'>1</message>")
	romeo.take()
	w.r.AddHost("a.lit", true, count)
	juliet.send("<message to='romeo@a.lit'>2</message>")
	if romeo.take() == "" || seen != 1 {
		t.Errorf("the modules of the new host have seen %d messages, want 1", seen)
	}

	if err := w.r.DeleteAccount(t.Context(), romeo.s.Account); err != nil {
		t.Fatal(err)
	}
	juliet.send("<message to='romeo@a.lit'>3</message>")
	if got := juliet.take(); got == "" || romeo.take() != "" {
		t.Errorf("of a message to a deleted account its sender hears %q", got)
	}

	juliet.send("<message to='nurse@a.lit'/>")
	if juliet.s.line.recent.peer != nurse.s.Account {
		t.Error("not remembered")
	}
	juliet.s.Park()
	if juliet.s.line.recent != (recent{}) {
		t.Error("a parked stream holds an account")
	}
}

// TestRecentSweep: an account that is found without being looked up is in use,
// and one without sessions is looked up.
func TestRecentSweep(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	a := romeo.s.Account
	juliet.send("<message to='romeo@a.lit'/>")
	now := w.r.accounts.clock.Add(idle)
	juliet.send("<message to='romeo@a.lit'/>")
	if a.used.Load() != now {
		t.Error("not marked as used")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	romeo.s.End(ctx)
	shard := w.r.accounts.shard("romeo@a.lit")
	shard.sweep(w.r.accounts.clock.Add(idle))
	if w.r.Online(a.JID) != nil {
		t.Fatal("still in memory")
	}
	juliet.send("<message to='romeo@a.lit' type='headline'/>")
	if again := w.r.Online(stanza.MustJID("romeo@a.lit")); again == nil || again == a {
		t.Errorf("the account %p was not loaded again: %p", a, again)
	}
}
