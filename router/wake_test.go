package router

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/stanza"
	"parley/store"
)

// TestDefer: while a reader is at work, those whom its messages reach are not
// woken but handed to it; a stream is told once, and after Deferred as before.
func TestDefer(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	juliet.s.Defer()
	juliet.send("<message to='romeo@a.lit/orchard' id='1'/>")
	juliet.send("<message to='romeo@a.lit/orchard' id='2'/>")
	if romeo.wakes > 0 {
		t.Error("woken while the reader is at work")
	}
	if list := juliet.s.Deferred(nil); len(list) != 1 || list[0] != Stream(romeo) {
		t.Errorf("deferred: %v", list)
	}
	romeo.gets("<message to='romeo@a.lit/orchard' id='1' from='juliet@a.lit/balcony'/>" +
		"<message to='romeo@a.lit/orchard' id='2' from='juliet@a.lit/balcony'/>")
	juliet.send("<message to='romeo@a.lit/orchard' id='3'/>")
	if list := juliet.s.Deferred(nil); romeo.wakes != 1 || len(list) > 0 {
		t.Errorf("%d wakes, deferred: %v", romeo.wakes, list)
	}
}

// TestDeferOwn: what a session is sent while its reader is at work is its own
// reader's to write.
func TestDeferOwn(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	juliet.s.Defer()
	juliet.s.Push(stanza.MustParse("<message/>"))
	if list := juliet.s.Deferred(nil); juliet.wakes > 0 || !slices.Contains(list, Stream(juliet)) {
		t.Errorf("%d wakes, deferred: %v", juliet.wakes, list)
	}
}

// TestDeferFew: a reader writes for a few, others are woken.
func TestDeferFew(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	juliet.s.Defer()
	woken := 0
	for i := range maxDeferred + 3 {
		to := fmt.Sprintf("romeo@a.lit/%d", i)
		romeo := w.login(to, "0")
		juliet.send("<message to='" + to + "'/>")
		woken += romeo.wakes
	}
	if list := juliet.s.Deferred(nil); len(list) != maxDeferred || woken != 3 {
		t.Errorf("%d deferred, %d woken", len(list), woken)
	}
}

// TestDeferFull: a reader that has to wait inside the router has those woken
// whom it kept.
func TestDeferFull(t *testing.T) {
	g := newGate()
	w := newWorldWith(t, "[limits]\nline = 65536\n", store.Options{BeforeCommit: g.wait}, module(keep))
	juliet := w.login("juliet@a.lit/balcony", "0")
	w.login("romeo@a.lit/orchard", "0")
	juliet.s.Defer()
	juliet.s.Push(stanza.MustParse("<message/>"))
	release := g.hold()
	st := stanza.MustParse("<message to='romeo@a.lit'><body>" + strings.Repeat("x", 70000) + "</body></message>")
	done := make(chan error)
	go func() {
		for range 2 {
			if err := juliet.s.line.Put(t.Context(), st); err != nil {
				done <- err
			}
		}
		close(done)
	}()
	<-juliet.woken // the reader waits for the commit of the first
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
