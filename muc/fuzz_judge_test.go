package muc

import (
	"fmt"
	"strings"

	"parley/stanza"
)

// judge holds a step against the privileges of who took it (XEP-0045 section
// 5.1.1, Privileges, and section 5.2.1, Privileges).
func (g *game) judge(a act, before, after state, heard []utter) {
	g.judgeUsers(a, before, after)
	g.judgeRoles(a, before, after)
	g.judgeSeats(a, before, after)
	for _, h := range heard {
		if a.kind != "chorus" && (a.by.role < Participant || h.nick != a.by.nick) ||
			before.roles[h.nick] < Participant {
			g.t.Errorf("%s as %v was heard as %s", a.who.name, a.by, h.nick)
		}
	}
	if !before.exists || !after.exists {
		return
	}
	if before.config.text() != after.config.text() && a.by.affiliation != Owner {
		g.t.Errorf("%s as %v changed\n%s to\n%s", a.who.name, a.by, before.config.text(),
			after.config.text())
	}
	if before.subject != after.subject && a.by.role != Moderator &&
		!(before.config.ChangeSubject && a.by.role == Participant) {
		g.t.Errorf("%s as %v changed the subject", a.who.name, a.by)
	}
}

// judgeUsers: admins change those below them, and owners all; one may register.
func (g *game) judgeUsers(a act, before, after state) {
	if !before.exists || !after.exists {
		return
	}
	all := map[stanza.JID]bool{}
	for jid := range before.users {
		all[jid] = true
	}
	for jid := range after.users {
		all[jid] = true
	}
	for jid := range all {
		was, is := before.users[jid], after.users[jid]
		was.role, is.role = NoRole, NoRole // see judgeRoles
		if was == is {
			continue
		}
		by := a.by.affiliation
		self := jid == a.who.jid.Bare()
		switch {
		case by == Owner:
		case by == Admin && was.affiliation < Admin && is.affiliation < Admin:
		case by == Admin && self && was.affiliation == is.affiliation: // a reserved nickname
		case self && a.kind == "register" && was.affiliation >= None &&
			is.affiliation <= max(was.affiliation, Member):
		case self && is.affiliation == None && was.affiliation == Member: // it has left the list
		case a.kind == "invite" && before.config.Invites && by == Member &&
			was.affiliation == None && is.affiliation == Member:
		default:
			g.t.Errorf("%s as %v made %s %v, who was %v", a.who.name, a.by, jid, is, was)
		}
	}
}

// judgeRoles: moderators change roles, but not of those who are above them.
func (g *game) judgeRoles(a act, before, after state) {
	if !before.exists || !after.exists || a.by.affiliation == Owner {
		return
	}
	for jid, nick := range before.seats {
		now, inside := after.seats[jid]
		if !inside {
			continue
		}
		was, is := before.roles[nick], after.roles[now]
		aff := before.affiliation(jid)
		if was == is || before.affiliation(jid) != after.affiliation(jid) ||
			jid.Bare() == a.who.jid.Bare() {
			continue
		}
		if a.by.role != Moderator && a.by.affiliation < Admin || aff > a.by.affiliation && is < was {
			g.t.Errorf("%s as %v made %s (%v) %v, who was %v", a.who.name, a.by, nick, aff, is, was)
		}
	}
}

// judgeSeats: nobody leaves but by itself or by somebody who may remove it.
func (g *game) judgeSeats(a act, before, after state) {
	for jid, nick := range before.seats {
		_, inside := after.seats[jid]
		if inside || jid.Bare() == a.who.jid.Bare() || a.by.affiliation == Owner {
			continue
		}
		aff := before.affiliation(jid)
		if a.by.role != Moderator && a.by.affiliation < Admin || aff > a.by.affiliation {
			g.t.Errorf("%s as %v removed %s (%v)", a.who.name, a.by, nick, aff)
		}
	}
}

// utter is a message to all that somebody has heard live.
type utter struct{ nick, id string }

