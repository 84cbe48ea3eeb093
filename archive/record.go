package archive

import (
	"context"
	"errors"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// record decides what becomes of a message: it goes into the archives of those
// of the two accounts that are ours, and is owed to its receiver. Where there
// are no archives it is stored only when no session takes it now.
func (m *Archive) record(ctx context.Context, p *router.Packet) error {
	k := keep(p.Stanza, p.Origin == router.Server)
	if p.Side == router.Sending {
		return m.recordSent(ctx, p, k)
	}
	quota := m.host.Router.Config().Messages.Offline
	p.Owed = quota > 0 && k.owed
	switch {
	case !k.owed && !k.archive:
		return unkept(p)
	case !m.on && (!p.Owed || m.taker(p)):
		return nil
	}
	box, err := m.inbox.Get(ctx, p.Account)
	if err == nil && k.archive {
		k.archive, err = m.wants(ctx, box, p.From)
	}
	if err != nil || !p.Owed && !k.archive {
		return err
	}
	return m.recordReceived(ctx, p, box,
		store.Row{Owed: p.Owed, Quota: quota, Archived: k.archive, Peer: p.From})
}

// recordSent puts a message into its sender's archive.
func (m *Archive) recordSent(ctx context.Context, p *router.Packet, k keeping) error {
	if !m.on || !k.archive {
		return nil
	}
	box, err := m.inbox.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	if wanted, err := m.wants(ctx, box, p.To); err != nil || !wanted {
		return err
	}
	graves, err := m.retracted(ctx, p, box, p.To)
	if err != nil {
		return err
	}
	stamp := time.Now()
	var row int64
	p.Write(func(tx *store.Tx) error {
		body, err := tx.AddBody(text(p), p.From.String(), stamp)
		if err != nil {
			return err
		}
		p.SetBody(body)
		row, err = box.add(tx, store.Row{Body: body, Archived: true, Peer: p.To})
		return errors.Join(err, bury(tx, graves))
	})
	p.Committed(func() { p.SetStanzaID(router.Sending, m.stanzaID(box, row)) })
	return nil
}

// recordReceived stores a message for its receiver.
func (m *Archive) recordReceived(ctx context.Context, p *router.Packet, box *inbox,
	row store.Row) error {
	var graves []grave
	if row.Archived {
		var err error
		if graves, err = m.retracted(ctx, p, box, p.From); err != nil {
			return err
		}
	}
	stamp := time.Now()
	p.Write(func(tx *store.Tx) (err error) {
		row := row
		if row.Body = p.Body(); row.Body == 0 {
			if row.Body, err = tx.AddBody(text(p), p.From.String(), stamp); err != nil {
				return err
			}
		}
		return errors.Join(box.addReceived(tx, p, row), bury(tx, graves))
	})
	p.Committed(func() {
		if row.Archived {
			p.SetStanzaID(router.Receiving, m.stanzaID(box, p.Row))
		}
		m.stored(box, p, stamp)
	})
	return nil
}

// addReceived writes the receiver's row. Where the account is owed too much
// already, the archive has the message still.
func (b *inbox) addReceived(tx *store.Tx, p *router.Packet, row store.Row) (err error) {
	p.Row, err = b.add(tx, row)
	if errors.Is(err, store.ErrQuota) {
		// What was taken is written late, and must not count.
		if _, err := tx.Taken(b.account.ID, b.pending()...); err != nil {
			return err
		}
		p.Row, err = b.add(tx, row)
	}
	if errors.Is(err, store.ErrQuota) && row.Archived {
		row.Owed = false
		p.Row, err = b.add(tx, row)
	}
	switch {
	case errors.Is(err, store.ErrQuota) && len(p.Targets) > 0:
		return nil // some session gets it nevertheless
	case errors.Is(err, store.ErrQuota):
		// The queue is full (XEP-0160 section 2, Process Flow).
		return stanza.ServiceUnavailable
	}
	p.Outcome.Stored = err == nil
	return err
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

// add writes a row for the account, if that is still there (RFC 6121 section
// 8.5.1, No Such User).
func (b *inbox) add(tx *store.Tx, row store.Row) (id int64, err error) {
	if b.ending.Load() {
		a, err := tx.Account(b.account.JID.String())
		if errors.Is(err, store.ErrNotFound) || err == nil && a.ID != b.account.ID {
			return 0, stanza.ServiceUnavailable
		}
		if err != nil {
			return 0, err
		}
	}
	row.Owner = b.account.ID
	return tx.AddRow(row)
}

// addOwed stores a message that is in no row yet.
func (b *inbox) addOwed(tx *store.Tx, p *router.Packet, stamp time.Time) (int64, error) {
	body, err := tx.AddBody(text(p), p.From.String(), stamp)
	if err != nil {
		return 0, err
	}
	return b.add(tx, store.Row{Body: body, Owed: true})
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
		m.hand(box, store.Message{ID: p.Row, Body: text(p), From: p.From.String(), Stamp: stamp,
			Archived: p.StanzaID(router.Receiving) != ""}, nil, late...)
	}
}
