package muc

import (
	"context"
	"slices"
	"strconv"

	"parley/router"
	"parley/stanza"
)

const nsOccupantID = "urn:xmpp:occupant-id:0"

// note is what presence says beyond who is there (XEP-0045 section 7.2.2,
// Presence Broadcast; the status codes are those of section 12, Status Codes).
type note struct {
	codes   []int  // for all
	self    []int  // for the occupant itself, beside 110
	nick    string // the new nickname (section 7.6)
	actor   string // nickname of who did it
	reason  string
	destroy string // XML (section 10.9, Destroying a Room)
}

// shown is a presence of an occupant on its way to those who see it: one text
// for each kind of viewer.
type shown struct {
	of     *occupant
	base   *stanza.Stanza
	edits  stanza.Edits
	open   string // <x/> for those who see real JIDs
	hidden string // for others
	self   string // for the occupant itself

	// The texts, once they are written; the one that sends uses them.
	openText, hiddenText, selfText *stanza.Stanza
}

// view is what a presence without news says of an occupant: while that is the
// same, so is the text, and all who enter get it.
type view struct {
	presence    *stanza.Stanza
	jid         stanza.JID
	affiliation Affiliation
	role        Role
	hats        string
}

// showNow is show without news. The lock is held.
func (r *Room) showNow(s *seat) *shown {
	o := s.occupant
	v := view{s.presence, o.jid, r.affiliation(o.user), o.role, r.hatted(o.user)}
	if s.shown == nil || s.view != v {
		s.shown, s.view = r.show(s, note{}), v
	}
	return s.shown
}

// show is the presence of an occupant by one of its seats, as it is now. The
// lock is held.
func (r *Room) show(s *seat, n note) *shown {
	var e stanza.Edits
	e.Set("from", s.occupant.jid.String())
	return r.showAs(s, s.presence, e, s.occupant.role, n)
}

// showGone is the presence by which an occupant is known to have left: base is
// what it sent, or nil if it was removed.
func (r *Room) showGone(s *seat, base *stanza.Stanza, n note) *shown {
	var e stanza.Edits
	if base == nil {
		base = removed
		e.Set("from", s.occupant.jid.String())
	} else {
		e = r.clean(base, s.occupant)
	}
	return r.showAs(s, base, e, NoRole, n)
}

// removed is the presence of one who was removed.
var removed = stanza.MustParse(`<presence type="unavailable"/>`)

func (r *Room) showAs(s *seat, base *stanza.Stanza, e stanza.Edits, role Role, n note) *shown {
	o := s.occupant
	e.Last(o.idElement())
	if hats := r.hatted(o.user); hats != "" {
		e.Last(hats)
	}
	aff := r.affiliation(o.user)
	sh := &shown{of: o, base: base, edits: e}
	sh.open = n.xml(aff, role, s.jid, n.codes)
	sh.hidden = n.xml(aff, role, stanza.JID{}, n.codes)
	self := append(append(slices.Clone(n.codes), n.self...), 110)
	slices.Sort(self)
	sh.self = n.xml(aff, role, s.jid, self)
	return sh
}

// xml is the <x/> of muc#user. real is the zero JID where it is not told.
func (n *note) xml(a Affiliation, role Role, real stanza.JID, codes []int) string {
	var b stanza.Builder
	b.Start("x", nsUser)
	b.Start("item", "", "affiliation", a.String(), "jid", real.String(), "nick", n.nick,
		"role", role.String())
	if n.actor != "" {
		b.Start("actor", "", "nick", n.actor).End()
	}
	if n.reason != "" {
		b.Elem("reason", "", n.reason)
	}
	b.End().Raw(n.destroy)
	for _, c := range codes {
		b.Start("status", "", "code", strconv.Itoa(c)).End()
	}
	return b.End().String()
}

// text is the presence with that <x/>, complete but for to.
func (sh *shown) text(x string) *stanza.Stanza {
	e := sh.edits
	e.Last(x)
	return stanza.MustParse(string(sh.base.Append(nil, &e, stanza.Out{})))
}

// to sends the presence to viewers; each text is written once.
func (sh *shown) to(ctx context.Context, r *Room, list []viewer) {
	for i := range list {
		v := &list[i]
		switch {
		case v.user == sh.of:
			r.tell(ctx, sh.once(&sh.selfText, sh.self), v)
		default:
			r.tell(ctx, sh.seen(v.sees), v)
		}
	}
}

// seen is the text for somebody else, who sees real JIDs or not.
func (sh *shown) seen(real bool) *stanza.Stanza {
	if real {
		return sh.once(&sh.openText, sh.open)
	}
	return sh.once(&sh.hiddenText, sh.hidden)
}

func (sh *shown) once(st **stanza.Stanza, x string) *stanza.Stanza {
	if *st == nil {
		*st = sh.text(x)
	}
	return *st
}

// clean is what a stanza of an occupant becomes in the room: it is from the
// occupant, and what only the room may say is cut (XEP-0421 section 4, XEP-0359
// section 6 and XEP-0317, for occupant ids, stanza ids and hats).
func (r *Room) clean(st *stanza.Stanza, o *occupant) (e stanza.Edits) {
	e.Set("from", o.jid.String())
	for i, c := range st.Children() {
		if r.forged(st, c) {
			e.Cut(i)
		}
	}
	return e
}

// asSent is a presence as the sender's side has it: a hash of an avatar may have
// been put into it (XEP-0398 section 4, Presence Broadcast).
func asSent(p *router.Packet) *stanza.Stanza {
	if p.Sender == nil {
		return p.Stanza
	}
	return stanza.MustParse(string(p.Stanza.Append(nil, &p.Edits, stanza.Out{})))
}

// kept is a presence to be held while its occupant is inside: without what is
// not its to say, and in memory of its own.
func (r *Room) kept(st *stanza.Stanza, o *occupant) *stanza.Stanza {
	e := r.clean(st, o)
	e.Drop("to")
	return stanza.MustParse(string(st.Append(nil, &e, stanza.Out{})))
}

// forged says whether a child is for the room alone to add.
func (r *Room) forged(st *stanza.Stanza, c stanza.Child) bool {
	switch c.NS {
	case nsMUC, nsUser, nsOccupantID, nsHats:
		return true
	case nsSID:
		if c.Name != "stanza-id" {
			return false
		}
		return r.isNamed(st.Element(c).Attr("by"))
	case nsRetract, nsFasten, nsModerate, nsOldModerate:
		return moderates(st, c)
	case nsDelay:
		return r.isNamed(st.Element(c).Attr("from"))
	}
	return false
}

// isNamed says whether an address is the room's.
func (r *Room) isNamed(text string) bool {
	jid, err := stanza.ParseJID(text)
	return err == nil && jid.Bare() == r.jid
}

const (
	nsSID = "urn:xmpp:sid:0"
)
