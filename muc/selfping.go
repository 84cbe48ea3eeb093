package muc

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/router"
	"parley/stanza"
)

// SelfPing implements XEP-0410: MUC Self-Ping (Schrödinger's Chat) in place of
// clients: it is a module of a domain with accounts, remembers which rooms of
// other servers the clients are in, and asks a room that has long been silent, or
// whose server could not be reached, whether they still are. A client that is not
// is told, and enters again.
type SelfPing struct {
	host *router.Host
	mark string   // what the ids of our pings begin with: nobody can know it
	of   sync.Map // *router.Session → *stays
}

var _ router.Module = (*SelfPing)(nil)

// stays are the rooms that a session is in.
type stays struct {
	mu sync.Mutex
	in map[stanza.JID]*stay // by the room's bare JID
}

// stay is a session's place in a room. The lock of its stays guards it.
type stay struct {
	at     stanza.JID // the occupant's address
	inside bool       // the room has said so
	heard  time.Time  // when the room last gave a sign
	doubt  bool       // the way there was broken since
	lost   bool       // and the client was shown that all others have gone
	next   time.Time  // when to ask at the earliest
	id     string     // of the last ping, "" if it was answered
}

// maxStays is how many rooms of other servers a session may be in and have
// watched.
const maxStays = 1000

// Register implements router.Module.
func (m *SelfPing) Register(h *router.Host) {
	m.host, m.mark = h, rand.Text()
	h.On(router.Deliver, router.OfMessage|router.OfPresence, "self-ping", m.deliver)
	h.On(router.Deliver, router.OfIQ, "self-ping", m.answer)
	h.OnUnbind(func(_ context.Context, s *router.Session) { m.of.Delete(s) })
	h.OnAway(m.away)
	h.Go("self-ping", m.watch)
}

// deliver watches what goes to rooms and comes from them.
func (m *SelfPing) deliver(_ context.Context, p *router.Packet) error {
	switch {
	case p.Side == router.Sending && p.Stanza.Kind == stanza.Presence && p.To.IsFull() && far(p):
		m.sent(p)
	case p.Side == router.Receiving && p.Kind == router.ToSession &&
		(p.Origin == router.Remote || p.Origin == router.Component):
		if l, ok := m.of.Load(p.Targets[0]); ok {
			l.(*stays).came(p)
		}
	}
	return nil
}

// far says whether a packet leaves this server. Rooms of its own do not forget
// who is inside.
func far(p *router.Packet) bool {
	return p.Kind == router.ToRemote || p.Dest != nil && p.Dest.Forward != nil
}

// sent notes who enters or leaves.
func (m *SelfPing) sent(p *router.Packet) {
	switch {
	case p.Stanza.Type == "" && p.Stanza.Has(nsMUC, "x"):
		l, _ := m.of.LoadOrStore(p.Sender, &stays{in: map[stanza.JID]*stay{}})
		l.(*stays).enter(p.To)
	case p.Stanza.Type == "unavailable":
		if l, ok := m.of.Load(p.Sender); ok {
			l.(*stays).leave(p.To.Bare())
		}
	}
}

func (l *stays) enter(at stanza.JID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.in[at.Bare()]; s == nil && len(l.in) < maxStays {
		at = at.Clone()
		l.in[at.Bare()] = &stay{at: at, heard: time.Now()}
	}
}

func (l *stays) leave(room stanza.JID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.in, room)
}

// came notes what a room sends.
func (l *stays) came(p *router.Packet) {
	room := p.From.Bare()
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.in[room]
	if s == nil {
		return
	}
	s.heard = time.Now()
	if p.Stanza.Kind != stanza.Presence {
		return
	}
	switch codes := statusCodes(p.Stanza); {
	case p.Stanza.Type == "error":
		if !s.inside {
			delete(l.in, room)
		}
	case p.From != s.at && !slices.Contains(codes, "110"):
	case p.Stanza.Type == "":
		// What it was sent before, or is sent now, shows who is there.
		s.inside, s.doubt, s.lost = true, false, false
		s.at = p.From.Clone()
	case !slices.Contains(codes, "303"):
		delete(l.in, room)
	}
}

// statusCodes are the status codes that a presence of a room holds (XEP-0045
// section 12, Status Codes).
func statusCodes(st *stanza.Stanza) (list []string) {
	c, ok := st.Child(nsUser, "x")
	if !ok {
		return nil
	}
	for _, e := range st.Element(c).Children {
		if e.Name == "status" {
			list = append(list, strings.Clone(e.Attr("code")))
		}
	}
	return list
}
