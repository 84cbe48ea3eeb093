package presence

import (
	"context"
	"sync"

	"parley/router"
	"parley/stanza"
)

// maxSeen is of how many resources at other domains an account's sessions may
// see the presence. What is above it is not withdrawn when its server is gone.
const maxSeen = 5000

// seen is whose presence from other domains an account's sessions see: the
// resource, and the address of ours that it was sent to.
type seen struct {
	mu sync.Mutex
	of map[sight]bool // true: its server may have forgotten to take it back
}

// sight is presence that was seen.
type sight struct{ from, to stanza.JID }

func newSeen(r *router.Router) *router.Slot[*seen] {
	return router.NewSlot(r, func(context.Context, *router.Account) (*seen, error) {
		return &seen{of: map[sight]bool{}}, nil
	})
}

// note remembers presence from another domain that goes to a session of ours.
// An answer that no resource is there is about all of them (RFC 6121 section
// 4.3.2, Server Processing of Inbound Presence Probe, step 3): those that were
// seen have gone without a word.
func (m *Presence) note(ctx context.Context, p *router.Packet) error {
	typ := p.Stanza.Type
	if p.Account == nil || typ != available && typ != unavailable {
		return nil
	}
	s, err := m.seen.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	switch {
	case typ == available && len(p.Targets) > 0:
		s.add(sight{p.From, p.To})
	case typ == unavailable && p.From.IsFull():
		s.take(func(g sight, _ bool) bool { return g.from == p.From })
	case typ == unavailable:
		m.withdraw(ctx, s.take(func(g sight, _ bool) bool { return g.from.Bare() == p.From }))
	}
	return nil
}

func (s *seen) add(g sight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.of[g]; !ok {
		if len(s.of) >= maxSeen {
			return
		}
		g = sight{g.from.Clone(), g.to.Clone()}
	}
	s.of[g] = false
}

// take takes out what which says.
func (s *seen) take(which func(g sight, doubtful bool) bool) (list []sight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for g, doubtful := range s.of {
		if which(g, doubtful) {
			delete(s.of, g)
			list = append(list, g)
		}
	}
	return list
}

// doubt marks what comes from a domain, and lists the bare addresses.
func (s *seen) doubt(domain string) map[stanza.JID]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := map[stanza.JID]bool{}
	for g := range s.of {
		if g.from.Domain() == domain {
			s.of[g] = true
			list[g.from.Bare()] = true
		}
	}
	return list
}

// forgetSeen forgets everything when no session is left to see it.
func (m *Presence) forgetSeen(a *router.Account) {
	if s, ok := m.seen.Peek(a); ok && !isAvailable(a) {
		s.take(func(sight, bool) bool { return true })
	}
}

// withdraw tells those who saw presence that it is over.
func (m *Presence) withdraw(ctx context.Context, list []sight) {
	for _, g := range list {
		m.router.RouteAs(ctx, nil, gone(), g.from, g.to)
	}
}
