package muc

import (
	"context"
	"crypto/rand"

	"parley/stanza"
)

// outsider is somebody who is not inside and whose affiliation changes.
type outsider struct {
	*change
	was Affiliation
}

// outside are the users an action is about who are not inside; memory is not
// changed yet.
func (r *Room) outside(list []change) (out []outsider) {
	inside := map[stanza.JID]bool{}
	for _, o := range r.order {
		inside[o.user] = true
	}
	for i := range list {
		c := &list[i]
		if c.occupant != nil || inside[c.user] {
			continue
		}
		if was := r.users[c.user].affiliation; was != c.affiliation {
			out = append(out, outsider{c, was})
		}
	}
	return out
}

// announceOutside tells those who see real JIDs, by a message from the room
// (XEP-0045 sections 10.3, Granting Owner Status, 10.6, Granting Admin Status,
// and 10.7, Revoking Admin Status, have this for owners and admins; clients
// that encrypt for all members need it for all).
func (r *Room) announceOutside(list []outsider) (told sent) {
	var to []viewer
	for _, v := range r.viewers() {
		if v.sees {
			to = append(to, v)
		}
	}
	for _, c := range list {
		n := note{reason: c.reason}
		var b stanza.Builder
		st := b.Start("message", "", "from", r.jid.String(), "id", rand.Text()).
			Raw(n.xml(c.affiliation, NoRole, c.user, nil)).End().Stanza()
		told = append(told, func(ctx context.Context) {
			for _, v := range to {
				r.send(ctx, st, v.jid)
			}
		})
	}
	return told
}

// inviteMembers invites those who have become members of a members-only room
// (XEP-0045 section 9.5, Modifying the Member List).
func (r *Room) inviteMembers(list []outsider, from stanza.JID) (told sent) {
	if !r.config.MembersOnly || from.IsZero() {
		return nil
	}
	for _, c := range list {
		if c.affiliation != Member || c.was != None || c.user.Local() == "" {
			continue
		}
		var b stanza.Builder
		b.Start("message", "", "from", r.jid.String(), "id", rand.Text()).Start("x", nsUser)
		b.Start("invite", "", "from", from.String())
		if c.reason != "" {
			b.Elem("reason", "", c.reason)
		}
		b.End()
		if r.config.Password != "" {
			b.Elem("password", "", r.config.Password)
		}
		// It is kept for those who are not there (XEP-0334 section 4.4, Store).
		st := b.End().Start("store", nsHints).End().End().Stanza()
		told = append(told, func(ctx context.Context) { r.send(ctx, st, c.user) })
	}
	return told
}
