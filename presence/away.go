package presence

import (
	"context"
	"strings"
	"sync"
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
	if !over && m.doubts.begun(h.Domain, domain) {
		return
	}
	asked := map[*router.Account]map[stanza.JID]bool{}
	for _, jid := range m.watchers.list(domain) {
		a := m.listening(jid)
		if a == nil || a.Host != h {
			continue
		}
		s, ok := m.seen.Peek(a)
		switch {
		case !ok:
		case over:
			m.withdraw(ctx, m.take(jid, s, domain, func(sight, bool) bool { return true }))
		default:
			if list := m.ask(ctx, a, s.doubt(domain)); len(list) > 0 {
				asked[a] = list
			}
		}
	}
	switch {
	case over:
	case len(asked) == 0:
		m.doubts.over(h.Domain, domain)
	default:
		h.Go("presence of "+domain, func(ctx context.Context) {
			m.settle(ctx, domain, asked)
			if m.doubts.over(h.Domain, domain) && ctx.Err() == nil {
				m.away(ctx, h, domain, false)
			}
		})
	}
}

// doubts are the domains that are asked for their users' presence now, by ours:
// however often streams break, they are asked once in a while.
type doubts struct {
	mu sync.Mutex
	of map[[2]string]bool // true: another stream has broken meanwhile
}

// begun notes that a stream has broken. It is true if the domain is asked
// already.
func (d *doubts) begun(local, remote string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.of[[2]string{local, remote}]; ok {
		d.of[[2]string{local, remote}] = true
		return true
	}
	if d.of == nil {
		d.of = map[[2]string]bool{}
	}
	d.of[[2]string{local, strings.Clone(remote)}] = false
	return false
}

// over says that the time to answer is over. It is true if another stream has
// broken in it.
func (d *doubts) over(local, remote string) (again bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	again = d.of[[2]string{local, remote}]
	delete(d.of, [2]string{local, remote})
	return again
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
func (m *Presence) settle(ctx context.Context, domain string,
	asked map[*router.Account]map[stanza.JID]bool) {
	select {
	case <-time.After(doubtFor):
	case <-ctx.Done():
		return
	}
	for a, contacts := range asked {
		if s, ok := m.seen.Peek(a); ok {
			m.withdraw(ctx, m.take(a.JID, s, domain, func(g sight, doubtful bool) bool {
				return doubtful && contacts[g.from.Bare()]
			}))
		}
	}
}
