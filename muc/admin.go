package muc

import (
	"context"
	"slices"
	"strings"

	"parley/router"
	"parley/stanza"
)

// lists answers who has a role or an affiliation (XEP-0045 sections 8.5,
// Modifying the Voice List, 9.2, 9.5, 9.8, 10.5 and 10.8). The lock is held.
func (r *Room) lists(_ context.Context, p *router.Packet) error {
	items := itemsOf(p.Payload())
	if len(items) == 0 {
		return stanza.BadRequest
	}
	by := r.standing(p.From)
	var b stanza.Builder
	b.Start("query", nsAdmin)
	for _, e := range items {
		if err := r.list(&b, by, e); err != nil {
			return err
		}
	}
	p.Result(b.End().String())
	return nil
}

// itemsOf are the items of a query.
func itemsOf(query *stanza.Element) (items []*stanza.Element) {
	for _, e := range query.Children {
		if e.Name == "item" && e.NS == nsAdmin {
			items = append(items, e)
		}
	}
	return items
}

// list adds the list that one item asks for.
func (r *Room) list(b *stanza.Builder, by standing, item *stanza.Element) error {
	role, isRole := parseRole(item.Attr("role"))
	list, isAffiliation := parseAffiliation(item.Attr("affiliation"))
	switch {
	case isRole == isAffiliation, isRole && role == NoRole, isAffiliation && list == None:
		return stanza.BadRequest
	case isAffiliation && !r.mayList(by, list),
		// XEP-0045 section 9.8, Modifying the Moderator List; section 8.5
		isRole && role == Moderator && by.affiliation < Admin,
		isRole && by.affiliation < Admin && by.role != Moderator:
		return stanza.Forbidden
	case isRole:
		r.listRole(b, role)
	default:
		r.listAffiliation(b, list)
	}
	return nil
}

// listRole lists occupants with nickname, role, affiliation and full JID
// (XEP-0045 section 17.4, IQ, rule 5).
func (r *Room) listRole(b *stanza.Builder, role Role) {
	for _, o := range r.order {
		if o.role == role {
			b.Start("item", "", "affiliation", r.affiliation(o.user).String(),
				"jid", o.main().jid.String(), "nick", o.nick, "role", role.String()).End()
		}
	}
}

// listAffiliation lists users with bare JID and, if it is known, nickname, but
// no role (XEP-0045 section 17.4, IQ, rule 6).
func (r *Room) listAffiliation(b *stanza.Builder, list Affiliation) {
	inside := map[stanza.JID]string{}
	for _, o := range r.order {
		inside[o.user] = o.nick
	}
	for _, jid := range r.affiliated(list) {
		u := r.users[jid]
		nick := u.nick
		if nick == "" && list != Outcast {
			nick = inside[jid]
		}
		b.Start("item", "", "affiliation", list.String(), "jid", jid.String(), "nick", nick)
		if u.reason != "" {
			b.Elem("reason", "", u.reason)
		}
		b.End()
	}
}

// affiliated are the users who have this affiliation, by address.
func (r *Room) affiliated(a Affiliation) (list []stanza.JID) {
	for jid, u := range r.users {
		if u.affiliation == a {
			list = append(list, jid)
		}
	}
	slices.SortFunc(list, func(a, b stanza.JID) int { return strings.Compare(a.String(), b.String()) })
	return list
}

// standing is that of somebody who asks for something: what it may do is what
// any of its clients may (XEP-0045 section 8, Moderator Use Cases). Who
// administers the service has an owner's privileges in all of its rooms.
func (r *Room) standing(jid stanza.JID) standing {
	s := standing{affiliation: r.affiliation(jid)}
	for _, o := range r.inside(jid) {
		s.role = max(s.role, o.role)
	}
	if r.service.isAdmin(jid) {
		s.affiliation = Owner
	}
	return s
}

// inside are the occupants that a user is: usually one or none, but each of its
// clients may have a nickname of its own.
func (r *Room) inside(jid stanza.JID) (list []*occupant) {
	user := jid.Bare()
	for _, o := range r.order {
		if o.user == user {
			list = append(list, o)
		}
	}
	return list
}

// administer changes roles and affiliations: all that is asked for, or nothing
// (XEP-0045 section 9.2, Modifying the Ban List). The lock is held.
func (r *Room) administer(ctx context.Context, p *router.Packet) error {
	items := itemsOf(p.Payload())
	if len(items) == 0 {
		return stanza.BadRequest
	}
	a := action{by: r.standing(p.From), user: p.From.Bare(), actor: r.nickOf(p.From)}
	for _, e := range items {
		c, err := r.parseChange(e)
		if err != nil {
			return err
		}
		a.changes = append(a.changes, c)
	}
	if err := r.allow(&a); err != nil {
		return err
	}
	r.carryOut(ctx, p, &a)
	return router.Handled
}

// nickOf is the nickname of who asks for something, "" if it is not inside.
func (r *Room) nickOf(jid stanza.JID) string {
	if s := r.seatOf(jid); s != nil {
		return s.occupant.nick
	}
	for _, o := range r.inside(jid) {
		return o.nick
	}
	return ""
}
