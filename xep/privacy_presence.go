package xep

import (
	"context"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// showLists tells contacts and sessions, by presence, what other privacy lists
// mean for whom they see. before are the lists that were in force until now.
func (m *Blocking) showLists(ctx context.Context, a *router.Account,
	before map[*router.Session]*ruleList, now *lists) {
	contacts, err := m.contacts.Subscriptions(ctx, a)
	if err != nil {
		m.host.Router.Log.Error("read contacts", "account", a.JID, "err", err)
	}
	for s, was := range before {
		c := listsChange{m, s, was, now.inForce(s)}
		c.withdrawDirected(ctx)
		for _, one := range contacts {
			if s.Presence() == nil || now.blocks().names(one.JID) {
				continue // there is nothing to see, or nothing changes
			}
			if one.From {
				c.outbound(ctx, one.JID)
			}
			if one.To {
				c.inbound(ctx, one.JID)
			}
		}
	}
}

// listsChange is a session whose privacy list is another one now.
type listsChange struct {
	m        *Blocking
	session  *router.Session
	was, now *ruleList
}

// denied says whether stanzas of a kind were kept back and whether they are.
func (c *listsChange) denied(ctx context.Context, jid stanza.JID, kind store.Kinds) (was, now bool) {
	q := query{ctx, c.m.contacts, c.session.Account, jid, kind}
	was, err := c.was.denies(&q)
	if err == nil {
		now, err = c.now.denies(&q)
	}
	if err != nil {
		c.m.host.Router.Log.Error("apply privacy list", "session", c.session.JID, "err", err)
		return false, false
	}
	return was, now
}

// outbound sends the session's presence to a contact that may see it from now
// on, and unavailable presence to one that may not any more (XEP-0016 section
// 2.11, Blocking Outbound Presence Notifications).
func (c *listsChange) outbound(ctx context.Context, contact stanza.JID) {
	was, now := c.denied(ctx, contact, store.KindPresenceOut)
	presence := c.session.Presence()
	if was == now || presence == nil {
		return
	}
	st := presence.Stanza
	if now {
		st = stanza.MustParse("<presence type='unavailable'/>")
	}
	c.m.host.Router.RouteAs(ctx, nil, st, c.session.JID, contact)
}

// withdrawDirected does the same for directed presence, which is not sent again.
func (c *listsChange) withdrawDirected(ctx context.Context) {
	if c.m.host.Presences == nil {
		return
	}
	c.m.host.Presences.WithdrawDirected(ctx, c.session, func(to stanza.JID) bool {
		_, now := c.denied(ctx, to, store.KindPresenceOut)
		return now && !exempt(c.session.Account, to)
	})
}

// inbound tells the session that a contact is unavailable whose presence is
// kept from it from now on (XEP-0016 section 2.10, Blocking Inbound Presence
// Notifications). Of contacts elsewhere nobody here knows the resources: the
// bare address stands for all of them.
func (c *listsChange) inbound(ctx context.Context, contact stanza.JID) {
	st := stanza.MustParse("<presence type='unavailable'/>")
	for _, from := range c.m.seen(contact) {
		if was, now := c.denied(ctx, from, store.KindPresenceIn); was || !now {
			continue
		}
		// A stanza that has no from but by its edits is the server's own word,
		// which the list does not keep back.
		var e stanza.Edits
		e.Set("from", from.String())
		e.Set("to", c.session.JID.String())
		c.session.PushWith(st, &e)
	}
}

// seen are the addresses from which a contact's presence comes.
func (m *Blocking) seen(contact stanza.JID) (list []stanza.JID) {
	if h := m.host.Router.Host(contact.Domain()); h == nil || !h.Accounts {
		return []stanza.JID{contact}
	}
	a := m.host.Router.Online(contact)
	if a == nil {
		return nil
	}
	for _, s := range a.Sessions() {
		if s.Presence() != nil {
			list = append(list, s.JID)
		}
	}
	return list
}
