package archive

import (
	"context"
	"errors"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// side is what a message means for one archive.
type side struct {
	box    *inbox
	graves []grave
}

// side is nil where the account does not want the message archived.
func (m *Archive) side(ctx context.Context, p *router.Packet, a *router.Account,
	peer stanza.JID) (*side, error) {
	box, err := m.inbox.Get(ctx, a)
	if err != nil {
		return nil, err
	}
	if wanted, err := m.wants(ctx, box, peer); err != nil || !wanted {
		return nil, err
	}
	graves, err := m.retracted(ctx, p, box, peer)
	return &side{box, graves}, err
}

// task is what is to be written for a message.
type task struct {
	stamp time.Time
	sent  *side  // the sender's archive, nil if it does not get it
	got   *side  // the receiver's
	box   *inbox // the receiver's, nil if there is no row for it
	row   store.Row

	sentRow int64
}

// submit has the rows written.
func (m *Archive) submit(p *router.Packet, t *task) {
	p.Write(func(tx *store.Tx) error { return t.write(tx, p) })
	p.Committed(func() {
		if t.sent != nil {
			p.SetStanzaID(router.Sending, m.stanzaID(t.sent.box, t.sentRow))
		}
		if t.box == nil {
			return
		}
		if t.got != nil {
			p.SetStanzaID(router.Receiving, m.stanzaID(t.box, p.Row))
		}
		m.stored(t.box, p, t.stamp)
	})
}

// write writes the text once, and the rows.
func (t *task) write(tx *store.Tx, p *router.Packet) (err error) {
	// Where the sender is of another host of ours, that has written the text.
	body := p.Body()
	if body == 0 || t.box == nil {
		if body, err = tx.AddBody(text(p), p.From.String(), t.stamp); err != nil {
			return err
		}
	}
	if t.box == nil {
		p.SetBody(body)
	}
	if err := t.rows(tx, p, body); err != nil {
		return err
	}
	for _, s := range []*side{t.sent, t.got} {
		if s != nil {
			if err := bury(tx, s.graves); err != nil {
				return err
			}
		}
	}
	return nil
}

// rows writes the rows.
func (t *task) rows(tx *store.Tx, p *router.Packet, body int64) (err error) {
	row := t.row
	row.Body = body
	if t.sent == nil {
		return t.box.addReceived(tx, p, row)
	}
	box := t.sent.box
	sent := store.Row{Owner: box.account.ID, Body: body, Archived: true, Peer: p.To}
	if t.box != nil && !box.ending.Load() && !t.box.ending.Load() {
		t.sentRow, p.Row, err = tx.AddRows(sent, row)
		p.Outcome.Stored = err == nil
		if !errors.Is(err, store.ErrQuota) {
			return err
		}
	}
	if t.sentRow, err = box.add(tx, sent); err != nil || t.box == nil {
		return err
	}
	return t.box.addReceived(tx, p, row)
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
