package router

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"parley/stanza"
	"parley/store"
)

// TestDefer: those whom a reader's messages reach are not woken, but written
// for when it is about to wait: once, however many came.
func TestDefer(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	juliet.s.Defer()
	for range 2 {
		juliet.send("<message to='romeo@a.lit/orchard' id='1'/>")
		juliet.send("<message to='romeo@a.lit/orchard' id='2'/>")
		if romeo.wakes+romeo.writes > 0 {
			t.Fatal("written for while the reader is at work")
		}
		juliet.s.WriteDeferred()
		if romeo.wakes != 0 || romeo.writes != 1 {
			t.Errorf("woken %d times, written %d times", romeo.wakes, romeo.writes)
		}
		romeo.gets("<message to='romeo@a.lit/orchard' id='1' from='juliet@a.lit/balcony'/>" +
			"<message to='romeo@a.lit/orchard' id='2' from='juliet@a.lit/balcony'/>")
		romeo.writes = 0
	}
	juliet.s.WriteDeferred()
	if romeo.writes > 0 {
		t.Error("written for without anything new")
	}
}

// TestDeferNot: who has not said that he will write for others does not.
func TestDeferNot(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	juliet.send("<message to='romeo@a.lit/orchard' id='1'/>")
	if romeo.wakes != 1 || romeo.writes != 0 {
		t.Errorf("woken %d times, written %d times", romeo.wakes, romeo.writes)
	}
}

// TestDeferOwn: what a session is sent while its reader is at work is its own
// reader's to write.
func TestDeferOwn(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	juliet.s.Defer()
	juliet.send("<message to='nobody@a.lit'/>")
	juliet.s.Push(stanza.MustParse("<message/>"))
	if juliet.wakes > 0 {
		t.Error("woken while its reader is at work")
	}
	juliet.s.WriteDeferred()
	if juliet.writes != 1 {
		t.Errorf("written %d times", juliet.writes)
	}
}

// TestDeferFew: a reader writes for a few, others are woken.
func TestDeferFew(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	juliet.s.Defer()
	woken, written := 0, 0
	var all []*client
	for i := range maxDeferred + 3 {
		to := fmt.Sprintf("romeo@a.lit/%d", i)
		all = append(all, w.login(to, "0"))
		juliet.send("<message to='" + to + "'/>")
	}
	juliet.s.WriteDeferred()
	for _, c := range all {
		woken, written = woken+c.wakes, written+c.writes
	}
	if woken != 3 || written != maxDeferred {
		t.Errorf("%d woken, %d written", woken, written)
	}
}

// TestDeferFlood: a reader that never waits writes for others in between, and
// before what may wait for the database.
func TestDeferFlood(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	juliet.s.Defer()
	text := "<message to='romeo@a.lit/orchard'><body>" + strings.Repeat("x", maxAtWork/4) + "</body></message>"
	for i := range 13 {
		romeo.writes = 0
		juliet.send(text)
		if written := romeo.writes > 0; written != (i > 0 && i%4 == 0) {
			t.Errorf("before message %d: written %v", i, written)
		}
		romeo.take()
	}
	romeo.writes = 0
	juliet.send("<iq type='get' id='1'/>")
	if romeo.writes == 0 {
		t.Error("not written before an iq is handled")
	}
}

// TestDeferFull: what comes for a session while its reader waits inside the
// router is not left to the reader.
func TestDeferFull(t *testing.T) {
	g := newGate()
	w := newWorldWith(t, "[limits]\nline = 65536\n", store.Options{BeforeCommit: g.wait}, module(keep))
	juliet := w.login("juliet@a.lit/balcony", "0")
	w.login("romeo@a.lit/orchard", "0")
	juliet.s.Defer()
	release := g.hold()
	st := stanza.MustParse("<message to='romeo@a.lit'><body>" + strings.Repeat("x", 70000) + "</body></message>")
	done := make(chan error, 2)
	go func() {
		done <- juliet.s.line.Put(t.Context(), st)
		done <- juliet.s.line.Put(t.Context(), st)
	}()
	l := &juliet.s.line
	for waits := false; !waits; runtime.Gosched() {
		l.mu.Lock()
		l.deferred.mu.Lock()
		waits = l.room != nil && !l.deferred.on
		l.deferred.mu.Unlock()
		l.mu.Unlock()
	}
	juliet.s.Push(stanza.MustParse("<message/>"))
	<-juliet.woken
	release()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
