package archive

import (
	"context"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// stampFormat is a DateTime in UTC (XEP-0082 section 3.2, DateTime).
const stampFormat = "2006-01-02T15:04:05.000Z"

// hand puts a row into the queues of sessions. Whoever takes it first takes it
// for the account, unless f only shows it.
func (m *Archive) hand(box *inbox, row store.Message, f *feed, to ...*router.Session) {
	st, err := stanza.Parse(row.Body)
	if err != nil {
		m.log.Error("parse stored message", "to", box.account.JID.String(), "err", err)
		return
	}
	p := &router.Packet{
		Stanza: st, Origin: router.Server, From: st.From, To: st.To, Kind: router.ToBare,
		Dest: m.host, Peer: box.account, Account: box.account, Side: router.Receiving,
		Owed: true, Row: row.ID,
	}
	// That the message was stored is said with our domain and the time it came
	// (XEP-0160 section 2, Process Flow; XEP-0203 section 2, Protocol Definition).
	var b stanza.Builder
	b.Elem("delay", nsDelay, "Offline Storage",
		"from", m.host.Domain, "stamp", row.Stamp.UTC().Format(stampFormat))
	p.Edits.Last(b.String())
	if row.Archived {
		p.Edits.Last(m.stanzaID(box, row.ID))
	}
	o := outgoing{feed: f, size: len(row.Body)}
	if f != nil && f.request != nil {
		o.view = true
		p.Edits.Last(offlineItem(row.ID))
	}
	m.queue(box, p, o, to)
}

// queue sends a row, having noted first that it is on its way.
func (m *Archive) queue(box *inbox, p *router.Packet, o outgoing, to []*router.Session) {
	box.mu.Lock()
	put(&box.out, p, o)
	if !o.view {
		put(&box.held, p.Row, true)
	}
	if o.feed != nil {
		o.feed.open += o.size
	}
	box.mu.Unlock()
	sent := false
	for _, s := range to {
		sent = s.Send(p) || sent
	}
	if !sent {
		box.mu.Lock()
		m.back(box, p)
		box.mu.Unlock()
	}
}

// back takes a row out of the count of those on their way; it stays owed. The
// lock is held.
func (m *Archive) back(box *inbox, p *router.Packet) (o outgoing, ok bool) {
	if o, ok = box.out[p]; !ok {
		return o, false
	}
	delete(box.out, p)
	if o.feed != nil {
		o.feed.open -= o.size
	}
	if !o.view {
		delete(box.held, p.Row)
	}
	return o, true
}

// write keeps from a session what it gets, or got, as a row.
func (m *Archive) write(s *router.Session, p *router.Packet) bool {
	if p.Row == 0 {
		return true
	}
	box, ok := m.inbox.Peek(s.Account)
	if !ok {
		return true
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	_, row := box.out[p]
	f := box.feeds[s]
	return row || f == nil || f.over && f.last < p.Row
}

// behind says whether a session is still being given older messages, behind
// which new ones must wait.
func (m *Archive) behind(s *router.Session) bool {
	if m.catching.Load() == 0 {
		return false
	}
	box, ok := m.inbox.Peek(s.Account)
	if !ok {
		return false
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	f := box.feeds[s]
	return f != nil && !f.over
}

// taken is told that a session's client was sent a message.
func (m *Archive) taken(s *router.Session, p *router.Packet) {
	if p.Row == 0 && p.Stanza.Kind == stanza.Message {
		return
	}
	box, ok := m.inbox.Peek(s.Account)
	if !ok {
		return
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	o, row := m.back(box, p)
	for _, id := range o.fin {
		m.clear(box, id)
	}
	if !o.view && (row || box.counts(s, p.Row)) {
		m.clear(box, p.Row)
	}
	if f := o.feed; f != nil && !f.busy && !f.over && f.open < m.window() {
		f.busy = true
		m.host.Go("offline messages", func(ctx context.Context) { m.pump(ctx, f) })
	}
}

// counts says whether a message that a session took beside its row is no
// longer owed: sessions with a negative priority do not count, and another one
// may still wait for the row. The lock is held.
func (b *inbox) counts(s *router.Session, row int64) bool {
	for _, f := range b.feeds {
		if !f.over && f.last < row {
			return false
		}
	}
	return b.takes(s)
}

// clear says that a row is not owed any more. The lock is held. One function
// of the store's writer clears all rows taken until it runs; a crash before
// that repeats messages and loses none.
func (m *Archive) clear(box *inbox, row int64) {
	put(&box.held, row, true)
	box.taken = append(box.taken, row)
	if box.clearing {
		return
	}
	box.clearing = true
	var rows []int64
	m.db.WriteAside(func(tx *store.Tx) error {
		if rows == nil { // a write may run twice
			box.mu.Lock()
			rows, box.taken, box.clearing = box.taken, nil, false
			box.mu.Unlock()
		}
		_, err := tx.Taken(box.account.ID, rows...)
		return err
	}, func(err error) {
		if err != nil {
			m.log.Error("clear taken messages", "to", box.account.JID.String(), "err", err)
		}
		box.mu.Lock()
		defer box.mu.Unlock()
		for _, row := range rows {
			box.held[row] = false
		}
		box.release()
	})
}

// lost is told of a message that no session took. It goes to the account's
// other sessions at once, or stays owed.
func (m *Archive) lost(ctx context.Context, p *router.Packet) {
	box, err := m.inbox.Get(ctx, p.Peer)
	if err != nil {
		m.log.Error("keep lost message", "to", p.To.String(), "err", err)
		return
	}
	box.mu.Lock()
	o, row := m.back(box, p)
	others := box.missing(p.Row)
	box.mu.Unlock()
	switch {
	case o.view:
	case p.Row != 0 && !row && p.Outcome.Sessions == 0:
		// No queue had it: stored, or a feed, has given it to whom there is.
	case p.Row != 0:
		m.queue(box, again(p), outgoing{size: len(p.Stanza.Raw)}, others)
	default:
		m.resend(box, again(p), others)
	}
}

// again is the same message for other queues.
func again(p *router.Packet) *router.Packet {
	return &router.Packet{
		Stanza: p.Stanza, Origin: p.Origin, From: p.From, To: p.To, Kind: p.Kind, Dest: p.Dest,
		Peer: p.Peer, Account: p.Peer, Side: router.Receiving, Edits: p.Edits, Owed: true,
		Row: p.Row,
	}
}

// resend sends a message that is in no row to other sessions, or stores it.
// Its sender was told long ago that it is safe here: a quota comes too late.
func (m *Archive) resend(box *inbox, p *router.Packet, to []*router.Session) {
	sent := false
	for _, s := range to {
		if !m.behind(s) {
			sent = s.Send(p) || sent
		}
	}
	if sent {
		return
	}
	stamp := time.Now()
	m.db.Write(func(tx *store.Tx) (err error) {
		p.Row, err = box.addOwed(tx, p, stamp)
		return err
	}, func(err error) {
		if err != nil {
			m.log.Error("keep lost message", "to", p.To.String(), "err", err)
			return
		}
		m.stored(box, p, stamp)
	})
}
