package archive

import (
	"context"
	"maps"

	"parley/router"
	"parley/stanza"
)

// mine lets in the account's own sessions only (XEP-0313 section 8.1, Data
// privacy). Accounts that do not exist answer alike.
func (m *Archive) mine(fn func(context.Context, *router.Packet, Box) error) router.Handler {
	return func(ctx context.Context, p *router.Packet) error {
		if p.Sender == nil || p.Account == nil || p.Sender.Account != p.Account {
			return stanza.Forbidden
		}
		return fn(ctx, p, Box{Owner: p.Account.ID, JID: p.Account.JID, Groupchat: true})
	}
}

// form says what may be asked for.
func (m *Archive) form(_ context.Context, p *router.Packet, box Box) error {
	return m.reader.Form(p, box)
}

// metadata says where the archive begins and ends.
func (m *Archive) metadata(ctx context.Context, p *router.Packet, box Box) error {
	return m.reader.Metadata(ctx, p, box)
}

// bound tells a client that binds its resource where its archive begins and ends
// at that moment (XEP-0386 section 3.2, Performing the bind).
func (m *Archive) bound(ctx context.Context, s *router.Session, _ *stanza.Element) string {
	xml, err := m.reader.ends(ctx, Box{Owner: s.Account.ID, JID: s.Account.JID})
	if err != nil {
		m.log.Error("read ends of archive", "account", s.Account.JID.String(), "err", err)
		return "" // the client can ask for it
	}
	return xml
}

// query answers a query of the account's own archive. What is on the page and
// owed is not sent again as an offline message (XEP-0313 section 6.1.1, User
// Archives).
func (m *Archive) query(ctx context.Context, p *router.Packet, archive Box) error {
	box, err := m.inbox.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	a, err := m.reader.read(ctx, p.Payload(), &archive)
	if err != nil {
		return err
	}
	// The request is the oldest of its stream that is not finished: what is put
	// into the session's queue here comes behind the answers to those before it.
	box.give(p.Sender, a.page.Missed)
	for _, st := range a.results {
		p.Sender.PushWith(st, m.from(p))
	}
	if len(a.page.Missed) == 0 {
		p.Sender.PushWith(p.Stanza.Result(a.fin), m.from(p))
	} else {
		m.sendFin(box, p, a)
	}
	return router.Handled
}

// from are the addresses of what answers p.
func (m *Archive) from(p *router.Packet) *stanza.Edits {
	var e stanza.Edits
	e.Set("to", p.From.String())
	e.Set("from", p.To.String())
	return &e
}

// sendFin sends the end of a page such that we hear of it when it is taken.
func (m *Archive) sendFin(box *inbox, p *router.Packet, a *answer) {
	fin := &router.Packet{
		Stanza: p.Stanza.Result(a.fin), Origin: router.Server, From: p.To, To: p.From,
		Kind: router.ToSession, Dest: m.host, Targets: []*router.Session{p.Sender},
		Peer: p.Account, Account: p.Account, Side: router.Receiving, Edits: *m.from(p), Owed: true,
	}
	box.mu.Lock()
	put(&box.out, fin, outgoing{view: true, fin: a.page.Missed})
	box.mu.Unlock()
	if !p.Sender.Send(fin) {
		box.mu.Lock()
		m.back(box, fin)
		box.mu.Unlock()
	}
}

// give notes which owed rows a session is sent as a page of the archive.
func (b *inbox) give(s *router.Session, rows []int64) {
	if len(rows) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	given := maps.Clone(b.given[s])
	if given == nil {
		given = make(map[int64]bool, len(rows))
	}
	for _, row := range rows {
		given[row] = true
	}
	put(&b.given, s, given)
}
