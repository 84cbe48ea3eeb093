package muc

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"parley/stanza"
)

// absent are the members who are not inside and do not know yet that something
// was said. They are told once, until they have been inside or read the archive.
type absent struct {
	known bool // whether list holds
	list  []stanza.JID
	told  map[stanza.JID]bool
}

// seen notes that a user has been inside, or has read what was said. The lock is
// held.
func (r *Room) seen(user stanza.JID) {
	delete(r.absent.told, user)
	r.absent.known = false
}

// absentees are those to be told now of a message; they count as told. The lock
// is held.
func (r *Room) absentees() (list []stanza.JID) {
	a := &r.absent
	if !r.config.Away {
		return nil
	}
	if !a.known {
		a.list, a.known = r.membersOutside(), true
	}
	list, a.list = a.list, nil
	if a.told == nil && len(list) > 0 {
		a.told = map[stanza.JID]bool{}
	}
	for _, user := range list {
		a.told[user] = true
	}
	return list
}

// membersOutside are the members, admins and owners at this server who are not
// inside and were not told.
func (r *Room) membersOutside() (list []stanza.JID) {
	inside := map[stanza.JID]bool{}
	for _, o := range r.order {
		inside[o.user] = true
	}
	for user, u := range r.users {
		if u.affiliation >= Member && !inside[user] && !r.absent.told[user] && r.isLocal(user) {
			list = append(list, user)
		}
	}
	return list
}

// isLocal says whether somebody may have an account here.
func (r *Room) isLocal(user stanza.JID) bool {
	h := r.service.host.Router.Host(user.Domain())
	return h != nil && h.Accounts && user.Local() != ""
}

// tellAbsent has the accounts of members learn that something was said, so that
// their devices can be woken. It is in their room, not on its way to them: no
// message is sent, and no text is told.
func (r *Room) tellAbsent(list []stanza.JID) {
	if len(list) == 0 {
		return
	}
	var b stanza.Builder
	st := b.Start("message", "", "from", r.jid.String(), "type", "groupchat").
		Elem("body", "", "").End().Stanza()
	h := r.service.host
	h.Go("absent members of "+r.jid.String(), func(ctx context.Context) {
		for _, user := range list {
			h.Router.After(ctx, st, user)
		}
	})
}

const (
	nsReference = "urn:xmpp:reference:0"
	nsMentions  = "urn:xmpp:mmn:0"
	nsForward   = "urn:xmpp:forward:0"
)

// mentioned are the affiliated users who are not inside and whom a message
// mentions, where the room forwards such messages (XEP-0452 section 3.2,
// Notifying a non-present user of being mentioned in a MUC). The lock is held.
func (r *Room) mentioned(st *stanza.Stanza) (list []stanza.JID) {
	if !r.config.Mentions || !st.Has(nsReference, "reference") {
		return nil
	}
	for _, c := range st.Children() {
		if c.NS != nsReference || c.Name != "reference" {
			continue
		}
		e := st.Element(c)
		user, ok := r.referred(e.Attr("uri"))
		if ok && e.Attr("type") == "mention" && r.users[user].affiliation >= Member &&
			!r.isInside(user) && !slices.Contains(list, user) {
			list = append(list, user)
		}
	}
	return list
}

// referred is whose address an xmpp: URI holds, also by the nickname that a user
// has reserved.
func (r *Room) referred(uri string) (user stanza.JID, ok bool) {
	text, isXMPP := strings.CutPrefix(uri, "xmpp:")
	text, _, _ = strings.Cut(text, "?")
	text, err := url.PathUnescape(text)
	jid, wrong := stanza.ParseJID(text)
	if !isXMPP || err != nil || wrong != nil {
		return user, false
	}
	if jid.Bare() == r.jid {
		user, ok = r.reserved[nickKey(jid.Resource())]
		return user, ok
	}
	return jid.Bare().Clone(), true
}

// forward sends those who are mentioned the message as all got it, inside one
// from the room (XEP-0452 section 3.2).
func (r *Room) forward(ctx context.Context, u *utterance, st *stanza.Stanza, list []stanza.JID) {
	for _, user := range list {
		var e stanza.Edits
		e.Set("to", r.jid.String())
		var b stanza.Builder
		b.Start("message", "", "from", r.jid.String(), "to", user.String()).
			Start("mentions", nsMentions).Start("forwarded", nsForward).
			Raw(delay(r.jid, u.stamp)).
			Raw(string(st.Append(nil, &e, stanza.Out{XMLNS: true})))
		r.service.host.Router.Route(ctx, b.End().End().End().Stanza())
	}
}
