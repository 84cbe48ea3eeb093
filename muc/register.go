package muc

import (
	"context"
	"crypto/rand"
	"time"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
)

const (
	nsRegister   = "jabber:iq:register"
	typeRegister = nsMUC + "#register"

	fieldNick  = "muc#register_roomnick"
	fieldAllow = "muc#register_allow"
	fieldJID   = "muc#jid" // whose request it is that an admin approves
)

// registration tells a user how to register with the room, or as what it is
// registered (XEP-0045 section 7.10, Registering with a Room). The lock is held.
func (r *Room) registration(_ context.Context, p *router.Packet) error {
	a := r.affiliation(p.From)
	var b stanza.Builder
	b.Start("query", nsRegister)
	switch {
	case a == Outcast:
		return stanza.NotAllowed
	case r.lockedTo(p.From):
		return stanza.ItemNotFound
	case a >= Member:
		b.Start("registered", "").End()
		if nick := r.users[p.From.Bare()].nick; nick != "" {
			b.Elem("username", "", nick)
		}
	default:
		b.Elem("instructions", "", "Choose the nickname that is to be yours in this room.")
		b.Raw(form.XML("form", "Registration with "+r.jid.String(), typeRegister, form.Field{
			Var: fieldNick, Type: "text-single", Label: "Nickname", Required: true}))
	}
	p.Result(b.End().String())
	return nil
}

// register makes a user a member with a nickname of its own. Where that gives it
// more than a seat, because the room is for members or moderated, admins are
// asked (XEP-0045 sections 7.10 and 9.9, Approving Registration Requests). The
// lock is held.
func (r *Room) register(ctx context.Context, p *router.Packet) error {
	a, user := r.affiliation(p.From), p.From.Bare().Clone()
	switch {
	case a == Outcast:
		return stanza.NotAllowed
	case r.lockedTo(p.From):
		return stanza.ItemNotFound
	case p.Payload().Child("", "remove") != nil:
		return r.unregister(ctx, p, a)
	}
	nick, err := r.wantedNick(p.Payload(), user)
	if err != nil {
		return err
	}
	if a == None && (r.config.MembersOnly || r.config.Moderated) {
		r.askAdmins(ctx, p, nick)
		return router.Handled
	}
	c := change{user: user, affiliation: max(a, Member), nick: &nick}
	act := &action{changes: []change{c}, user: user}
	if err := r.enough(act.changes); err != nil {
		return err
	}
	r.carryOut(ctx, p, act)
	return router.Handled
}

// wantedNick is the nickname in a registration form.
func (r *Room) wantedNick(query *stanza.Element, user stanza.JID) (string, error) {
	values := form.Read(query)
	if values == nil || values.Has("FORM_TYPE") && values.One("FORM_TYPE") != typeRegister ||
		values.Text(fieldNick) == "" {
		return "", stanza.BadRequest
	}
	nick, err := prepareNick(values.Text(fieldNick))
	switch {
	case err != nil:
		return "", err
	case !r.nickFree(nick, user):
		return "", stanza.Conflict
	}
	return nick, nil
}

// unregister ends a membership; admins and owners only lose their nickname
// (XEP-0077 section 3.2, Entity Cancels an Existing Registration).
func (r *Room) unregister(ctx context.Context, p *router.Packet, a Affiliation) error {
	if a < Member {
		return stanza.RegistrationRequired
	}
	if a == Member {
		a = None
	}
	none := ""
	r.carryOut(ctx, p, &action{user: p.From.Bare(),
		changes: []change{{user: p.From.Bare().Clone(), affiliation: a, nick: &none}}})
	return router.Handled
}

// askAdmins sends a request to the admins who are inside, or if none is, to the
// addresses of all.
func (r *Room) askAdmins(ctx context.Context, p *router.Packet, nick string) {
	if r.asked(p.From, nick) {
		r.say(ctx, func(ctx context.Context) { r.result(ctx, p) })
		return
	}
	var to []stanza.JID
	for _, v := range r.viewers() {
		if r.affiliation(v.user.user) >= Admin {
			to = append(to, v.jid)
		}
	}
	if to == nil {
		to = append(r.affiliated(Owner), r.affiliated(Admin)...)
	}
	st := r.formMessage(form.XML("form", "Registration request", typeRegister,
		form.Field{Var: fieldJID, Type: "jid-single", Label: "User",
			Values: []string{p.From.Bare().String()}},
		form.Field{Var: fieldNick, Type: "text-single", Label: "Nickname", Values: []string{nick}},
		form.Field{Var: fieldAllow, Type: "boolean",
			Label: "Allow this person to register with the room?", Values: form.Bool(false)}))
	r.say(ctx, func(ctx context.Context) {
		r.result(ctx, p)
		for _, jid := range to {
			r.send(ctx, st, jid)
		}
	})
}

// formMessage is a message of the room with a form.
func (r *Room) formMessage(xml string) *stanza.Stanza {
	var b stanza.Builder
	return b.Start("message", "", "from", r.jid.String(), "id", rand.Text()).Raw(xml).End().Stanza()
}

// approve is an admin's answer to a request (XEP-0045 section 9.9, Approving
// Registration Requests).
func (r *Room) approve(ctx context.Context, p *router.Packet, values form.Values) error {
	by := r.standing(p.From)
	if by.affiliation < Admin {
		return stanza.Forbidden
	}
	jid, err := stanza.ParseJID(values.One(fieldJID))
	if err != nil || jid.Local() == "" {
		return stanza.BadRequest
	}
	jid = jid.Bare().Clone()
	r.answered(jid)
	switch allow, err := truth(values.One(fieldAllow)); {
	case err != nil:
		return stanza.BadRequest
	case !allow || r.affiliation(jid) >= Member:
		return nil
	}
	nick, err := prepareNick(values.Text(fieldNick))
	if err != nil {
		return err
	}
	a := action{by: by, user: p.From.Bare(), actor: r.nickOf(p.From),
		changes: []change{{user: jid, affiliation: Member, nick: &nick}}}
	if err := r.allow(&a); err != nil {
		return err
	}
	r.carryOut(ctx, p, &a)
	return nil
}

// asking is a request that waits for moderators or admins.
type asking struct {
	what string
	at   time.Time
}

// A request is not sent again for a while, and not more than so many wait.
const (
	askAgain  = time.Minute
	mostAsked = 1000
)

// asked notes what a user asks for; again says that it has just asked for the
// same.
func (r *Room) asked(jid stanza.JID, what string) (again bool) {
	user, now := jid.Bare(), time.Now()
	if old, ok := r.requests[user]; ok && old.what == what && now.Sub(old.at) < askAgain {
		return true
	}
	if r.requests == nil || len(r.requests) >= mostAsked {
		r.requests = map[stanza.JID]asking{}
	}
	r.requests[user.Clone()] = asking{what, now}
	return false
}

// answered forgets a request.
func (r *Room) answered(user stanza.JID) { delete(r.requests, user) }
