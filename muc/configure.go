package muc

import (
	"context"
	"slices"
	"strings"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// configure takes a submitted form. A form without fields asks for an instant
// room (XEP-0045 section 10.1.2, Creating an Instant Room); a field that is
// absent, or unknown, changes nothing. The lock is held.
func (r *Room) configure(ctx context.Context, p *router.Packet, values form.Values) error {
	if values.Has("FORM_TYPE") && values.One("FORM_TYPE") != typeConfig {
		return stanza.BadRequest
	}
	c, err := r.configured(values)
	if err != nil {
		return err
	}
	a := action{by: standing{affiliation: Owner}, user: p.From.Bare(), actor: r.nickOf(p.From)}
	if a.changes, err = r.listed(values, c.MembersOnly); err != nil {
		return err
	}
	if !r.ownerRemains(a.changes) {
		// XEP-0045 section 10.2, Subsequent Room Configuration
		return stanza.Conflict
	}
	if err := r.enough(a.changes); err != nil {
		return err
	}
	r.reconfigure(ctx, p, c, &a)
	return router.Handled
}

// configured is the configuration that a form asks for.
func (r *Room) configured(values form.Values) (Config, error) {
	c := r.config
	c.Locked, c.Settled = false, true
	for _, s := range settings(r.service.policy()) {
		if !values.Has(s.Var) {
			continue
		}
		if err := s.set(&c, values[s.Var]); err != nil {
			return c, err
		}
	}
	if c.MembersOnly != r.config.MembersOnly && !values.Has(fieldAway) {
		c.Away = c.MembersOnly // who belongs to the room wants to hear of it
	}
	return c, c.setPassword(values)
}

// setPassword takes the password, which must be one if one is needed (XEP-0045
// section 10.1.3, Creating a Reserved Room).
func (c *Config) setPassword(values form.Values) error {
	const flag, field = roomConfig + "passwordprotectedroom", roomConfig + "roomsecret"
	secret, needed := c.Password, c.Password != ""
	if values.Has(field) {
		secret = values.Text(field)
		needed = needed || secret != ""
	}
	if values.Has(flag) {
		var err error
		if needed, err = truth(values.Text(flag)); err != nil {
			return err
		}
	}
	switch {
	case !needed:
		c.Password = ""
	case secret == "":
		return unacceptable("A password is needed to protect the room.")
	case len(secret) > maxPassword:
		return unacceptable("The password is too long.")
	default:
		c.Password = secret
	}
	return nil
}

const maxPassword = 1024

// listed are the changes that make the lists of owners and admins those of the
// form (XEP-0045 section 10.2, Subsequent Room Configuration): who is an owner no
// more is an admin, who is an admin no more stays a member of a members-only
// room.
func (r *Room) listed(values form.Values, membersOnly bool) ([]change, error) {
	want := map[stanza.JID]Affiliation{}
	for _, l := range []struct {
		name string
		a    Affiliation
		less Affiliation
	}{{"roomadmins", Admin, None}, {"roomowners", Owner, Admin}} {
		if !values.Has(roomConfig + l.name) {
			continue
		}
		if l.a == Admin && membersOnly {
			l.less = Member
		}
		for _, jid := range r.affiliated(l.a) {
			if _, ok := want[jid]; !ok {
				want[jid] = l.less
			}
		}
		for _, text := range values.Each(roomConfig + l.name) {
			jid, err := stanza.ParseJID(text)
			if err != nil || jid.Local() == "" {
				return nil, unacceptable("An address is none: " + text)
			}
			jid = jid.Bare().Clone()
			if l.a == Admin && r.users[jid].affiliation == Owner && !values.Has(roomConfig+"roomowners") {
				continue // an owner is an admin too
			}
			want[jid] = l.a
		}
	}
	var list []change
	for jid, a := range want {
		if was := r.users[jid].affiliation; was != a {
			list = append(list, change{user: jid, affiliation: a})
		}
	}
	slices.SortFunc(list, func(a, b change) int {
		return strings.Compare(a.user.String(), b.user.String())
	})
	return list, nil
}

// reconfigure changes the configuration and what follows from it. The lock is
// held.
func (r *Room) reconfigure(ctx context.Context, p *router.Packet, c Config, a *action) {
	before := r.config
	outside := r.outside(a.changes)
	was := map[*occupant]standing{}
	for _, o := range r.order {
		was[o] = standing{r.affiliation(o.user), o.role}
	}
	r.config, r.audience = c, nil
	effects := r.settle(r.effects(a.changes), was, &before)
	r.removes(effects)
	own, others := r.announce(effects, a.actor)
	others = append(others, r.showOthers(effects, &before)...)
	told := append(r.announceOutside(outside), r.inviteMembers(outside, a.user)...)
	told = append(told, r.news(&before)...)
	rows, text := r.rows(a.changes), c.text()
	write := func(tx *store.Tx) error {
		if err := tx.SetRoomConfig(r.row.Load(), text); err != nil || rows == nil {
			return err
		}
		return rows(tx)
	}
	r.writeFor(ctx, p, write, outcome{
		announce: func(ctx context.Context) {
			r.result(ctx, p)
			own.run(ctx)
			others.run(ctx)
			told.run(ctx)
		},
		otherwise: r.announceLoss(effects).run,
	})
	r.emptied(ctx)
}

// settle adds to the effects of changed affiliations those of the configuration:
// who is no member leaves a room that is for members only now (XEP-0045 section
// 10.2, Subsequent Room Configuration), and where nobody needs to be given voice
// any more, all have it.
func (r *Room) settle(effects []*effect, was map[*occupant]standing, before *Config) []*effect {
	known := map[*occupant]*effect{}
	for _, e := range effects {
		known[e.occupant] = e
	}
	for _, o := range r.order {
		e := known[o]
		if e == nil {
			e = &effect{occupant: o, was: was[o]}
		}
		switch a := r.affiliation(o.user); {
		case e.code != 0:
			continue
		case r.config.MembersOnly && !before.MembersOnly && a < Member:
			e.code = nowMembers
		case before.Moderated && !r.config.Moderated && o.role == Visitor:
			o.role = r.roleOf(o.user)
		}
		if known[o] == nil && (e.code != 0 || e.was.role != o.role) {
			effects = append(effects, e)
		}
	}
	return effects
}

// showOthers shows and hides those whose presence is sent to all now, or no
// longer (XEP-0045 section 7.2.2, Presence Broadcast). Those who have changed have
// been announced already.
func (r *Room) showOthers(effects []*effect, before *Config) (told sent) {
	if before.Broadcast == r.config.Broadcast {
		return nil
	}
	done := map[*occupant]bool{}
	for _, e := range effects {
		done[e.occupant] = true
	}
	all := r.viewers()
	for _, o := range r.order {
		seen, sees := o.role >= before.Broadcast, o.role >= r.config.Broadcast
		if done[o] || seen == sees {
			continue
		}
		sh := r.show(o.main(), note{})
		if seen {
			sh = r.showGone(o.main(), nil, note{})
		}
		rest := blind(all, o)
		told = append(told, func(ctx context.Context) { sh.to(ctx, r, rest) })
	}
	return told
}

// news says what of the configuration has changed (XEP-0045 section 10.2.1,
// Notification of Configuration Changes).
func (r *Room) news(before *Config) sent {
	codes := changes(before, &r.config)
	if codes == nil {
		return nil
	}
	st, to := r.changed(codes...), r.viewers()
	return sent{func(ctx context.Context) {
		for _, v := range to {
			r.send(ctx, st, v.jid)
		}
	}}
}

// changes are the status codes of what is other than before: what concerns
// privacy has one each, all the rest one together.
func changes(before, now *Config) (codes []int) {
	a, b := *before, *now
	if a.Archive != b.Archive {
		codes = append(codes, codeFor(b.Archive, 170, 171))
	}
	if a.NonAnonymous != b.NonAnonymous {
		codes = append(codes, codeFor(b.NonAnonymous, 172, 173))
	}
	b.Archive, b.NonAnonymous = a.Archive, a.NonAnonymous
	b.Locked, b.Settled = a.Locked, a.Settled
	if a.text() != b.text() {
		codes = append([]int{104}, codes...)
	}
	return codes
}

func codeFor(on bool, yes, no int) int {
	if on {
		return yes
	}
	return no
}
