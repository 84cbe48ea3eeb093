package router

import (
	"context"
	"math"
	"slices"

	"parley/stanza"
)

// Spread sends what goes to many: each stream is written once, in Write, with all
// that has come for it until then. Starting a writer for each would cost more
// than all the rest of the way. One goroutine at a time uses it.
type Spread struct {
	router *Router
	kept   deferred
	list   []Writer // Write's
	room   []Packet // for the next ones: one allocation for many
	to     *Receiver
	last   *stanza.Stanza
	bytes  int // of the texts since the last Write
	begun  bool
}

// Receiver is somebody to whom much is sent. A spread remembers in it where that
// is; two spreads must not use it at the same time.
type Receiver struct {
	JID stanza.JID

	recent recent
}

// atOnce is for how many one goroutine writes; where there are more, the
// processors share.
const atOnce = 64

// NewSpread makes an empty spread.
func (r *Router) NewSpread() *Spread {
	return &Spread{router: r, kept: deferred{most: math.MaxInt}}
}

// RouteTo is Router.RouteTo. Who sends a text to several sends it to one behind
// the other.
func (s *Spread) RouteTo(ctx context.Context, st *stanza.Stanza, to *Receiver) {
	if st != s.last {
		if s.bytes >= maxAtWork {
			s.Write() // nobody's queue is to run full because others were not written to
		}
		s.last = st
		s.bytes += len(st.Raw)
	}
	if !s.begun {
		s.kept.begin()
		s.begun = true
	}
	if len(s.room) == 0 {
		s.room = make([]Packet, 16)
	}
	p := &s.room[0]
	s.room = s.room[1:]
	p.Stanza, p.Origin, p.From, p.To, p.spread = st, Server, st.From, to.JID, s
	p.Edits.Set("to", to.JID.String())
	s.to = to
	s.router.route(ctx, p)
}

// Write writes to those who have got something since the last Write.
func (s *Spread) Write() {
	s.begun, s.bytes, s.last = false, 0, nil
	s.list = s.kept.take(s.list[:0])
	list := s.list
	for len(list) > atOnce {
		go writeAll(slices.Clone(list[:atOnce]))
		list = list[atOnce:]
	}
	writeAll(list)
	clear(s.list)
}

func writeAll(list []Writer) {
	for _, w := range list {
		w.WriteNow()
	}
}
