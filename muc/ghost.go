package muc

import (
	"context"
	"time"

	"parley/stanza"
)

// away is told that the way to another domain is broken. If nobody can be
// reached there any more, its users are not inside any more (XEP-0045 section
// 11.1, Service removes user because of error response). Behind a stream that
// broke, their server may have been killed, and then nobody will say that they
// are gone: they are felt for (section 18.1.2, Ghost Users).
func (m *Service) away(ctx context.Context, domain string, gone bool) {
	for _, r := range m.loaded() {
		_, _ = m.enter(ctx, r, func(r *Room) error {
			for _, s := range r.from(domain) {
				if gone {
					r.unseat(ctx, s, nil, note{codes: []int{333}, reason: "Error: remote-server-timeout"})
				} else {
					r.feel(ctx, s)
				}
			}
			return nil
		})
	}
}

// from are the seats of a domain's users, in the order of entering. The lock is
// held.
func (r *Room) from(domain string) (list []*seat) {
	for _, o := range r.order {
		if o.user.Domain() == domain {
			list = append(list, o.seats...)
		}
	}
	return list
}

// feel sends a client what shows nothing. If there is no such client any more,
// its server returns it (RFC 6121 section 8.5.3.2.1, Message): see bounced. A
// ping would not tell, as clients that do not know pings answer it with the same
// error.
func (r *Room) feel(ctx context.Context, s *seat) {
	var b stanza.Builder
	st := b.Start("message", "", "from", r.jid.String(), "type", "groupchat").
		Start("no-store", nsHints).End().End().Stanza()
	to := s.jid
	r.say(ctx, func(ctx context.Context) { r.send(ctx, st, to) })
}

// Farewell tells all occupants that the service stops (XEP-0045 section 11.2,
// Service removes user because of service shut down) and lets nobody in any
// more. The rooms stay as they are for those who come back. It returns when all
// that was said before is sent, or ctx ends.
func (m *Service) Farewell(ctx context.Context) {
	m.closed.Store(true)
	list := m.loaded()
	for _, r := range list {
		_, _ = m.enter(ctx, r, func(r *Room) error {
			r.farewell(ctx)
			return nil
		})
	}
	for _, r := range list {
		for !r.out.idle() && ctx.Err() == nil {
			select {
			case <-time.After(10 * time.Millisecond): // its last message is being stored
			case <-ctx.Done():
			}
		}
	}
}

// farewell sends everybody their own unavailable presence; nobody needs that of
// the others any more. The lock is held.
func (r *Room) farewell(ctx context.Context) {
	for _, o := range r.order {
		for _, s := range o.seats {
			gone := r.showGone(s, nil, note{codes: []int{332}})
			to := []viewer{{jid: s.jid, user: o, at: &s.at}}
			r.say(ctx, func(ctx context.Context) { gone.to(ctx, r, to) })
		}
	}
	clear(r.nicks)
	clear(r.seats)
	r.order, r.audience = nil, nil
}
