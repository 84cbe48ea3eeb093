package c2s

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/router"
)

// watcher keeps the first message back until it is let go, and notes for each
// how much its sender's reader has handled without writing for others.
type watcher struct {
	let   chan struct{}
	of    func() *client
	notes []int
}

func (m *watcher) Register(h *router.Host) {
	h.On(router.Refuse, router.OfMessage, "watcher", func(_ context.Context, p *router.Packet) error {
		if p.Side == router.Receiving {
			return nil
		}
		<-m.let
		m.notes = append(m.notes, m.of().atWork)
		return nil
	})
}

// TestFlood: who always has something more to send does not keep from those who
// read what waits for them: it is written in between.
func TestFlood(t *testing.T) {
	m := &watcher{let: make(chan struct{})}
	w := newWorld(t, setup{modules: []router.Module{m}})
	m.of = func() *client { return w.client("x") }
	p, q := w.online("romeo", "x"), w.online("juliet", "q")
	var all strings.Builder
	n := 0
	for ; all.Len() < 4*maxAtWork; n++ {
		fmt.Fprintf(&all, "<message to='juliet@a.lit/q' type='headline' id='m%d.'/>", n)
	}
	p.send(all.String())
	close(m.let)
	q.want(fmt.Sprintf("id='m%d.'", n-1))
	for i, done := range m.notes {
		if done > maxAtWork+100 {
			t.Fatalf("the reader had handled %d bytes before message %d", done, i)
		}
	}
	if len(m.notes) != n {
		t.Errorf("%d messages were handled", len(m.notes))
	}
}
