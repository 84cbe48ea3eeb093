package presence

import (
	"context"
	"sync"

	"parley/roster"
	"parley/router"
	"parley/stanza"
)

// Presence is the module. One serves all hosts of a router.
type Presence struct {
	router *router.Router
	roster *roster.Roster

	directed sync.Map // *router.Session → *directed
	seen     *router.Slot[*seen]
	watchers watchers
	doubts   doubts
	caps     capsCache
}

var (
	_ router.Module    = (*Presence)(nil)
	_ router.Presences = (*Presence)(nil)
)

// New makes the module for a router.
func New(r *router.Router, ro *roster.Roster) *Presence {
	return &Presence{router: r, roster: ro, seen: newSeen(r)}
}

// Register states what the module does.
func (m *Presence) Register(h *router.Host) {
	h.Presences = m
	h.Knows = m.knows
	h.On(router.Refuse, router.OfPresence, "presence", m.refuse)
	h.On(router.Deliver, router.OfPresence, "presence", m.deliver)
	h.OnUnbind(m.unbound)
	h.OnPark("presence", m.save, m.restore)
	h.OnResume(m.resumed)
	h.OnAway(func(ctx context.Context, domain string, gone bool) { m.away(ctx, h, domain, gone) })
}

// The types of presence that are not about subscriptions (RFC 6121 section
// 4.7.1, Type Attribute).
const (
	available   = ""
	unavailable = "unavailable"
	probe       = "probe"
)

// refuse checks what a client sends.
func (m *Presence) refuse(_ context.Context, p *router.Packet) error {
	if p.Side != router.Sending || p.Origin != router.Local {
		return nil
	}
	if p.Kind != router.Nowhere {
		return m.room(p)
	}
	switch p.Stanza.Type {
	case available:
		_, err := priority(p.Stanza)
		return err
	case unavailable:
		return nil
	}
	// All other types are for somebody (RFC 6121 section 4.7.1, Type Attribute).
	return stanza.BadRequest
}

// deliver does the sender's part of broadcast and directed presence, and
// answers probes for the receiver.
func (m *Presence) deliver(ctx context.Context, p *router.Packet) error {
	switch {
	case p.Side == router.Receiving && p.Stanza.Type == probe:
		if err := m.probed(ctx, p); err != nil {
			return err
		}
		return router.Handled
	case p.Side == router.Receiving && p.Origin == router.Remote:
		return m.note(ctx, p)
	case p.Side == router.Receiving || p.Origin != router.Local:
		return nil
	case p.Kind == router.Nowhere:
		return m.broadcast(ctx, p)
	}
	return m.remember(ctx, p)
}

// isLocal says whether an address may be an account of ours, whose presence
// and roster are in this process.
func (m *Presence) isLocal(jid stanza.JID) bool {
	h := m.router.Host(jid.Domain())
	return h != nil && h.Accounts && jid.Local() != ""
}

// listening is the account of an address of ours, if one of its resources is
// available. Accounts that are not in memory have none, so they are not loaded.
func (m *Presence) listening(bare stanza.JID) *router.Account {
	a := m.router.Online(bare)
	if a == nil || !isAvailable(a) {
		return nil
	}
	return a
}

// isAvailable says whether an account has an available resource.
func isAvailable(a *router.Account) bool {
	for _, s := range a.Sessions() {
		if s.Presence() != nil {
			return true
		}
	}
	return false
}

// current sends a resource's presence, and says whether there is any. It looks
// again behind each send: what the resource itself broadcasts in between is
// newer than what was sent here, and must be the last that anybody hears.
func current(s *router.Session, send func(st *stanza.Stanza)) bool {
	var sent *router.Presence
	for {
		now := s.Presence()
		if s.Account.Session(s.JID.Resource()) != s {
			now = nil // it has ended
		}
		switch {
		case now == sent:
			return sent != nil
		case now == nil:
			send(gone())
		default:
			send(now.Stanza)
		}
		sent = now
	}
}

// showAll sends the presence of an account's available resources to somebody.
func (m *Presence) showAll(ctx context.Context, a *router.Account, to stanza.JID) {
	for _, s := range a.Sessions() {
		current(s, func(st *stanza.Stanza) { m.router.RouteFrom(ctx, s, st, to) })
	}
}
