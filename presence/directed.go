package presence

import (
	"context"
	"maps"
	"slices"
	"sync"

	"parley/router"
	"parley/stanza"
)

// maxDirected is to how many addresses a resource may have sent directed
// presence at the same time: rooms, mostly.
const maxDirected = 1000

// directed are the addresses that a session has sent directed presence to and
// that no broadcast will tell when it goes (RFC 6121 section 4.6.3, Server
// Processing of Outbound Directed Presence, cases 2 and 3).
type directed struct {
	mu sync.Mutex
	to map[stanza.JID]struct{}
}

// directedOf is the session's set, nil if it has sent none.
func (m *Presence) directedOf(s *router.Session) *directed {
	if d, ok := m.directed.Load(s); ok {
		return d.(*directed)
	}
	return nil
}

// has says whether directed presence went to the address: to it itself, or to
// a resource of the bare address that asks.
func (d *directed) has(jid stanza.JID) bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.to[jid]; ok || jid.IsFull() {
		return ok
	}
	for to := range d.to {
		if to.Bare() == jid {
			return true
		}
	}
	return false
}

// room refuses directed presence that could not be remembered, and so would
// never be withdrawn.
func (m *Presence) room(p *router.Packet) error {
	d := m.directedOf(p.Sender)
	if d == nil || p.Stanza.Type != available {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.to[p.To]; !ok && len(d.to) >= maxDirected {
		return stanza.ResourceConstraint.WithText("Directed presence was sent to too many.")
	}
	return nil
}

// remember notes whom to tell when the resource goes. A contact who gets the
// resource's broadcasts need not be noted (RFC 6121 section 4.6.3, case 1).
func (m *Presence) remember(ctx context.Context, p *router.Packet) error {
	switch {
	case p.Stanza.Type == unavailable:
		if d := m.directedOf(p.Sender); d != nil {
			d.forget(p.To)
		}
		return nil
	case p.Stanza.Type != available || p.Kind == router.ToNobody:
		return nil
	}
	if p.Sender.Presence() != nil {
		if told, err := m.entitled(ctx, p.Account, p.To); err != nil || told {
			return err
		}
	}
	d, _ := m.directed.LoadOrStore(p.Sender, &directed{to: map[stanza.JID]struct{}{}})
	d.(*directed).add(p.To.Clone())
	return nil
}

func (d *directed) add(jid stanza.JID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.to[jid] = struct{}{}
}

// forget takes an address out; it is false if it was not there.
func (d *directed) forget(jid stanza.JID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.to[jid]
	delete(d.to, jid)
	return ok
}

// take takes addresses out of the set. It asks about them without the lock.
func (d *directed) take(which func(to stanza.JID) bool) (list []stanza.JID) {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	all := slices.Collect(maps.Keys(d.to))
	d.mu.Unlock()
	for _, jid := range all {
		if which(jid) && d.forget(jid) {
			list = append(list, jid)
		}
	}
	return list
}

// entitled says whether somebody receives the account's presence: by a
// subscription, or because it is their own (RFC 6121 section 4.2.2).
func (m *Presence) entitled(ctx context.Context, a *router.Account, jid stanza.JID) (bool, error) {
	if jid.Bare() == a.JID {
		return true, nil
	}
	_, from, err := m.roster.Subscribed(ctx, a, jid.Bare())
	return from, err
}

// knows says whether somebody is entitled to know that a session is there: by a
// subscription, or because the session has told them.
func (m *Presence) knows(ctx context.Context, s *router.Session, jid stanza.JID) bool {
	entitled, err := m.entitled(ctx, s.Account, jid)
	return err == nil && entitled || m.directedOf(s).has(jid.Bare())
}
