package router

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/stanza"
	"parley/store"
)

// TestPark: a session that waits for its client does so in the next process too.
func TestPark(t *testing.T) {
	ctx := context.Background()
	var lost []string
	var resumed []bool
	kept := func(h *Host) {
		h.OnResume(func(_ context.Context, _ *Session, parked bool) { resumed = append(resumed, parked) })
		h.OnPark("test", func(s *Session) string { return "of " + s.JID.String() },
			func(_ context.Context, s *Session, saved string) error {
				if saved != "of "+s.JID.String() {
					return fmt.Errorf("%s has %q", s.JID, saved)
				}
				return nil
			})
	}
	w := newWorld(t, store.Options{}, rows(&lost), module(kept))
	romeo, juliet := w.login("romeo@a.lit/x", "5"), w.login("juliet@a.lit/y", "0")
	other := w.login("romeo@a.lit/other", "0")
	id := romeo.managed(true)
	list := "list"
	romeo.s.ActiveList.Store(&list)
	romeo.s.Interested.Store(true)
	romeo.s.Carbons.Store(true)
	romeo.send("<message to='juliet@a.lit/y' id='sent'/>")
	juliet.take()
	for _, n := range []string{"1", "2"} {
		juliet.send(strings.Replace(chat, "romeo@a.lit", "romeo@a.lit/x", 1) + n + "'/>")
	}
	romeo.take()
	romeo.s.Acknowledged(1)
	romeo.detach()
	juliet.send("<iq to='romeo@a.lit/x' type='get' id='3'><q xmlns='urn:q'/></iq>")
	other.end()
	juliet.end()
	if err := w.r.Park(ctx); err != nil {
		t.Fatal(err)
	}
	if romeo.s.Push(stanza.MustParse("<presence/>")) {
		t.Error("taken when it was parked")
	}

	next := *w
	next.r = New(Options{Store: w.db, Config: w.r.Config(), Log: w.r.Log})
	next.h = next.r.AddHost("a.lit", true, rows(&lost), module(kept))
	if err := next.r.Unpark(ctx); err != nil {
		t.Fatal(err)
	}
	if w.logs.String() != "" {
		t.Error(w.logs.String())
	}
	sessions := next.account("romeo@a.lit").Sessions()
	if len(sessions) != 1 {
		t.Fatalf("%d sessions", len(sessions))
	}
	s := sessions[0]
	if p := s.Presence(); p == nil || p.Priority != 5 || !s.Detached() || !s.Interested.Load() ||
		!s.Carbons.Load() || s.Blocklist.Load() || s.ActiveList.Load() == nil || *s.ActiveList.Load() != "list" {
		t.Errorf("%+v", s.Presence())
	}
	back, handled, err := next.resumes("romeo@a.lit", id, 1)
	if err != nil || handled != 1 {
		t.Fatal(handled, err)
	}
	back.detach()
	if back, _, err = next.resumes("romeo@a.lit", id, 1); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(resumed) != "[true false]" {
		t.Errorf("resumed %v", resumed)
	}
	got := back.take()
	if strings.Contains(got, "id='1'") || !strings.Contains(got, "id='2'") || !strings.Contains(got, "id='3'") {
		t.Errorf("got %s", got)
	}
	if sent, ok := s.Acknowledged(2); sent != 3 || !ok {
		t.Errorf("sent %d", sent)
	}
	juliet = next.login("juliet@a.lit/y", "0")
	back.end()
	if got := juliet.take(); !strings.Contains(got, "id='3'") || !strings.Contains(got, "<recipient-unavailable ") {
		t.Errorf("juliet got %s", got)
	}
	if err := next.r.Unpark(ctx); err != nil || len(next.account("romeo@a.lit").Sessions()) != 0 {
		t.Error("there again", err)
	}
}
