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
	k.archive = k.archive && m.on
	if p.Side == router.Sending {
		if !k.archive || m.both(p) {
			return nil
		}
		return m.recordSent(ctx, p)
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
	if err != nil {
		return err
	}
	t := task{stamp: time.Now()}
	if k.archive && m.both(p) {
		if t.sent, err = m.side(ctx, p, p.Sender.Account, p.To); err != nil {
			return err
		}
	}
	if k.archive {
		if t.got, err = m.side(ctx, p, p.Account, p.From); err != nil {
			return err
		}
	}
	if p.Owed || t.got != nil {
		t.box = box
		t.row = store.Row{Owner: box.account.ID, Owed: p.Owed, Quota: quota, Archived: t.got != nil,
			Peer: p.From}
	}
	if t.sent != nil || t.box != nil {
		m.submit(p, &t)
	}
	return nil
}

// both says whether both accounts are of this host: then the receiver's side
// writes both rows.
func (m *Archive) both(p *router.Packet) bool {
	return p.Sender != nil && p.Sender.Host == m.host && p.Dest == m.host && p.Peer != nil &&
		p.Sender.Account != p.Peer
}

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

// recordSent puts a message into its sender's archive.
func (m *Archive) recordSent(ctx context.Context, p *router.Packet) error {
	sent, err := m.side(ctx, p, p.Account, p.To)
	if err == nil && sent != nil {
		m.submit(p, &task{sent: sent, stamp: time.Now()})
	}
	return err
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
