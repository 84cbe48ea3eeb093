package muc

import (
	"context"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// effect is what an action, or another configuration, does to one occupant.
type effect struct {
	occupant *occupant
	was      standing
	why      *change // nil if nobody asked for just this
	code     int     // of the removal, 0 for one who stays
	seats    []*seat // of one who is removed
}

// Why occupants are removed (XEP-0045 section 16.6.2, Initial Submission).
const (
	banned     = 301
	kicked     = 307
	noMember   = 321 // not one any more
	nowMembers = 322 // the room has become members-only
)

// effects are those of changes on the occupants; memory is changed, nobody is
// removed yet.
func (r *Room) effects(list []change) (effects []*effect) {
	users, roles := map[stanza.JID]*change{}, map[*occupant]*change{}
	for i := range list {
		if c := &list[i]; c.occupant != nil {
			roles[c.occupant] = c
		} else {
			users[c.user] = c
		}
	}
	for _, o := range r.order {
		c := users[o.user]
		if c == nil {
			c = users[o.user.Host()] // a domain's (section 9.2, Modifying the Ban List)
		}
		if roles[o] != nil || c != nil {
			effects = append(effects, &effect{occupant: o, why: c,
				was: standing{r.affiliation(o.user), o.role}})
		}
	}
	for _, c := range users {
		r.setUser(c)
	}
	for _, e := range effects {
		if c := roles[e.occupant]; c != nil {
			e.why = c
			e.giveRole(r, c.role)
		}
		e.judge(r)
	}
	return effects
}

// setUser changes an affiliation in memory. The nickname of one who is banned or
// no longer a member is free again (XEP-0045 section 9.1, Banning a User).
func (r *Room) setUser(c *change) {
	u := user{affiliation: c.affiliation, nick: r.users[c.user].nick, reason: c.reason}
	if c.nick != nil {
		u.nick = *c.nick
	}
	if u.affiliation <= None {
		u.nick = ""
	}
	r.keep(c.user, u)
}

// keep remembers what is to be remembered of a user.
func (r *Room) keep(jid stanza.JID, u user) {
	r.absent.known = false
	if old := r.users[jid].nick; old != "" {
		delete(r.reserved, nickKey(old))
	}
	if u.nick != "" {
		r.reserved[nickKey(u.nick)] = jid
	}
	if u.affiliation == None && u.role == NoRole && u.nick == "" {
		delete(r.users, jid)
		return
	}
	r.users[jid] = u
}

// giveRole changes the role; NoRole kicks. A voice that is given or taken holds
// for later visits too, or who has lost it would come back with it (XEP-0045
// section 5.1, Roles).
func (e *effect) giveRole(r *Room, role Role) {
	if role == NoRole {
		e.code = kicked
		return
	}
	o := e.occupant
	o.role = role
	u := r.users[o.user]
	u.role = role
	if role == Moderator || role == initialRole(u.affiliation, r.config.Moderated) {
		u.role = NoRole
	}
	r.keep(o.user, u)
}

// roleOf is the role in which somebody enters.
func (r *Room) roleOf(jid stanza.JID) Role {
	a := r.affiliation(jid)
	if role := r.users[jid.Bare()].role; role != NoRole && a < Admin {
		return role
	}
	return initialRole(a, r.config.Moderated)
}

// judge says what a new affiliation means for one who is inside.
func (e *effect) judge(r *Room) {
	o, is := e.occupant, r.affiliation(e.occupant.user)
	switch {
	case is == Outcast:
		e.code = banned
	case r.config.MembersOnly && is < Member && e.was.affiliation >= Member:
		e.code = noMember // XEP-0045 section 9.4, Revoking Membership
	case is != e.was.affiliation:
		o.role = roleAfter(o.role, e.was.affiliation, is, r.config.Moderated)
	}
}

// removes takes the seats of those who do not stay.
func (r *Room) removes(effects []*effect) {
	for _, e := range effects {
		if e.code == 0 {
			continue
		}
		for len(e.occupant.seats) > 0 {
			s := e.occupant.main()
			e.seats = append(e.seats, s)
			r.drop(s)
		}
	}
	r.audience = nil // who sees real JIDs may have changed
}

// carryOut makes allowed changes. Who is kicked hears of it first, then who
// asked for it (p; nil if nobody sent anything), then the rest (XEP-0045 section
// 8.2, Kicking an Occupant). The lock is held.
func (r *Room) carryOut(ctx context.Context, p *router.Packet, a *action) {
	outside := r.outside(a.changes)
	effects := r.effects(a.changes)
	r.removes(effects)
	own, others := r.announce(effects, a.actor)
	news := r.announceOutside(outside)
	if !a.invited {
		news = append(news, r.inviteMembers(outside, a.user)...)
	}
	r.finish(ctx, p, r.rows(a.changes), outcome{
		announce: func(ctx context.Context) {
			own.run(ctx)
			news.run(ctx)
			r.result(ctx, p)
			others.run(ctx)
			a.then.run(ctx)
		},
		otherwise: r.announceLoss(effects).run,
	})
	r.emptied(ctx)
}

// result tells who asked that it is done.
func (r *Room) result(ctx context.Context, p *router.Packet) {
	if p != nil && p.Stanza.Kind == stanza.IQ {
		r.send(ctx, p.Stanza.Result(""), p.From)
	}
}

// finish writes rows, if there are any, and announces.
func (r *Room) finish(ctx context.Context, p *router.Packet, rows func(tx *store.Tx) error,
	o outcome) {
	if rows == nil {
		r.say(ctx, o.announce)
		return
	}
	r.writeFor(ctx, p, rows, o)
}

// rows are those of the users who have changed, nil if none has.
func (r *Room) rows(list []change) func(tx *store.Tx) error {
	var rows []store.RoomUser
	for i := range list {
		switch c := &list[i]; {
		case c.occupant == nil:
			rows = append(rows, r.userRow(c.user))
		case c.role != NoRole:
			rows = append(rows, r.userRow(c.occupant.user))
		}
	}
	if rows == nil {
		return nil
	}
	return func(tx *store.Tx) error {
		for _, u := range rows {
			if err := tx.SetRoomUser(r.row.Load(), u); err != nil {
				return err
			}
		}
		return nil
	}
}

// userRow is what the store is to know of a user.
func (r *Room) userRow(jid stanza.JID) store.RoomUser {
	u := r.users[jid]
	return store.RoomUser{JID: jid.String(), Affiliation: int(u.affiliation), Role: int(u.role),
		Nick: u.nick, Reason: u.reason}
}
