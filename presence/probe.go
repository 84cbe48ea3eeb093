package presence

import (
	"context"
	"time"

	"parley/router"
	"parley/stanza"
)

// probed answers a presence probe (RFC 6121 section 4.3.2, Server Processing of
// Inbound Presence Probe).
func (m *Presence) probed(ctx context.Context, p *router.Packet) error {
	entitled, err := m.entitled(ctx, p.Account, p.From)
	switch {
	case err != nil:
		return err
	case entitled:
		return m.answer(ctx, p)
	case m.answerDirected(ctx, p):
		return nil
	}
	// 1. Who is not subscribed is told so. The bare address says nothing
	// about resources.
	m.router.Route(ctx, unsubscribed(p.Account.JID, p.From.Bare(), p.Stanza.ID))
	return nil
}

// answer sends the prober the last presence of each available resource, of one
// if the probe was for one (step 4), or says that there is none (step 3).
func (m *Presence) answer(ctx context.Context, p *router.Packet) error {
	found := false
	for _, s := range p.Account.Sessions() {
		if p.To.IsFull() && s.JID != p.To {
			continue
		}
		found = current(s, func(st *stanza.Stanza) {
			m.router.RouteFrom(ctx, s, st, p.From)
		}) || found
	}
	if found {
		return nil
	}
	seen, _, err := m.router.Store.LastActivity(ctx, p.Account.ID)
	if err != nil {
		return err
	}
	m.router.RouteAs(ctx, p.Account, absent(p.Account.JID, seen, p.Stanza.ID), p.To, p.From)
	return nil
}

// answerDirected answers a prober who is not subscribed but got directed
// presence: by mere presence, from that resource only (RFC 6121 section 4.6.6,
// Server Processing of Presence Probes).
func (m *Presence) answerDirected(ctx context.Context, p *router.Packet) (found bool) {
	for _, s := range p.Account.Sessions() {
		if p.To.IsFull() && s.JID != p.To || !m.directedOf(s).has(p.From) {
			continue
		}
		m.router.RouteFrom(ctx, s, stanza.MustParse("<presence/>"), p.From)
		found = true
	}
	return found
}

// absent says that no resource is available, and since when if that is known
// (XEP-0203 section 2, Protocol Definition). It has the probe's id (RFC 6121 section
// 4.3.2.1, Handling of the 'id' Attribute).
func absent(account stanza.JID, seen time.Time, id string) *stanza.Stanza {
	var b stanza.Builder
	b.Start("presence", "", "id", id, "type", unavailable)
	if !seen.IsZero() {
		b.Start("delay", "urn:xmpp:delay", "from", account.String(),
			"stamp", seen.UTC().Format(time.RFC3339)).End()
	}
	return b.End().Stanza()
}

// unsubscribed tells somebody on an account's behalf that they have no
// subscription.
func unsubscribed(from, to stanza.JID, id string) *stanza.Stanza {
	var b stanza.Builder
	return b.Start("presence", "", "from", from.String(), "to", to.String(),
		"id", id, "type", "unsubscribed").End().Stanza()
}
