package presence

import (
	"context"
	"time"

	"parley/internal/caps"
	"parley/router"
	"parley/stanza"
)

const (
	nsDiscoInfo = "http://jabber.org/protocol/disco#info"

	// askFor is how long a client may take to say what its hash stands for.
	askFor = 30 * time.Second
)

// entity is a resource that has announced capabilities: of a session, or of
// somebody at another domain whose presence reached an account.
type entity struct {
	account *router.Account
	jid     stanza.JID // full
	session *router.Session
	id      caps.ID
}

// learn takes a session's capabilities from its available presence. They stay
// as they were where presence says nothing of them.
func (m *Presence) learn(ctx context.Context, s *router.Session, st *stanza.Stanza) {
	if id, ok := caps.Read(st); ok {
		m.resolve(ctx, entity{s.Account, s.JID, s, id}, true)
	}
}

// learnRemote takes the capabilities of a resource at another domain from its
// presence. What they stand for is asked only of contacts: whoever sends
// presence could have us write to anybody.
func (m *Presence) learnRemote(ctx context.Context, p *router.Packet) error {
	id, ok := caps.Read(p.Stanza)
	if !ok || p.To.IsFull() || !p.From.IsFull() {
		return nil // a room's presence goes to a full address
	}
	to, from, err := m.roster.Subscribed(ctx, p.Account, p.From.Bare())
	if err == nil {
		m.resolve(ctx, entity{p.Account, p.From.Clone(), nil, id}, to || from)
	}
	return err
}

// resolve finds out what a hash stands for: from memory, or by asking the
// entity, as XEP-0115 section 5.4 (Processing Method) has it.
func (m *Presence) resolve(ctx context.Context, e entity, ask bool) {
	c, mine := m.caps.find(&e, ask)
	switch {
	case c != nil:
		m.known(ctx, &e, c)
	case mine:
		m.inquire(ctx, e)
	}
}

// known notes what an entity can do and tells those who want to know.
func (m *Presence) known(ctx context.Context, e *entity, c *router.Caps) {
	r := router.Resource{JID: e.jid, Session: e.session, Caps: c}
	if s := e.session; s != nil {
		r.Before = s.Caps()
		if p := s.Presence(); r.Before == c || p == nil {
			return
		} else if now, _ := caps.Read(p.Stanza); now != e.id {
			return // it is something else by now
		}
		s.SetCaps(c)
	}
	e.account.Host.TellCaps(ctx, e.account, r)
}

// inquire asks an entity what its hash stands for (XEP-0115 section 6.2,
// Discovering Capabilities), on behalf of the account.
func (m *Presence) inquire(ctx context.Context, e entity) {
	var b stanza.Builder
	iq := b.Start("iq", "", "type", "get", "from", e.account.JID.String(), "to", e.jid.String(),
		"id", "caps").Start("query", nsDiscoInfo, "node", e.id.DiscoNode()).End().End().Stanza()
	wait, cancel := context.WithTimeout(ctx, askFor)
	m.router.Request(wait, iq, func(answer *stanza.Stanza) {
		cancel()
		m.answered(ctx, &e, answer)
	})
}

// answered takes an entity's answer for all who have announced the same, first
// for itself, so that what it sends behind it finds it known. If the answer
// is none, the next of them is asked (XEP-0115 section 5.4, step 3.9).
func (m *Presence) answered(ctx context.Context, e *entity, answer *stanza.Stanza) {
	c := verified(e.id, answer)
	if c == nil {
		m.router.Log.Debug("capabilities not verified", "of", e.jid, "node", e.id.Node)
		if next, ok := m.caps.failed(e); ok {
			m.inquire(ctx, next)
		}
		return
	}
	others := m.caps.settle(e, c)
	m.known(ctx, e, c)
	if len(others) > 0 { // who answered does not wait for what they get
		e.account.Host.Go("capabilities", func(ctx context.Context) {
			for i := range others {
				m.known(ctx, &others[i], c)
			}
		})
	}
}

// maxFeatures is how many features a client may have.
const maxFeatures = 500

// verified is what an answer says, nil if it is none or its hash is wrong. A
// hash that cannot be made counts for the entity alone (XEP-0115 section 5.4,
// step 2).
func verified(id caps.ID, answer *stanza.Stanza) *router.Caps {
	if answer == nil || answer.Type != "result" {
		return nil
	}
	c, ok := answer.Child(nsDiscoInfo, "query")
	if !ok {
		return nil
	}
	query := answer.Element(c)
	if id.Verifiable() && id.Check(query) != nil {
		return nil
	}
	features := caps.Features(query)
	if len(features) > maxFeatures {
		return nil
	}
	for i, f := range features {
		features[i] = string([]byte(f)) // not the whole stanza
	}
	return router.NewCaps(features)
}
