package router

import (
	"context"
	"slices"
	"time"

	"parley/stanza"
	"parley/store"
)

// Replaced is a stream that can be told that another has taken its session over:
// it says goodbye if that needs no waiting, closes the connection, and calls
// Detach. Streams that call Manage with resume are such.
type Replaced interface {
	Stream
	Replace(*stanza.StreamError) // must not block
}

// away stands for the stream of a session that waits for another.
type away struct {
	session *Session
	out     stanza.Out
	addr    string
}

var _ Stream = (*away)(nil)

// Wake implements Stream.
func (*away) Wake() {}

// Close implements Stream.
func (a *away) Close(*stanza.StreamError) { go a.session.End(a.session.Host.Router.ctx) }

// Out implements Stream.
func (a *away) Out() stanza.Out { return a.out }

// Addr implements Stream.
func (a *away) Addr() string { return a.addr }

// Detached says whether the session has lost its stream and waits for the client
// to come back. It keeps its presence and its place among the account's sessions,
// and takes what is sent to it; but it has not got it.
func (s *Session) Detached() bool {
	m := s.managed.Load()
	return m != nil && m.away.Load()
}

// DetachedSince is when the session lost its stream, zero if it has one.
func (s *Session) DetachedSince() time.Time {
	m := s.managed.Load()
	if m == nil {
		return time.Time{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.since
}

// Resumable says whether the session outlives its stream.
func (s *Session) Resumable() bool {
	m := s.managed.Load()
	return m != nil && m.ID != "" && !s.leaving.Load()
}

// live says whether one of the targets has a stream.
func (p *Packet) live() bool {
	return slices.ContainsFunc(p.Targets, func(s *Session) bool { return !s.Detached() })
}

// Detach is called in place of End by a stream that was not closed cleanly
// (XEP-0198 section 7, Stream Closure), when it neither reads nor writes any
// more. It is false if the session is not to be resumed: then End is next.
func (s *Session) Detach(ctx context.Context) bool {
	m := s.managed.Load()
	if m == nil || !s.Resumable() {
		return false
	}
	old := s.Stream()
	var none Stream = &away{s, old.Out(), old.Addr()}
	s.queue.pause()
	m.away.Store(true)
	s.inactive.Store(true) // what can wait need not fill the queue
	s.keep(ctx)

	m.mu.Lock()
	over := m.over
	if !over {
		s.Host.Router.Metrics.Detached(1)
		s.stream.Store(&none)
		m.since = time.Now()
		m.timer = time.AfterFunc(m.Max, func() { s.End(s.Host.Router.ctx) })
		close(m.left)
	}
	m.mu.Unlock()
	if over || s.leaving.Load() {
		s.End(ctx) // closed meanwhile
	}
	return true
}

// keep tells the modules what waits to be acknowledged and is lost with this
// process.
func (s *Session) keep(ctx context.Context) {
	var list []*Packet
	for _, p := range s.queue.packets() {
		if p.Owed && p.owing.Load()&taken == 0 {
			list = append(list, p)
		}
	}
	for _, fn := range s.Host.detached {
		fn(ctx, s, list)
	}
}

// Swap puts a packet in the place of another that waits to be acknowledged: the
// same message, with a row.
func (s *Session) Swap(old, with *Packet) {
	if s.queue.swap(old, with) {
		old.release(s.Host.Router.ctx, s.Host.Router, true)
	}
}

// OnDetach is told of a session that has lost its stream, and of the owed
// packets in its queue that no other session has taken. It returns when they are
// safe.
func (h *Host) OnDetach(fn func(ctx context.Context, s *Session, owed []*Packet)) {
	h.detached = append(h.detached, fn)
}

// close says that the session ends, with or without a stream, and whether it is
// the first to say so.
func (m *managed) close(r *Router) (first, detached bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over {
		return false, false
	}
	m.over = true
	if m.timer != nil {
		m.timer.Stop()
	}
	if detached = !m.since.IsZero(); detached {
		m.since = time.Time{}
		r.Metrics.Detached(-1)
	}
	return true, detached
}

// forget notes the end of a managed session. How far it came is remembered for a
// client that does not know that it has ended (XEP-0198 section 5, Resumption: h
// in <failed/>).
func (s *Session) forget(m *managed, detached bool) {
	if m.ID == "" {
		return
	}
	h, now := s.Handled(), time.Now()
	s.Host.Router.note("end of a session", func(tx *store.Tx) error {
		if detached {
			return tx.EndResumable(s.Account.ID, m.ID, h, now)
		}
		return tx.DeleteResumable(m.ID)
	})
}

// known are those who have sent what is in the queue and are entitled to know of
// the session. It is asked before the modules are told that it has ended.
func (s *Session) known(ctx context.Context) map[stanza.JID]bool {
	list := map[stanza.JID]bool{}
	for _, p := range s.queue.packets() {
		if _, ok := list[p.From]; !ok && !p.Owed {
			list[p.From] = s.Host.Knows == nil || s.Host.Knows(ctx, s, p.From)
		}
	}
	return list
}

// giveBack tells the senders of what is not owed that the client has not got it
// (XEP-0198 section 4, Acks: as for an unavailable resource). Who is not entitled
// to know of the session hears what it would if there had never been one (RFC
// 6120 section 8.3.3.13, recipient-unavailable).
func (s *Session) giveBack(list []*Packet, known map[stanza.JID]bool) {
	r := s.Host.Router
	for _, p := range list {
		switch {
		case p.Owed:
		case known[p.From]:
			r.bounce(r.ctx, p, stanza.RecipientUnavailable)
		default:
			r.bounce(r.ctx, p, stanza.ServiceUnavailable)
		}
	}
}
