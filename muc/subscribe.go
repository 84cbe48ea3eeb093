package muc

import (
	"context"

	"parley/router"
	"parley/stanza"
)

// otherPresence is presence that neither enters nor leaves (XEP-0045 section
// 17.3, Presence, rules 1 and 2).
func (m *Service) otherPresence(ctx context.Context, p *router.Packet) error {
	switch p.Stanza.Type {
	case "subscribe":
		p.Then(func(ctx context.Context) { m.refuseSubscription(ctx, p) })
	case "probe":
		return m.with(ctx, p.To, false, func(r *Room) error { return r.probe(ctx, p) }, nil)
	}
	return nil
}

// refuseSubscription tells a user that a room has no presence of its own to
// subscribe to, so that the request does not stay open in the roster (RFC 6121
// section 3.2, Canceling a Subscription). Rooms that do not exist say
// the same.
func (m *Service) refuseSubscription(ctx context.Context, p *router.Packet) {
	var b stanza.Builder
	m.host.Router.Route(ctx, b.Start("presence", "", "from", p.To.Bare().String(),
		"to", p.From.Bare().String(), "type", "unsubscribed").End().Stanza())
}

// probe tells who is inside again how an occupant is (XEP-0045 section 17.3,
// Presence, rule 4); others learn nothing. The lock is held.
func (r *Room) probe(ctx context.Context, p *router.Packet) error {
	s, o := r.seatOf(p.From), r.nicked(p.To.Resource())
	if s == nil || o == nil {
		return nil
	}
	sh := r.show(o.main(), note{})
	to := viewer{jid: s.jid, user: s.occupant, sees: r.seesJIDs(s.occupant)}
	r.say(ctx, func(ctx context.Context) { sh.to(ctx, r, []viewer{to}) })
	return nil
}
