package muc

import (
	"context"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
)

const typeConfig = nsMUC + "#roomconfig"

// configForm gives an owner the form of the configuration as it is (XEP-0045
// sections 10.1.3, Creating a Reserved Room, and 10.2, Subsequent Room
// Configuration). The lock is held.
func (r *Room) configForm(_ context.Context, p *router.Packet) error {
	if r.standing(p.From).affiliation != Owner {
		return stanza.Forbidden
	}
	var fields []form.Field
	for _, s := range settings(r.service.policy()) {
		s.Values = s.get(&r.config)
		fields = append(fields, s.Field)
	}
	fields = append(fields,
		form.Field{Var: roomConfig + "passwordprotectedroom", Type: "boolean",
			Label: "A password is needed to enter", Values: form.Bool(r.config.Password != "")},
		form.Field{Var: roomConfig + "roomsecret", Type: "text-private", Label: "Password",
			Values: []string{r.config.Password}},
		form.Field{Var: roomConfig + "roomadmins", Type: "jid-multi", Label: "Admins",
			Values: texts(r.affiliated(Admin))},
		form.Field{Var: roomConfig + "roomowners", Type: "jid-multi", Label: "Owners",
			Values: texts(r.affiliated(Owner))})
	if len(r.avatar) > 0 { // to be looked at; it is changed with the vCard
		fields = append(fields, form.Field{Var: "muc#roominfo_avatarhash", Type: "fixed",
			Label: "Avatar hash", Values: r.avatar})
	}
	var b stanza.Builder
	p.Result(b.Start("query", nsOwner).
		Raw(form.XML("form", "Configuration of "+r.jid.String(), typeConfig, fields...)).End().String())
	return nil
}

func texts(list []stanza.JID) []string {
	t := make([]string, len(list))
	for i, jid := range list {
		t[i] = jid.String()
	}
	return t
}

// own does what owners may: configure the room, or destroy it. The lock is held.
func (r *Room) own(ctx context.Context, p *router.Packet) error {
	if r.standing(p.From).affiliation != Owner {
		return stanza.Forbidden
	}
	query := p.Payload()
	if d := query.Child("", "destroy"); d != nil {
		return r.destroy(ctx, p, d)
	}
	x := query.Child(form.NS, "x")
	switch x.Attr("type") {
	case "submit":
		return r.configure(ctx, p, form.Fields(x))
	case "cancel":
		if r.locked() {
			// XEP-0045 section 10.1.3: who cancels the initial configuration has
			// no room
			r.destroyFor(ctx, p, "<destroy/>")
			return router.Handled
		}
		p.Result("") // section 10.2: all is as it was
		return nil
	}
	return stanza.BadRequest
}

// destroy removes the room and all who are inside (XEP-0045 section 10.9,
// Destroying a Room).
func (r *Room) destroy(ctx context.Context, p *router.Packet, d *stanza.Element) error {
	var b stanza.Builder
	b.Start("destroy", "")
	if venue := d.Attr("jid"); venue != "" {
		jid, err := stanza.ParseJID(venue)
		if err != nil {
			return stanza.JIDMalformed
		}
		b.Attr("jid", jid.String())
	}
	for _, name := range []string{"reason", "password"} {
		if text := d.ChildText("", name); text != "" {
			b.Elem(name, "", text)
		}
	}
	r.destroyFor(ctx, p, b.End().String())
	return router.Handled
}

// destroyFor removes the room: everybody is told of his own removal and of
// nobody else's, then who asked for it that it is done.
func (r *Room) destroyFor(ctx context.Context, p *router.Packet, destroy string) {
	type last struct {
		text *stanza.Stanza
		to   stanza.JID
	}
	var list []last
	n := note{destroy: destroy}
	for _, o := range r.order {
		var e stanza.Edits
		e.Set("from", o.jid.String())
		e.Last(n.xml(None, NoRole, stanza.JID{}, []int{110}))
		st := stanza.MustParse(string(removed.Append(nil, &e, stanza.Out{})))
		for _, s := range o.seats {
			list = append(list, last{st, s.jid})
		}
	}
	r.end(ctx, p, func(ctx context.Context) {
		for _, l := range list {
			r.send(ctx, l.text, l.to)
		}
		r.result(ctx, p)
	})
}
