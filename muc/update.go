package muc

import (
	"context"

	"parley/router"
	"parley/stanza"
)

// update changes an occupant's availability (XEP-0045 section 7.7, Changing
// Availability Status). The lock is held.
func (r *Room) update(ctx context.Context, p *router.Packet, s *seat) error {
	o := s.occupant
	s.presence = r.kept(asSent(p), o)
	o.seats = append(without(o.seats, s), s) // it speaks for the occupant now
	r.audience = nil
	sh := r.show(s, note{})
	to := r.broadcastTo(o, r.viewers())
	r.say(ctx, func(ctx context.Context) { sh.to(ctx, r, to) })
	return nil
}

// rename changes an occupant's nickname (XEP-0045 section 7.6, Changing
// Nickname). The lock is held.
func (r *Room) rename(ctx context.Context, p *router.Packet, s *seat) error {
	nick, err := prepareNick(p.To.Resource())
	if err != nil {
		return err
	}
	if !r.nickFree(nick, s.occupant.user) {
		return stanza.Conflict
	}
	old := s.occupant
	alone := len(old.seats) == 1
	if o := r.nicks[nickKey(nick)]; o != nil && (o != old || !alone) {
		nick = o.nick // another client of the user is there already
	}
	if old.nick == nick {
		return r.update(ctx, p, s)
	}
	jid, err := r.jid.WithResource(nick)
	if err != nil {
		return stanza.JIDMalformed
	}
	told := []viewer{{jid: s.jid, user: old}}
	if alone {
		told = r.broadcastTo(old, r.viewers())
	}
	gone := r.showAs(s, removed, fromOnly(old.jid), old.role,
		note{codes: []int{303}, nick: nick})
	var self []int
	if nick != p.To.Resource() {
		self = []int{210}
	}
	r.move(s, nick, jid.Clone())
	s.presence = r.kept(asSent(p), s.occupant)
	now := r.show(s, note{self: self})
	to := r.broadcastTo(s.occupant, r.viewers())
	var stays *shown // the other clients, under the old nickname
	if !alone {
		stays = r.show(old.main(), note{})
	}
	r.say(ctx, func(ctx context.Context) {
		gone.to(ctx, r, told)
		if stays != nil {
			stays.to(ctx, r, r.broadcastTo(old, to))
		}
		now.to(ctx, r, to)
	})
	return nil
}

func fromOnly(from stanza.JID) (e stanza.Edits) {
	e.Set("from", from.String())
	return e
}

// move puts a seat under another nickname, where its user may be already. Other
// clients of the user stay under the old one.
func (r *Room) move(s *seat, nick string, jid stanza.JID) {
	old := s.occupant
	r.drop(s)
	o := r.nicks[nickKey(nick)]
	if o == nil {
		o = &occupant{nick: nick, jid: jid, user: old.user, id: old.id, role: old.role}
	}
	r.add(o, s)
}
