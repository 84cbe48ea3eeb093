package presence

import (
	"context"
	"maps"
	"slices"
	"sync"

	"parley/router"
	"parley/stanza"
)

// maxSeen is of how many resources at other domains an account's sessions may
// see the presence. What is above it is not withdrawn when its server is gone.
const maxSeen = 5000

// seen is whose presence from other domains an account's sessions see, by the
// domain.
type seen struct {
	mu sync.Mutex
	n  int
	of map[string]map[sight]bool // true: its server may have forgotten to take it back
}

// sight is presence that was seen: the resource, and the address of ours that
// it was sent to.
type sight struct{ from, to stanza.JID }

func newSeen(r *router.Router) *router.Slot[*seen] {
	return router.NewSlot(r, func(context.Context, *router.Account) (*seen, error) {
		return &seen{of: map[string]map[sight]bool{}}, nil
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
	if typ == unavailable {
		m.caps.forget(p.Account, p.From)
		p.Account.Host.TellCaps(ctx, p.Account, router.Resource{JID: p.From})
	} else if err := m.learnRemote(ctx, p); err != nil {
		return err
	}
	s, err := m.seen.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	domain := p.From.Domain()
	switch {
	case typ == available && len(p.Targets) > 0:
		if s.add(sight{p.From, p.To}) {
			m.watchers.add(s, domain, p.Account.JID)
		}
	case typ == unavailable && p.From.IsFull():
		m.take(p.Account.JID, s, domain, func(g sight, _ bool) bool { return g.from == p.From })
	case typ == unavailable:
		m.withdraw(ctx, m.take(p.Account.JID, s, domain,
			func(g sight, _ bool) bool { return g.from.Bare() == p.From }))
	}
	return nil
}

// add notes what is seen. It is true for the first of a domain.
func (s *seen) add(g sight) (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.of[g.from.Domain()]
	if _, ok := of[g]; !ok {
		if s.n >= maxSeen {
			return false
		}
		g = sight{g.from.Clone(), g.to.Clone()}
		s.n++
	}
	if first = of == nil; first {
		of = map[sight]bool{}
		s.of[g.from.Domain()] = of
	}
	of[g] = false
	return first
}

// take takes out those of a domain that which says.
func (m *Presence) take(account stanza.JID, s *seen, domain string,
	which func(g sight, doubtful bool) bool) (list []sight) {
	s.mu.Lock()
	of := s.of[domain]
	for g, doubtful := range of {
		if which(g, doubtful) {
			delete(of, g)
			s.n--
			list = append(list, g)
		}
	}
	last := of != nil && len(of) == 0
	if last {
		delete(s.of, domain)
	}
	s.mu.Unlock()
	if last {
		m.watchers.remove(s, domain, account)
	}
	return list
}

// sees says whether anything of a domain is seen.
func (s *seen) sees(domain string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[domain] != nil
}

// doubt marks what comes from a domain, and lists the bare addresses.
func (s *seen) doubt(domain string) map[stanza.JID]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := map[stanza.JID]bool{}
	of := s.of[domain]
	for g := range of {
		of[g] = true
		list[g.from.Bare()] = true
	}
	return list
}

// forgetSeen forgets everything when no session is left to see it.
func (m *Presence) forgetSeen(a *router.Account) {
	s, ok := m.seen.Peek(a)
	if !ok || isAvailable(a) {
		return
	}
	s.mu.Lock()
	domains := slices.Collect(maps.Keys(s.of))
	s.mu.Unlock()
	for _, domain := range domains {
		m.take(a.JID, s, domain, func(sight, bool) bool { return true })
	}
}

// withdraw tells those who saw presence that it is over.
func (m *Presence) withdraw(ctx context.Context, list []sight) {
	for _, g := range list {
		if a := m.router.Online(g.to.Bare()); a != nil {
			a.Host.TellCaps(ctx, a, router.Resource{JID: g.from})
		}
		m.router.RouteAs(ctx, nil, gone(), g.from, g.to)
	}
}

// watchers are the accounts that see presence from a domain.
type watchers struct {
	mu sync.Mutex
	of map[string]map[stanza.JID]bool
}

// add and remove look again at what is seen, under the lock: of two that are
// called at the same time the later one is right.
func (w *watchers) add(s *seen, domain string, account stanza.JID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !s.sees(domain) {
		return
	}
	if w.of[domain] == nil {
		if w.of == nil {
			w.of = map[string]map[stanza.JID]bool{}
		}
		w.of[domain] = map[stanza.JID]bool{}
	}
	w.of[domain][account] = true
}

func (w *watchers) remove(s *seen, domain string, account stanza.JID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.sees(domain) {
		return
	}
	delete(w.of[domain], account)
	if len(w.of[domain]) == 0 {
		delete(w.of, domain)
	}
}

// list are the accounts that see presence from a domain.
func (w *watchers) list(domain string) []stanza.JID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.of[domain]))
}
