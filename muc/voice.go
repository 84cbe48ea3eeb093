package muc

import (
	"context"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
)

const (
	typeRequest = nsMUC + "#request"

	fieldRole     = "muc#role"
	fieldRoomnick = "muc#roomnick"
	fieldGrant    = "muc#request_allow"
)

// submitted takes a form in a message to the room: a request for voice (XEP-0045
// section 7.13, Requesting Voice), or the answer to one or to a request to
// register. The lock is held.
func (r *Room) submitted(ctx context.Context, p *router.Packet) error {
	c, _ := p.Stanza.Child(form.NS, "x")
	x := p.Stanza.Element(c)
	values := form.Fields(x)
	switch typ := x.Attr("type"); {
	case typ == "cancel":
		return nil // the request is skipped
	case typ != "submit":
		return stanza.BadRequest
	}
	switch values.One("FORM_TYPE") {
	case typeRegister:
		return r.approve(ctx, p, values)
	case typeRequest:
		if values.Has(fieldGrant) {
			return r.answerVoice(ctx, p, values)
		}
		return r.requestVoice(ctx, p, values)
	}
	return stanza.BadRequest
}

// requestVoice asks all moderators for a visitor (XEP-0045 section 8.6, Approving
// Voice Requests).
func (r *Room) requestVoice(ctx context.Context, p *router.Packet, values form.Values) error {
	s := r.seatOf(p.From)
	switch {
	case s == nil:
		return r.stranger(p)
	case values.One(fieldRole) != Participant.String():
		return stanza.BadRequest
	case s.occupant.role != Visitor:
		return nil // it has voice
	}
	var to []stanza.JID
	for _, v := range r.viewers() {
		if v.user.role == Moderator {
			to = append(to, v.jid)
		}
	}
	if to == nil {
		return stanza.RecipientUnavailable
	}
	if r.asked(p.From, "") {
		return nil
	}
	st := r.voiceForm(s)
	r.say(ctx, func(ctx context.Context) {
		for _, jid := range to {
			r.send(ctx, st, jid)
		}
	})
	return nil
}

// voiceForm is what moderators are asked.
func (r *Room) voiceForm(s *seat) *stanza.Stanza {
	return r.formMessage(form.XML("form", "Voice request", typeRequest,
		form.Field{Var: fieldRole, Type: "list-single", Label: "Requested role",
			Values: []string{Participant.String()}, Options: form.Options(Participant.String())},
		form.Field{Var: fieldJID, Type: "jid-single", Label: "User ID",
			Values: []string{s.jid.String()}},
		form.Field{Var: fieldRoomnick, Type: "text-single", Label: "Room Nickname",
			Values: []string{s.occupant.nick}},
		form.Field{Var: fieldGrant, Type: "boolean", Label: "Grant voice to this person?",
			Values: []string{"false"}}))
}

// answerVoice is a moderator's answer.
func (r *Room) answerVoice(ctx context.Context, p *router.Packet, values form.Values) error {
	by := r.standing(p.From)
	if by.role != Moderator {
		return stanza.Forbidden
	}
	s := r.seatNamed(values)
	if s == nil {
		return stanza.ItemNotFound // it has left meanwhile
	}
	r.answered(s.occupant.user)
	switch allow, err := truth(values.One(fieldGrant)); {
	case err != nil, values.One(fieldRole) != Participant.String():
		return stanza.BadRequest
	case !allow || s.occupant.role != Visitor:
		return nil
	}
	a := action{by: by, user: p.From.Bare(), actor: r.nickOf(p.From),
		changes: []change{{occupant: s.occupant, role: Participant}}}
	if err := r.allow(&a); err != nil {
		return err
	}
	r.carryOut(ctx, p, &a)
	return nil
}

// seatNamed is the seat that an answer is about: somebody else may have its
// nickname now.
func (r *Room) seatNamed(values form.Values) *seat {
	jid, err := stanza.ParseJID(values.One(fieldJID))
	if err != nil {
		return nil
	}
	s := r.seatOf(jid)
	if s == nil || s.occupant != r.nicked(values.Text(fieldRoomnick)) {
		return nil
	}
	return s
}
