package muc

import (
	"context"

	"parley/router"
	"parley/stanza"
)

// private speaks to one occupant (XEP-0045 section 7.5, Sending a Private
// Message). The lock is held. The room keeps nothing of it (XEP-0313 section
// 6.1.2, MUC Archives); the accounts may, as of any message.
func (r *Room) private(ctx context.Context, p *router.Packet) error {
	s := r.seatOf(p.From)
	if s == nil {
		return r.stranger(p)
	}
	if p.Stanza.Type == "groupchat" {
		return stanza.BadRequest
	}
	if s.occupant.role < r.config.PrivateMessages {
		return stanza.Forbidden
	}
	to := r.nicked(p.To.Resource())
	if to == nil {
		return stanza.ItemNotFound
	}
	st := r.aside(p.Stanza, s.occupant)
	seats := to.seats
	r.say(ctx, func(ctx context.Context) {
		for _, s := range seats {
			r.send(ctx, st, s.jid)
		}
	})
	return nil
}

// aside is a message as the one gets it whom it is for: from the occupant, and
// marked as what was said in a room (XEP-0045 section 7.5).
func (r *Room) aside(st *stanza.Stanza, o *occupant) *stanza.Stanza {
	e := r.clean(st, o)
	e.Drop("to")
	e.Last(`<x xmlns="` + nsUser + `"/>`)
	e.Last(o.idElement())
	return stanza.MustParse(string(st.Append(nil, &e, stanza.Out{})))
}
