package archive

import (
	"context"
	"time"

	"parley/router"
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

// recordSent puts a message into its sender's archive.
func (m *Archive) recordSent(ctx context.Context, p *router.Packet) error {
	sent, err := m.side(ctx, p, p.Account, p.To)
	if err == nil && sent != nil {
		m.submit(p, &task{sent: sent, stamp: time.Now()})
	}
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
