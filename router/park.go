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

// Sessions that can be resumed survive a planned restart: when the server is
// stopped, what is in memory of them becomes a row each, from which the next
// process makes them anew.

// parked is such a session.
type parked struct {
	JID        string        `json:"jid"`
	Since      time.Time     `json:"since"`
	Addr       string        `json:"addr"`
	Max        time.Duration `json:"max"`
	Left       time.Duration `json:"left"`
	Handled    uint32        `json:"handled"`
	Sent       uint32        `json:"sent"`
	Acked      uint32        `json:"acked"`
	Presence   string        `json:"presence,omitempty"`
	Priority   int8          `json:"priority"`
	Interested bool          `json:"interested"`
	Blocklist  bool          `json:"blocklist"`
	Carbons    bool          `json:"carbons"`
	ActiveList *string       `json:"active_list,omitempty"`
	Queue      []parkedPiece `json:"queue"`

	Modules map[string]string `json:"modules,omitempty"`
}

// parkedPiece is a stanza that was not acknowledged.
type parkedPiece struct {
	Text string `json:"text"`
	From string `json:"from,omitempty"` // with To: a packet was to be told of its end
	To   string `json:"to,omitempty"`
	Owed bool   `json:"owed,omitempty"`
	Row  int64  `json:"row,omitempty"`
}

// keeper saves what a module knows of a session.
type keeper struct {
	name    string
	save    func(s *Session) string
	restore func(ctx context.Context, s *Session, saved string) error
}

// OnPark joins the parking of sessions that can be resumed, which survive a
// planned restart: save tells what the module knows of one, "" for nothing, and
// restore is given that when the session is there again, without a stream and
// before anything is sent to it.
func (h *Host) OnPark(name string, save func(s *Session) string,
	restore func(ctx context.Context, s *Session, saved string) error) {
	h.keepers = append(h.keepers, keeper{name, save, restore})
}

// Park keeps the sessions that wait to be resumed for the next process. It is
// called when no stream is left, before the end of Run; they take nothing more.
func (r *Router) Park(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	var errs []error
	r.Sessions(func(s *Session) bool {
		m := s.managed.Load()
		if m == nil || !s.Detached() {
			return true
		}
		s.line.close()
		_ = s.line.Flush(wait) // what is late is not counted
		state, ok := s.park(m)
		if !ok {
			return true
		}
		text, err := json.Marshal(state)
		if err != nil {
			errs = append(errs, err)
			return true
		}
		r.Store.Write(func(tx *store.Tx) error {
			tx.Handled(m.ID, state.Handled)
			return tx.Park(&store.Parked{ID: m.ID, Account: s.Account.ID, State: string(text)})
		}, func(err error) {
			if err != nil {
				r.Log.Error("park session", "jid", s.JID.String(), "err", err)
			}
		})
		return true
	})
	if err := errors.Join(append(errs, r.Store.Sync(ctx))...); err != nil {
		return fmt.Errorf("park sessions: %w", err)
	}
	return nil
}

// park is what is left of a session, which ends without a word.
func (s *Session) park(m *managed) (*parked, bool) {
	left := m.Max - time.Since(s.DetachedSince())
	if first, _ := m.close(s.Host.Router); !first {
		return nil, false
	}
	p := &parked{JID: s.JID.String(), Since: s.Since, Addr: s.Addr(), Max: m.Max, Left: left,
		Handled: s.Handled(), Interested: s.Interested.Load(), Blocklist: s.Blocklist.Load(),
		Carbons: s.Carbons.Load(), ActiveList: s.ActiveList.Load(), Modules: map[string]string{}}
	if pr := s.Presence(); pr != nil {
		p.Presence = string(pr.Stanza.Append(nil, nil, stanza.Out{XMLNS: true}))
		p.Priority = pr.Priority
	}
	for _, k := range s.Host.keepers {
		if text := k.save(s); text != "" {
			p.Modules[k.name] = text
		}
	}
	s.deliverWaiting()
	s.queue.park(p)
	return p, true
}

// park notes what the queue holds and closes it.
func (q *queue) park(p *parked) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.held
	q.closed = true
	p.Sent, p.Acked = h.sent, h.acked
	rest := h.buf
	for _, i := range h.pieces {
		if i.counted {
			piece := parkedPiece{Text: string(rest[:i.size])}
			if i.packet != nil {
				piece.From, piece.To = i.packet.From.String(), i.packet.To.String()
				piece.Owed, piece.Row = i.packet.Owed, i.packet.Row
			}
			p.Queue = append(p.Queue, piece)
		}
		rest = rest[i.size:]
	}
}

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

// remembered is how long it is known how far a session came that has ended.
const remembered = 7 * 24 * time.Hour

// prune forgets old sessions, until ctx ends.
func (r *Router) prune(ctx context.Context) {
	t := time.NewTicker(6 * time.Hour)
	defer t.Stop()
	for {
		before := time.Now().Add(-remembered)
		r.note("age of sessions", func(tx *store.Tx) error { return tx.PruneResumable(before) })
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}
