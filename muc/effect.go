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

// sent are the steps of telling what has happened.
type sent []func(ctx context.Context)

func (list sent) run(ctx context.Context) {
	for _, fn := range list {
		fn(ctx)
	}
}

// announce says what the effects are, when memory is changed: to those who are
// removed, and to the others.
func (r *Room) announce(effects []*effect, actor string) (own, others sent) {
	for _, e := range effects {
		n := note{actor: actor}
		if e.why != nil {
			n.reason = e.why.reason
		}
		if e.code != 0 {
			a, b := r.announceRemoval(e, n)
			own, others = append(own, a), append(others, b)
			continue
		}
		if e.was != (standing{r.affiliation(e.occupant.user), e.occupant.role}) {
			others = append(others, r.announceChange(e, n)...)
		}
	}
	return own, others
}

// announceRemoval tells of one who does not stay: its own clients, and the rest.
func (r *Room) announceRemoval(e *effect, n note) (own, others func(ctx context.Context)) {
	n.codes = []int{e.code}
	list := make([]*shown, len(e.seats))
	for i, s := range e.seats {
		list[i] = r.showGone(s, nil, n)
	}
	rest := r.broadcastTo(e.occupant, r.viewers())
	return func(ctx context.Context) {
			for i, s := range e.seats {
				list[i].to(ctx, r, []viewer{{jid: s.jid, user: e.occupant}})
			}
		}, func(ctx context.Context) {
			list[0].to(ctx, r, rest)
		}
}

// announceChange tells of another role or affiliation. Those who do not see
// presence of the new role see the occupant leave (XEP-0045 section 5.1.3,
// Changing Roles).
func (r *Room) announceChange(e *effect, n note) (list sent) {
	o := e.occupant
	all, told := r.viewers(), r.broadcastTo(o, r.viewers())
	sh := r.show(o.main(), n)
	list = append(list, func(ctx context.Context) { sh.to(ctx, r, told) })
	if e.was.role >= r.config.Broadcast && o.role < r.config.Broadcast {
		gone := r.showGone(o.main(), nil, note{})
		rest := blind(all, o)
		list = append(list, func(ctx context.Context) { gone.to(ctx, r, rest) })
	}
	if o.role == Moderator && e.was.role != Moderator {
		list = append(list, r.reveal(o))
	}
	return list
}

// blind are the viewers who do not see presence that is not broadcast.
func blind(list []viewer, o *occupant) (left []viewer) {
	for _, v := range list {
		if v.user != o && v.user.role != Moderator {
			left = append(left, v)
		}
	}
	return left
}

// reveal sends a new moderator the presence of the others where it has not seen
// all of it (XEP-0045 section 8, Moderator Use Cases: real JIDs come with
// presence).
func (r *Room) reveal(o *occupant) func(ctx context.Context) {
	if r.config.NonAnonymous && r.config.Broadcast <= Visitor {
		return func(context.Context) {}
	}
	var list []*shown
	for _, other := range r.order {
		if other != o {
			list = append(list, r.show(other.main(), note{}))
		}
	}
	var to []viewer
	for _, s := range o.seats {
		to = append(to, viewer{jid: s.jid, user: o, sees: true})
	}
	return func(ctx context.Context) {
		for _, sh := range list {
			sh.to(ctx, r, to)
		}
	}
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
	r.finish(ctx, p, r.rows(a.changes), func(ctx context.Context) {
		own.run(ctx)
		news.run(ctx)
		r.result(ctx, p)
		others.run(ctx)
		a.then.run(ctx)
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
	announce func(ctx context.Context)) {
	if rows == nil {
		r.say(ctx, announce)
		return
	}
	r.write(ctx, p, rows, announce)
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
