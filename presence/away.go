package presence

import (
	"context"
	"time"

	"parley/router"
	"parley/stanza"
)

// doubtFor is how long a contact's server has, behind a stream that broke, to
// say who is still there.
const doubtFor = time.Minute

// away is told that a domain cannot be reached, so that the presence that its
// users had shown is over; or that a stream with it has broken. Then its server
// may have been killed, with users who will never say that they are gone: it is
// asked for those that are subscribed to (RFC 6121 section 4.3.1, Server
// Generation of Outbound Presence Probe).
func (m *Presence) away(ctx context.Context, h *router.Host, domain string, over bool) {
	asked := map[*router.Account]map[stanza.JID]bool{}
	for _, a := range m.watching(h) {
		s, ok := m.seen.Peek(a)
		switch {
		case !ok:
		case over:
			m.withdraw(ctx, s.take(func(g sight, _ bool) bool { return g.from.Domain() == domain }))
		default:
			if list := m.ask(ctx, a, s.doubt(domain)); len(list) > 0 {
				asked[a] = list
			}
		}
	}
	if len(asked) > 0 {
		h.Go("presence of "+domain, func(ctx context.Context) { m.settle(ctx, asked) })
	}
}

// watching are the accounts of a host with an available resource.
func (m *Presence) watching(h *router.Host) (list []*router.Account) {
	known := map[*router.Account]bool{}
	m.router.Sessions(func(s *router.Session) bool {
		if a := s.Account; s.Host == h && s.Presence() != nil && !known[a] {
			known[a] = true
			list = append(list, a)
		}
		return true
	})
	return list
}

// ask probes those of the contacts that the account is subscribed to, and says
// which they are.
func (m *Presence) ask(ctx context.Context, a *router.Account,
	contacts map[stanza.JID]bool) map[stanza.JID]bool {
	probe := stanza.MustParse("<presence type='probe'/>")
	for jid := range contacts {
		to, _, err := m.roster.Subscribed(ctx, a, jid)
		if err != nil {
			m.router.Log.Error("contact not probed", "from", a.JID, "to", jid, "err", err)
		}
		if !to {
			delete(contacts, jid)
			continue
		}
		m.router.RouteAs(ctx, a, probe, a.JID, jid)
	}
	return contacts
}

// settle withdraws, after a while, what those who were asked have not shown
// again.
func (m *Presence) settle(ctx context.Context, asked map[*router.Account]map[stanza.JID]bool) {
	select {
	case <-time.After(doubtFor):
	case <-ctx.Done():
		return
	}
	for a, contacts := range asked {
		if s, ok := m.seen.Peek(a); ok {
			m.withdraw(ctx, s.take(func(g sight, doubtful bool) bool {
				return doubtful && contacts[g.from.Bare()]
			}))
		}
	}
}
