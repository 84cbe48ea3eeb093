package router

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"parley/stanza"
	"parley/store"
)

// Unpark makes the sessions that the last process has parked. It is called once,
// before the first stream.
func (r *Router) Unpark(ctx context.Context) error {
	var list []store.Parked
	err := r.Store.Update(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.Unpark(time.Now())
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := r.unpark(ctx, p); err != nil {
			r.Log.Error("unpark session", "err", err) // its messages are rows
		}
	}
	return nil
}

func (r *Router) unpark(ctx context.Context, row store.Parked) error {
	var p parked
	if err := json.Unmarshal([]byte(row.State), &p); err != nil {
		return err
	}
	jid, err := stanza.ParseJID(p.JID)
	if err != nil {
		return fmt.Errorf("session %q: %w", p.JID, err)
	}
	a, err := r.Account(ctx, jid.Bare())
	if errors.Is(err, store.ErrNotFound) || err == nil && a.ID != row.Account {
		return nil // another has the name now, or its domain is served no more
	}
	if err != nil {
		return err
	}
	none := &away{out: stanza.Out{NS: stanza.NSClient}, addr: p.Addr}
	s, err := a.session(jid.Resource(), none)
	if err != nil {
		return err
	}
	none.session = s
	if err := s.restore(row.ID, &p); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	for _, k := range s.Host.keepers {
		if err := k.restore(ctx, s, p.Modules[k.name]); err != nil {
			r.Log.Error("restore session", "jid", p.JID, "module", k.name, "err", err)
		}
	}
	return nil
}

// restore fills a session that nobody knows of yet.
func (s *Session) restore(id string, p *parked) error {
	m := &managed{Management: Management{id, p.Max}, left: make(chan struct{}), parked: true}
	m.base = s.line.acknowledges(p.Handled, func(n uint32) { s.Say(stanza.Ack(n - m.base)) }) -
		p.Handled
	s.Since = p.Since
	s.Interested.Store(p.Interested)
	s.Blocklist.Store(p.Blocklist)
	s.Carbons.Store(p.Carbons)
	s.inactive.Store(true)
	s.ActiveList.Store(p.ActiveList)
	if p.Presence != "" {
		st, err := stanza.Parse(p.Presence)
		if err != nil {
			return fmt.Errorf("presence of %s: %w", p.JID, err)
		}
		s.SetPresence(&Presence{Stanza: st, Priority: p.Priority})
	}
	if err := s.refill(p); err != nil {
		return err
	}
	m.away.Store(true)
	m.since = time.Now()
	m.timer = time.AfterFunc(max(p.Left, time.Minute), func() { s.End(s.Host.Router.ctx) })
	close(m.left)
	s.managed.Store(m)
	s.Host.Router.Metrics.Detached(1)
	return nil
}

// refill puts what was not acknowledged into the queue again.
func (s *Session) refill(p *parked) error {
	h := &held{away: true, sent: p.Sent, acked: p.Acked, count: p.Acked, ask: asking{at: p.Acked}}
	for _, i := range p.Queue {
		piece := piece{size: len(i.Text), counted: true}
		if i.From != "" {
			packet, err := s.packet(&i)
			if err != nil {
				return err
			}
			piece.packet = packet
		}
		h.ready()
		h.set(append(h.buf, i.Text...))
		h.pieces = append(h.pieces, piece)
		h.count++
	}
	s.Host.Router.Metrics.Queue(len(h.buf))
	s.queue.held = h
	return nil
}

// packet is a packet as far as its end is concerned. Errors go to where it came
// from, wherever that is.
func (s *Session) packet(i *parkedPiece) (*Packet, error) {
	st, err := stanza.Parse(i.Text)
	if err != nil {
		return nil, fmt.Errorf("stanza for %s: %w", s.JID, err)
	}
	from, err := stanza.ParseJID(i.From)
	if err != nil {
		return nil, fmt.Errorf("sender of a stanza for %s: %w", s.JID, err)
	}
	to, err := stanza.ParseJID(i.To)
	if err != nil {
		return nil, fmt.Errorf("receiver of a stanza for %s: %w", s.JID, err)
	}
	p := &Packet{Stanza: st, Origin: Remote, From: from, To: to, Kind: ToSession, Dest: s.Host,
		Peer: s.Account, Account: s.Account, Side: Receiving, Owed: i.Owed, Row: i.Row}
	if p.Owed {
		p.owing.Add(1)
	}
	return p, nil
}
