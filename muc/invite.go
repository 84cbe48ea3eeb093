package muc

import (
	"context"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
)

// mediated takes a message about the room (XEP-0045 section 7.8.2, Mediated
// Invitation; section 7.13, Requesting Voice). The lock is held. What is neither
// and not of type groupchat has no meaning (section 17.2, Message, rule 1).
func (r *Room) mediated(ctx context.Context, p *router.Packet) error {
	if c, ok := p.Stanza.Child(nsUser, "x"); ok && p.MessageType() == "normal" {
		x := p.Stanza.Element(c)
		if list := children(x, "invite"); len(list) > 0 {
			return r.invite(ctx, p, list)
		}
		if list := children(x, "decline"); len(list) > 0 {
			return r.decline(ctx, p, list[0])
		}
	}
	if p.Stanza.Has(form.NS, "x") {
		return r.submitted(ctx, p)
	}
	return stanza.BadRequest
}

// children are the children of that name in e's own namespace.
func children(e *stanza.Element, name string) (list []*stanza.Element) {
	for _, c := range e.Children {
		if c.NS == e.NS && c.Name == name {
			list = append(list, c)
		}
	}
	return list
}

// mostInvitations is how many one message may ask for.
const mostInvitations = 20

// invite invites for an occupant (XEP-0045 section 7.8.2, Mediated Invitation).
// Who is invited to a members-only room becomes a member.
//
// Whether an address exists is not told, although the section would have it: that
// would show who has an account here (RFC 6120 section 13.11, Directory
// Harvesting).
func (r *Room) invite(ctx context.Context, p *router.Packet, list []*stanza.Element) error {
	if r.seatOf(p.From) == nil {
		return r.stranger(p)
	}
	if r.config.MembersOnly && !r.mayInvite(p.From) {
		return stanza.Forbidden
	}
	if len(list) > mostInvitations {
		return stanza.PolicyViolation
	}
	var out []*stanza.Stanza
	var members []stanza.JID
	for _, e := range list {
		to, err := stanza.ParseJID(e.Attr("to"))
		if err != nil {
			return stanza.JIDMalformed
		}
		switch a := r.affiliation(to); {
		case a == Outcast && r.affiliation(p.From) >= Admin:
			return stanza.Forbidden
		case a == Outcast:
			continue // who is banned is for admins to know
		case a == None && r.config.MembersOnly:
			members = append(members, to.Bare().Clone())
		}
		out = append(out, r.invitation(p, e, to))
	}
	return r.admit(ctx, p, members, func(ctx context.Context) {
		for _, st := range out {
			r.service.host.Router.Route(ctx, st)
		}
	})
}

// mayInvite says whether somebody may invite to a members-only room: admins, and
// where it is configured so, members.
func (r *Room) mayInvite(jid stanza.JID) bool {
	a := r.affiliation(jid)
	return a >= Admin || r.config.Invites && a == Member
}

// admit makes those members, and then sends.
func (r *Room) admit(ctx context.Context, p *router.Packet, list []stanza.JID,
	send func(ctx context.Context)) error {
	a := action{user: p.From.Bare(), actor: r.nickOf(p.From), then: sent{send}, invited: true}
	for _, jid := range list {
		a.changes = append(a.changes, change{user: jid, affiliation: Member})
	}
	if err := r.enough(a.changes); err != nil {
		return err
	}
	r.carryOut(ctx, p, &a)
	return nil
}

// invitation is what the invitee gets. It is kept for those who are not there:
// the hint says so to their server too (XEP-0334 section 4.4, Store).
func (r *Room) invitation(p *router.Packet, e *stanza.Element, to stanza.JID) *stanza.Stanza {
	var b stanza.Builder
	b.Start("message", "", "from", r.jid.String(), "to", to.String(), "id", p.Stanza.ID)
	b.Start("x", nsUser).Start("invite", "", "from", p.From.Bare().String())
	said(&b, e)
	b.End()
	if r.config.Password != "" {
		b.Elem("password", "", r.config.Password)
	}
	return b.End().Start("store", nsHints).End().End().Stanza()
}

// said copies what somebody wrote with an invitation or a refusal: why, and
// whether a conversation goes on there (XEP-0045 section 7.9, Converting a
// One-to-One Chat Into a Multi-User Conference).
func said(b *stanza.Builder, e *stanza.Element) {
	if reason := e.ChildText("", "reason"); reason != "" {
		b.Elem("reason", "", reason)
	}
	if c := e.Child("", "continue"); c != nil {
		b.Start("continue", "", "thread", c.Attr("thread")).End()
	}
}

// decline tells the inviter that somebody does not come (XEP-0045 section 7.8.2,
// Mediated Invitation). It goes to nobody but those who may have invited: who is
// inside, or belongs to the room. Whether somebody is one of them is not told.
func (r *Room) decline(ctx context.Context, p *router.Packet, e *stanza.Element) error {
	to, err := stanza.ParseJID(e.Attr("to"))
	if err != nil {
		return stanza.JIDMalformed
	}
	if r.affiliation(p.From) == Outcast {
		return stanza.Forbidden
	}
	list := r.inviters(to)
	var b stanza.Builder
	b.Start("message", "", "from", r.jid.String(), "id", p.Stanza.ID)
	b.Start("x", nsUser).Start("decline", "", "from", p.From.Bare().String())
	said(&b, e)
	b.End().End().Start("store", nsHints).End()
	st := b.End().Stanza()
	r.say(ctx, func(ctx context.Context) {
		for _, to := range list {
			r.send(ctx, st, to)
		}
	})
	return nil
}

// inviters are the addresses of one who may have invited somebody: an occupant's
// clients, or a user who has left.
func (r *Room) inviters(to stanza.JID) (list []stanza.JID) {
	for _, o := range r.order {
		if o.jid == to || o.user == to.Bare() {
			for _, s := range o.seats {
				list = append(list, s.jid)
			}
		}
	}
	if list == nil && to.Bare() != r.jid && r.affiliation(to) >= Member {
		list = append(list, to.Bare())
	}
	return list
}
