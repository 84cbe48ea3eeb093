package presence

import (
	"context"
	"fmt"
	"time"

	"parley/roster"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// broadcast takes presence without to from a client: initial (RFC 6121 section
// 4.2), subsequent (4.4) or unavailable (4.5).
func (m *Presence) broadcast(ctx context.Context, p *router.Packet) error {
	s := p.Sender
	st, err := own(p)
	if err != nil {
		return fmt.Errorf("copy presence: %w", err)
	}
	var next *router.Presence
	if p.Stanza.Type == available {
		prio, err := priority(st)
		if err != nil {
			return err
		}
		next = &router.Presence{Stanza: st, Priority: prio}
	}
	before, first := s.Presence(), !isAvailable(s.Account)
	all, err := m.change(ctx, s, next)
	switch {
	case err != nil:
		return err
	case next == nil:
		s.SetCaps(nil)
		m.leave(ctx, s, before, st, all)
		return nil
	}
	m.tell(ctx, s, st, all)
	if before == nil {
		err = m.enter(ctx, s, all, first)
	}
	m.learn(ctx, s, st)
	return err
}

// Again sends a session's presence anew because what the server adds to it is
// other than before, unless the client has sent another meanwhile.
func (m *Presence) Again(ctx context.Context, s *router.Session, before *router.Presence,
	st *stanza.Stanza) error {
	if !s.SwapPresence(before, &router.Presence{Stanza: st, Priority: before.Priority}) {
		return nil
	}
	all, err := m.roster.Contacts(ctx, s.Account)
	if err != nil {
		return fmt.Errorf("send presence again: %w", err)
	}
	m.tell(ctx, s, st, all)
	return nil
}

// change sets the session's presence and then reads the contacts: whoever is
// approved in between sees the presence, or is among the contacts.
func (m *Presence) change(ctx context.Context, s *router.Session, to *router.Presence) (
	*roster.Contacts, error) {
	if _, err := m.roster.Contacts(ctx, s.Account); err != nil {
		return nil, err // they are in memory from here on
	}
	s.SetPresence(to)
	return m.roster.Contacts(ctx, s.Account)
}

// tell sends a resource's presence to all who receive it: contacts with a
// subscription "from" or "both", and the user's own available resources, also
// the one that it is about (RFC 6121 sections 4.2.2, 4.4.2 and 4.5.2, Server
// Processing of Outbound Initial, Subsequent and Unavailable Presence).
func (m *Presence) tell(ctx context.Context, s *router.Session, st *stanza.Stanza,
	all *roster.Contacts) {
	for _, o := range s.Account.Sessions() {
		if o == s || o.Presence() != nil {
			push(o, st, s.JID)
		}
	}
	for c := range all.All() {
		if c.From && (!m.isLocal(c.JID) || m.listening(c.JID) != nil) {
			m.router.RouteFrom(ctx, s, st, c.JID)
		}
	}
}

// push sends presence to one of the user's own resources.
func push(o *router.Session, st *stanza.Stanza, from stanza.JID) {
	var e stanza.Edits
	e.Set("from", from.String())
	e.Set("to", o.JID.String())
	o.PushWith(st, &e)
}

// leave tells that a resource is not available any more: those who knew it by
// subscription, if it was available, and those it sent directed presence to
// (RFC 6121 section 4.5.2, Server Processing of Outbound Unavailable Presence).
func (m *Presence) leave(ctx context.Context, s *router.Session, before *router.Presence,
	st *stanza.Stanza, all *roster.Contacts) {
	if before != nil {
		m.tell(ctx, s, st, all)
		m.lastSeen(s.Account, status(st))
		m.forgetSeen(s.Account)
	}
	for _, to := range m.directedOf(s).take(func(stanza.JID) bool { return true }) {
		if c, _ := all.Find(to.Bare()); before != nil && c.From {
			continue // has just been told
		}
		m.router.RouteFrom(ctx, s, st, to)
	}
}

// unbound tells of a session that has ended without saying so (RFC 6121
// section 4.5.2: the server does it on the user's behalf).
func (m *Presence) unbound(ctx context.Context, s *router.Session) {
	defer m.directed.Delete(s)
	all, err := m.roster.Contacts(ctx, s.Account)
	if err != nil {
		m.router.Log.Error("presence not withdrawn", "from", s.JID, "err", err)
		return
	}
	m.leave(ctx, s, s.Presence(), gone(), all)
	s.SetPresence(nil)
	s.SetCaps(nil)
}

// lastSeen notes when the account's last resource has become unavailable, for
// probes (RFC 6121 section 4.3.2) and XEP-0012 section 4 (Offline User Query).
func (m *Presence) lastSeen(a *router.Account, status string) {
	if isAvailable(a) {
		return
	}
	now := time.Now()
	m.router.Store.WriteLater(func(tx *store.Tx) error {
		return tx.SetLastActivity(a.ID, now, status)
	}, func(err error) {
		if err != nil {
			m.router.Log.Warn("last activity not stored", "account", a.JID, "err", err)
		}
	})
}
