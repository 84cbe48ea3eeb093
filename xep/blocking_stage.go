package xep

import (
	"context"
	"sync/atomic"

	"parley/router"
	"parley/stanza"
)

// book is an account's rules in memory.
type book struct{ now atomic.Pointer[lists] }

// open loads an account's rules.
func (m *Blocking) open(ctx context.Context, a *router.Account) (*book, error) {
	all, def, err := m.host.Router.Store.Rules(ctx, a.ID)
	b := new(book)
	b.now.Store(m.lists(all, def))
	return b, err
}

// refuse keeps back what is from or to those who are blocked.
func (m *Blocking) refuse(ctx context.Context, p *router.Packet) error {
	b, err := m.books.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	l := b.now.Load()
	if l == nil {
		return nil
	}
	if p.Side == router.Sending {
		return m.outbound(ctx, p, l)
	}
	if exempt(p.Account, p.From) {
		return nil
	}
	q := query{ctx, m.contacts, p.Account, p.From, kindIn(p.Stanza)}
	denied, err := l.blocked.denies(&q)
	if err == nil && !denied {
		denied, err = l.deniedByAll(&q, p.Targets)
	}
	switch {
	case err != nil:
		return err
	case denied && p.Stanza.Kind == stanza.Presence:
		return router.Handled // no answer, no error (XEP-0191 section 3.3, User Blocks JID)
	case denied:
		// The same section; results and errors are dropped without a word, as
		// the router never answers them.
		return stanza.ServiceUnavailable
	}
	return nil
}

// outbound keeps back what the user sends to those who are blocked.
func (m *Blocking) outbound(ctx context.Context, p *router.Packet, l *lists) error {
	if p.To.IsZero() || exempt(p.Account, p.To) {
		return nil
	}
	q := query{ctx, m.contacts, p.Account, p.To, kindOut(p.Stanza)}
	denied, err := l.blocked.denies(&q)
	if err != nil {
		return err
	}
	refusal := stanza.NotAcceptable.WithType(stanza.Cancel)
	if denied {
		// XEP-0191 section 3.3, User Blocks JID
		return refusal.WithApp("<blocked xmlns='" + nsBlockingErrors + "'/>")
	}
	denied, err = l.inForce(sender(p)).denies(&q)
	if denied && err == nil {
		// XEP-0016 section 2.14, Blocked Entity Attempts to Communicate with User
		return refusal
	}
	return err
}

// sender is the session whose list applies to what it sends, nil for the
// account's. A session that is leaving keeps its list to the last: who has seen
// it sees it go, and nobody else.
func sender(p *router.Packet) *router.Session {
	switch {
	case p.Sender != nil:
		return p.Sender
	case p.Behalf != nil:
		return p.Behalf
	}
	return p.Account.Session(p.From.Resource())
}

// exempt says that an address is the account's own or that of its server,
// which no rule is about.
func exempt(a *router.Account, j stanza.JID) bool {
	return j.Bare() == a.JID || j.Local() == "" && j.Domain() == a.Host.Domain
}

// write is the last look, for each session by the list that applies to it, and
// for messages stored before their sender was blocked.
func (m *Blocking) write(s *router.Session, p *router.Packet) bool {
	b, ok := m.books.Peek(s.Account)
	if !ok {
		return true
	}
	l := b.now.Load()
	// What the server made for the session has no from, or is its own word on
	// what the session sent.
	if l == nil || p.From.IsZero() || exempt(s.Account, p.From) ||
		p.Origin == router.Server && p.Stanza.Type == "error" {
		return true
	}
	q := query{context.Background(), m.contacts, s.Account, p.From, kindIn(p.Stanza)}
	for _, list := range [...]*ruleList{l.blocked, l.inForce(s)} {
		if denied, err := list.denies(&q); denied || err != nil {
			return false
		}
	}
	return true
}
