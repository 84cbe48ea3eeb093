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
