package presence

import (
	"context"

	"parley/roster"
	"parley/router"
	"parley/stanza"
)

// enter gives a resource that has become available what it has missed: the
// presence of the user's other resources and contacts, and the subscription
// requests that wait for an answer (RFC 6121 section 4.2.2, Server Processing
// of Outbound Initial Presence). first says that it is the only one available.
func (m *Presence) enter(ctx context.Context, s *router.Session, all *roster.Contacts,
	first bool) error {
	for _, o := range s.Account.Sessions() {
		if o != s {
			current(o, func(st *stanza.Stanza) { push(s, st, o.JID) })
		}
	}
	ask := stanza.MustParse("<presence type='probe'/>")
	for c := range all.All() {
		switch local := m.isLocal(c.JID); {
		case c.To && local:
			m.show(ctx, s, c.JID)
		case c.To:
			// RFC 6121 section 4.3.1, Server Generation of Outbound Presence
			// Probe: between the bare addresses.
			m.router.RouteAs(ctx, s.Account, ask, s.Account.JID, c.JID)
		case c.Ask && !local && first:
			m.again(ctx, s.Account, c.JID)
		}
	}
	return m.requests(ctx, s)
}

// show gives the session a local contact's presence. No probe is needed, the
// server has it (RFC 6121 section 4.3.1, Server Generation of Outbound Presence
// Probe). If the contact's roster knows nothing of the subscription, the user's
// is put right as a probe's answer would (section 4.3.2, step 1).
func (m *Presence) show(ctx context.Context, s *router.Session, contact stanza.JID) {
	a := m.listening(contact)
	if a == nil {
		return
	}
	all, err := m.roster.Contacts(ctx, a)
	if err != nil {
		m.router.Log.Error("presence not shown", "from", contact, "to", s.JID, "err", err)
		return
	}
	if c, _ := all.Find(s.Account.JID); !c.From {
		m.router.Route(ctx, unsubscribed(a.JID, s.Account.JID, ""))
		return
	}
	m.showAll(ctx, a, s.JID)
}

// again repeats a request that a contact on another server has not answered;
// the first may have been lost (RFC 6121 section 3.1.2, Server Processing of
// Outbound Subscription Request).
func (m *Presence) again(ctx context.Context, a *router.Account, contact stanza.JID) {
	m.router.RouteAs(ctx, a, stanza.MustParse("<presence type='subscribe'/>"), a.JID, contact)
}

// requests shows the resource the requests that the user has not answered
// (RFC 6121 section 3.1.3, Server Processing of Inbound Subscription Request).
func (m *Presence) requests(ctx context.Context, s *router.Session) error {
	list, err := m.roster.Requests(ctx, s.Account)
	for _, st := range list {
		m.router.RouteAs(ctx, nil, st, st.From, s.JID)
	}
	return err
}
