package presence

import (
	"context"

	"parley/router"
	"parley/stanza"
)

// Announce implements router.Presences: it sends the presence of each available
// resource to those of the address who are subscribed.
func (m *Presence) Announce(ctx context.Context, a *router.Account, to stanza.JID) {
	for _, jid := range m.subscribers(ctx, a, to) {
		m.showAll(ctx, a, jid)
	}
}

// Withdraw implements router.Presences: it tells those of the address who
// receive the account's presence, by subscription or directed, that its
// resources are unavailable. The account's own rules do not hold it back.
func (m *Presence) Withdraw(ctx context.Context, a *router.Account, to stanza.JID) {
	st := gone()
	list := m.subscribers(ctx, a, to)
	for _, s := range a.Sessions() {
		if s.Presence() != nil {
			for _, jid := range list {
				m.router.RouteAs(ctx, nil, st, s.JID, jid)
			}
		}
		m.WithdrawDirected(ctx, s, func(jid stanza.JID) bool {
			// itself, its resources, or a domain's addresses
			return jid == to || jid.Bare() == to || jid.Host() == to
		})
	}
}

// WithdrawDirected implements router.Presences.
func (m *Presence) WithdrawDirected(ctx context.Context, s *router.Session,
	hidden func(to stanza.JID) bool) {
	for _, jid := range m.directedOf(s).take(hidden) {
		m.router.RouteAs(ctx, nil, gone(), s.JID, jid)
	}
}

// subscribers are the addresses to write to: the address itself if it is
// subscribed, or all subscribers at it if it is a domain.
func (m *Presence) subscribers(ctx context.Context, a *router.Account, to stanza.JID) []stanza.JID {
	all, err := m.roster.Contacts(ctx, a)
	if err != nil {
		m.router.Log.Error("presence not sent", "from", a.JID, "to", to, "err", err)
		return nil
	}
	if !to.IsHost() {
		if c, _ := all.Find(to.Bare()); c.From {
			return []stanza.JID{to}
		}
		return nil
	}
	var list []stanza.JID
	for c := range all.All() {
		if c.From && c.JID.Host() == to {
			list = append(list, c.JID)
		}
	}
	return list
}
