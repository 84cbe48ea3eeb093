package archive

import (
	"context"
	"errors"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// record decides what becomes of a message to a local account: it is owed, and
// stored when no session takes it now.
func (m *Archive) record(ctx context.Context, p *router.Packet) error {
	switch {
	case p.Side != router.Receiving:
		return nil
	case !owed(p.Stanza, p.Origin == router.Server):
		return unkept(p)
	}
	quota := m.host.Router.Config().Messages.Offline
	p.Owed = quota > 0
	if quota == 0 || m.taker(p) {
		return nil
	}
	box, err := m.inbox.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	stamp := time.Now()
	p.Write(func(tx *store.Tx) (err error) {
		p.Row, err = box.add(tx, p, stamp, quota)
		switch {
		case errors.Is(err, store.ErrQuota) && len(p.Targets) > 0:
			return nil // some session gets it nevertheless
		case errors.Is(err, store.ErrQuota):
			// The queue is full (XEP-0160 section 2, Process Flow).
			return stanza.ServiceUnavailable
		}
		p.Outcome.Stored = err == nil
		return err
	})
	p.Committed(func() { m.stored(box, p, stamp) })
	return nil
}

// unkept drops a message that says nothing, such as a chat state, when nobody
// is there. RFC 6121 section 8.5.2.2.1 (Message) would allow an error: for
// something that its user never saw being sent, a client should not show one.
// A text that is not to be stored is another matter: its sender hears of it.
func unkept(p *router.Packet) error {
	t := p.MessageType()
	if len(p.Targets) == 0 && (t == "chat" || t == "normal") && empty(p.Stanza) {
		return router.Handled
	}
	return nil
}

// taker says whether a session is among the targets that takes the message
// from us: one with a priority that is not negative (XEP-0160 section 2,
// Process Flow), or one that is not available and was addressed by its own
// full JID. A session that waits for older messages takes it as a row; one that
// is detached may never come back (XEP-0198 section 5, Resumption).
func (m *Archive) taker(p *router.Packet) bool {
	found := false
	for _, s := range p.Targets {
		if pr := s.Presence(); pr != nil && pr.Priority < 0 || s.Detached() {
			continue
		}
		if m.behind(s) {
			return false
		}
		found = true
	}
	return found
}

// add writes a message and says that it is owed to the account, if that is
// still there (RFC 6121 section 8.5.1, No Such User).
func (b *inbox) add(tx *store.Tx, p *router.Packet, stamp time.Time, quota int) (int64, error) {
	if b.ending.Load() {
		a, err := tx.Account(b.account.JID.String())
		if errors.Is(err, store.ErrNotFound) || err == nil && a.ID != b.account.ID {
			return 0, stanza.ServiceUnavailable
		}
		if err != nil {
			return 0, err
		}
	}
	body, err := tx.AddBody(text(p), p.From.String(), stamp)
	if err != nil {
		return 0, err
	}
	return tx.AddMissed(b.account.ID, body, quota)
}

// text is the message as its receiver would have got it, complete with its
// addresses.
func text(p *router.Packet) string {
	e := p.Edits
	e.Set("from", p.From.String())
	e.Set("to", p.To.String())
	return string(p.Stanza.Append(nil, &e, stanza.Out{XMLNS: true}))
}

// stored is told of a new row. If the account had nobody to take the message
// when it came and has somebody now, it is handed over.
func (m *Archive) stored(box *inbox, p *router.Packet, stamp time.Time) {
	if p.Row == 0 {
		return
	}
	var late []*router.Session
	box.mu.Lock()
	box.newest = max(box.newest, p.Row)
	if len(p.Targets) == 0 {
		late = box.missing(p.Row)
	}
	box.mu.Unlock()
	if len(late) > 0 {
		m.hand(box, store.Message{
			ID: p.Row, Body: text(p), From: p.From.String(), Stamp: stamp}, nil, late...)
	}
}