// read takes in what everybody has been sent, and returns what was heard: all
// who are inside hear the same.
func (g *game) read(a act) []utter {
	var all []utter
	listened := ""
	for _, name := range fuzzClients {
		p := g.players[name]
		if a.kind == "logout" && p == a.who {
			continue
		}
		was := p.inside
		var heard []utter
		for _, xml := range g.w.Received(name) {
			if u := g.take(a, p, xml); u != nil {
				heard = append(heard, *u)
			}
		}
		if all == nil {
			all, listened = heard, name
		}
		if was && p.inside && fmt.Sprint(heard) != fmt.Sprint(all) {
			g.t.Errorf("%s heard %v, %s %v", listened, all, name, heard)
		}
	}
	return all
}

// take is one stanza that a client is sent.
func (g *game) take(a act, p *player, xml string) *utter {
	st, err := stanza.Parse(xml)
	if err != nil {
		g.t.Fatalf("%s: %v", xml, err)
	}
	if st.From.Bare().String() != fuzzRoom || st.Type == "error" {
		return nil
	}
	if st.To != p.jid && st.To != p.jid.Bare() {
		g.t.Errorf("%s got %s", p.name, xml)
	}
	g.secret(a, p, st)
	switch {
	case st.Kind == stanza.Presence:
		p.see(st)
	case st.Kind == stanza.Message && st.Type == "groupchat" && !st.Has("urn:xmpp:delay", "delay") &&
		st.Has("", "body"):
		if !p.inside {
			g.t.Errorf("%s is outside and got %s", p.name, xml)
		}
		return &utter{st.From.Resource(), st.ID}
	}
	return nil
}

// secret: who is no moderator of a semi-anonymous room is not told who the
// others are (XEP-0045 section 7.2.4, Semi-Anonymous Rooms).
func (g *game) secret(a act, p *player, st *stanza.Stanza) {
	now := g.look()
	mine := now.rank(p.jid)
	if now.config.NonAnonymous || mine.role == Moderator || mine.affiliation >= Admin ||
		a.who == p && a.by.affiliation >= Admin || st.Kind == stanza.Message {
		return
	}
	for _, u := range fuzzUsers {
		if jid := u + "@a.lit"; jid != p.jid.Bare().String() && strings.Contains(st.Raw, jid) {
			g.t.Errorf("%s as %v was told %s", p.name, mine, st.Raw)
		}
	}
}

// see is presence from the room.
func (p *player) see(st *stanza.Stanza) {
	c, ok := st.Child(nsUser, "x")
	if !ok {
		return
	}
	x := st.Element(c)
	item, self, nick := x.Child("", "item"), false, st.From.Resource()
	if item == nil {
		item = x.Child(nsUser, "item")
	}
	for _, e := range x.Children {
		self = self || e.Name == "status" && e.Attr("code") == "110"
	}
	if st.Type == "unavailable" {
		delete(p.view, nick)
		if self && (item == nil || item.Attr("nick") == "") {
			p.inside, p.view = false, map[string]string{}
		}
		return
	}
	p.view[nick] = item.Attr("affiliation") + "/" + item.Attr("role")
	if self {
		p.inside, p.nick = true, nick
	}
}

// views: what everybody believes is so.
func (g *game) views(s state) {
	g.thin = g.thin || s.config.Broadcast > Visitor
	for _, p := range g.players {
		nick, inside := s.seats[p.jid]
		if inside != p.inside || inside && nick != p.nick {
			g.t.Errorf("%s is inside %t as %s, and believes %t, %s", p.name, inside, nick, p.inside, p.nick)
		}
		if !inside || g.thin {
			continue
		}
		want := map[string]string{}
		for jid, nick := range s.seats {
			want[nick] = s.affiliation(jid).String() + "/" + s.roles[nick].String()
		}
		if a, b := asJSON(p.view), asJSON(want); a != b {
			g.t.Errorf("%s sees %s, there is %s", p.name, a, b)
		}
	}
}
