package muc

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"parley/router"
	"parley/stanza"
)

const (
	silence   = 15 * time.Minute // XEP-0410 section 3.2, Performing a Self-Ping
	lookEvery = time.Minute
	pingAgain = 2 * time.Minute // where none was answered
)

// away is told that the way to another domain is broken: who was in its rooms
// may not be there any more.
func (m *SelfPing) away(ctx context.Context, domain string, gone bool) {
	m.each(func(s *router.Session, l *stays) {
		l.mu.Lock()
		for room, st := range l.in {
			if room.Domain() == domain {
				st.doubt, st.lost, st.next = true, st.lost || gone, time.Time{}
			}
		}
		l.mu.Unlock()
		m.look(ctx, s, l)
	})
}

// watch looks at all stays now and then, until ctx ends.
func (m *SelfPing) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.each(func(s *router.Session, l *stays) { m.look(ctx, s, l) })
		}
	}
}

func (m *SelfPing) each(fn func(s *router.Session, l *stays)) {
	m.of.Range(func(s, l any) bool {
		fn(s.(*router.Session), l.(*stays))
		return true
	})
}

// look asks the rooms that must be asked. Those of a client that has lost its
// connection are asked when it is back: the ping may come back to itself
// (XEP-0410 section 4, Implementation Notes).
func (m *SelfPing) look(ctx context.Context, s *router.Session, l *stays) {
	if s.Detached() {
		return
	}
	for id, at := range l.due(m.mark) {
		// XEP-0410 section 3.2, Performing a Self-Ping
		var b stanza.Builder
		m.host.Router.Route(ctx, b.Start("iq", "", "type", "get", "id", id, "from", s.JID.String(),
			"to", at.String()).Start("ping", "urn:xmpp:ping").End().End().Stanza())
	}
}

// due are the addresses to ping now, by the id to do it with.
func (l *stays) due(mark string) map[string]stanza.JID {
	list := map[string]stanza.JID{}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, st := range l.in {
		if st.inside && (st.doubt || now.Sub(st.heard) >= silence) && !now.Before(st.next) {
			st.id, st.next = mark+rand.Text(), now.Add(pingAgain)
			list[st.id] = st.at
		}
	}
	return list
}

// answer takes the answers to our pings; they do not reach the client, also if
// they come late.
func (m *SelfPing) answer(_ context.Context, p *router.Packet) error {
	if p.Side != router.Receiving || !strings.HasPrefix(p.Stanza.ID, m.mark) ||
		p.Stanza.Type != "result" && p.Stanza.Type != "error" {
		return nil
	}
	if p.Kind == router.ToSession {
		s := p.Targets[0]
		if l, ok := m.of.Load(s); ok && l.(*stays).learn(p) {
			s.Push(outside(s.JID, p.From))
		}
	}
	return router.Handled
}

// learn takes an answer. It is true if the client is to be told that it is not
// inside: it is not, or it cannot know any more who else is.
func (l *stays) learn(p *router.Packet) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	st := l.in[p.From.Bare()]
	if st == nil || st.at != p.From || st.id != p.Stanza.ID {
		return false
	}
	st.id = ""
	known, inside := seated(p.Stanza)
	switch {
	case !known:
		st.doubt = true
		return false
	case inside && !st.lost:
		st.doubt, st.heard = false, time.Now()
		return false
	}
	delete(l.in, st.at.Bare())
	return true
}

// seated reads an answer as XEP-0410 section 3.2 (Performing a Self-Ping) says.
// Nothing is known if the room could not be reached.
func seated(answer *stanza.Stanza) (known, inside bool) {
	if answer.Type == "result" {
		return true, true
	}
	e := stanza.ParseError(answer)
	if e == nil {
		return false, false
	}
	switch e.Condition {
	case "service-unavailable", "feature-not-implemented", "item-not-found":
		return true, true
	case "remote-server-not-found", "remote-server-timeout":
		return false, false
	}
	return true, false
}

// outside is the presence by which a client learns that it is not in a room any
// more, because of a technical problem (XEP-0045 section 11.1, Service removes
// user because of error response).
func outside(to, at stanza.JID) *stanza.Stanza {
	n := note{}
	var b stanza.Builder
	return b.Start("presence", "", "from", at.String(), "to", to.String(), "type", "unavailable").
		Raw(n.xml(None, NoRole, stanza.JID{}, []int{110, 333})).End().Stanza()
}
