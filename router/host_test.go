package router

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"parley/stanza"
	"parley/store"
)

func TestAnnounced(t *testing.T) {
	w := newWorld(t, store.Options{}, module(func(h *Host) {
		h.Feature(ToHost|ToAccount, "urn:b", "urn:a")
		h.Feature(ToHost, "urn:c", "urn:a")
		h.Identity(ToHost, "server", "im", "Parley")
		h.Identity(ToHost, "pubsub", "pep", "")
		h.Identity(ToAccount, "account", "registered", "")
		h.DiscoForm(ToHost, func() string { return "<x/>" })
		h.StreamFeature("<one/>")
		h.StreamFeature("<two/>")
	}))
	if got := w.h.Features(ToHost); !slices.Equal(got, []string{"urn:a", "urn:b", "urn:c"}) {
		t.Error(got)
	}
	if got := w.h.Features(ToAccount); !slices.Equal(got, []string{"urn:a", "urn:b"}) {
		t.Error(got)
	}
	if got := w.h.Identities(ToHost); !slices.Equal(got,
		[]Identity{{"pubsub", "pep", ""}, {"server", "im", "Parley"}}) {
		t.Error(got)
	}
	if got := w.h.Forms(ToHost); !slices.Equal(got, []string{"<x/>"}) || w.h.Forms(ToAccount) != nil {
		t.Error(got)
	}
	if got := w.h.StreamFeatures(); got != "<one/><two/>" {
		t.Error(got)
	}
	if got := w.r.Hosts(); len(got) != 2 || got[0] != w.h || got[1].Domain != "chat.a.lit" {
		t.Error(got)
	}
	if w.r.Host("b.lit") != nil {
		t.Error("b.lit is not ours")
	}
}

// TestRun: goroutines of modules start with Run, or at once when it runs, and
// Run waits for them.
func TestRun(t *testing.T) {
	started := make(chan string, 2)
	var ended atomic.Int32
	stay := func(name string) func(context.Context) {
		return func(ctx context.Context) {
			started <- name
			<-ctx.Done()
			ended.Add(1)
		}
	}
	r := New(Options{})
	h := r.AddHost("a.lit", true, module(func(h *Host) { h.Go("early", stay("early")) }))
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error)
	select {
	case <-started:
		t.Error("started before Run")
	default:
	}
	go func() { ran <- r.Run(ctx) }()
	if got := <-started; got != "early" {
		t.Error(got)
	}
	h.Go("late", stay("late"))
	if got := <-started; got != "late" {
		t.Error(got)
	}
	cancel()
	if err := <-ran; err != nil || ended.Load() != 2 {
		t.Errorf("%v, %d ended", err, ended.Load())
	}
	if r.ctx.Err() == nil {
		t.Error("handlers may wait for ever")
	}
}

// TestIncoming: a stanza scanned into Incoming is handled without being copied,
// and the next one is another.
func TestIncoming(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	st := juliet.s.Incoming()
	if st != juliet.s.Incoming() {
		t.Error("another one before the first was handled")
	}
	*st = *stanza.MustParse("<message to='romeo@a.lit'/>")
	juliet.s.Handle(t.Context(), st)
	if next := juliet.s.Incoming(); next == st {
		t.Error("a stanza that is on its way is handed out again")
	}
	juliet.s.Park()
	if juliet.s.line.spare != nil {
		t.Error("a parked stream holds a stanza")
	}
	if romeo.take() == "" {
		t.Error("not delivered")
	}
}
