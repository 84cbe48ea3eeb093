package muc

import (
	"context"

	"parley/router"
	"parley/stanza"
)

// exit leaves the room (XEP-0045 section 7.14, Exiting a Room). The lock is held.
func (r *Room) exit(ctx context.Context, p *router.Packet) error {
	r.unhold(p.From)
	s := r.seatOf(p.From)
	if s == nil {
		return nil
	}
	r.unseat(ctx, s, p.Stanza, note{})
	return nil
}

// unseat takes a client's seat away and tells everybody: base is the presence by
// which it leaves, nil if it is removed; n says why. If its user is inside with
// another client, only this one is told that it has left, and the others may see
// another presence.
func (r *Room) unseat(ctx context.Context, s *seat, base *stanza.Stanza, n note) {
	o := s.occupant
	if len(r.seats) == 1 && r.locked() {
		// XEP-0045 section 10.1.3, Creating a Reserved Room: the room goes with its
		// creator
		n.destroy = "<destroy/>"
	}
	gone := r.showGone(s, base, n)
	main := o.main() == s
	last := r.drop(s)
	self := []viewer{{jid: s.jid, user: o}}
	rest := r.broadcastTo(o, r.viewers())
	if last {
		r.say(ctx, func(ctx context.Context) {
			gone.to(ctx, r, self)
			gone.to(ctx, r, rest)
		})
		r.emptied(ctx)
		return
	}
	var now *shown
	if main {
		now = r.show(o.main(), note{})
	}
	r.say(ctx, func(ctx context.Context) {
		gone.to(ctx, r, self)
		if now != nil {
			now.to(ctx, r, rest)
		}
	})
}

// emptied is called when the last occupant may have left: a room that is not
// persistent ends, and so does one that nobody ever configured or spoke in, such
// as one whose name was mistyped.
func (r *Room) emptied(ctx context.Context) {
	if len(r.order) > 0 || r.config.Persistent && !r.blank() && !r.locked() {
		return
	}
	r.end(ctx, nil, nil)
}

// blank says that nothing has happened in the room yet.
func (r *Room) blank() bool {
	return !r.config.Settled && r.subject == nil && len(r.recent) == 0 && len(r.users) <= 1
}

// bounced removes a client that a stanza of the room did not reach (XEP-0045
// section 18.1.2, Ghost Users; section 11.1, Service removes user because of error
// response).
func (m *Service) bounced(ctx context.Context, p *router.Packet) {
	e := stanza.ParseError(p.Stanza)
	if e == nil || !unreachable[e.Condition] {
		return
	}
	_ = m.with(ctx, p.To, false, func(r *Room) error {
		if s := r.seatOf(p.From); s != nil {
			r.unseat(ctx, s, nil, note{codes: []int{333}, reason: "Error: " + e.Condition})
		}
		return nil
	}, nil)
}

// unreachable are the conditions that say that there is nobody at the address;
// never changed.
var unreachable = map[string]bool{
	"gone": true, "internal-server-error": true, "item-not-found": true, "jid-malformed": true,
	"recipient-unavailable": true, "redirect": true, "remote-server-not-found": true,
	"remote-server-timeout": true, "service-unavailable": true,
}
