package router

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	"parley/stanza"
	"parley/store"
)

// managed is what a session has whose client has enabled stream management
// (XEP-0198). What was sent and not acknowledged is in queue.held, what was
// received and is not finished in the line.
type managed struct {
	Management
	base   uint32              // what the line had taken when it began
	away   atomic.Bool         // there is no stream
	taker  sync.Mutex          // held by the stream that resumes the session
	known  map[stanza.JID]bool // who may know of it; see Session.giveBack
	parked bool                // by an earlier process, and not resumed yet; taker guards it

	mu    sync.Mutex
	since time.Time     // when its stream was lost
	over  bool          // it has ended
	timer *time.Timer   // ends it
	left  chan struct{} // closed when there is no stream
}

// Management is what a client is told that has enabled stream management
// (XEP-0198 section 3, Enabling Stream Management).
type Management struct {
	ID  string        // "" where the stream cannot be resumed
	Max time.Duration // how long it can
}

// Manage begins stream management: what the client is sent from now on is held
// until it is acknowledged, what it sends is counted. With resume the session
// outlives its stream, for as long as the client wishes (0: it says nothing) and
// the configuration allows. answer is what the client is told before anything
// that is counted. It is false if stream management has begun before.
//
// Only the reader of the session's stream calls it.
func (s *Session) Manage(resume bool, wish time.Duration, answer func(Management) string) bool {
	if s.managed.Load() != nil {
		return false
	}
	m := s.manage(resume, wish)
	wake := s.queue.hold(answer(m.Management))
	s.managed.Store(m)
	if wake {
		s.wake(nil)
	}
	return true
}

// manage makes what a managed session has.
func (s *Session) manage(resume bool, wish time.Duration) *managed {
	m := &managed{left: make(chan struct{})}
	r := s.Host.Router
	if most := r.Config().C2S.ResumeFor; resume && most > 0 && !s.Account.IsGuest() {
		m.ID, m.Max = rand.Text(), most
		if wish > 0 {
			m.Max = min(wish, most)
		}
		r.note("session to be resumed", func(tx *store.Tx) error {
			return tx.AddResumable(m.ID, s.Account.ID)
		})
	}
	m.base = s.line.acknowledges(0, func(n uint32) { s.Say(stanza.Ack(n - m.base)) })
	return m
}

// note writes what nobody waits for.
func (r *Router) note(what string, fn func(tx *store.Tx) error) {
	r.Store.WriteLater(fn, func(err error) {
		if err != nil {
			r.Log.Error(what+" not noted", "err", err)
		}
	})
}

// Managed says whether the client acknowledges what it gets.
func (s *Session) Managed() bool { return s.managed.Load() != nil }

// Handled is how many stanzas of the client are finished since stream management
// has begun (XEP-0198 section 4, Acks).
func (s *Session) Handled() uint32 { return s.line.Finished() - s.managed.Load().base }

// Ask answers the client's request to acknowledge: when what it has sent before
// is finished, but within a second; and then again, unasked, when it is. Only
// the reader of the session's stream calls it.
func (s *Session) Ask() {
	if s.Managed() {
		s.line.Ask()
	}
}

// Acknowledged takes what the client says it has handled of what it was sent. It
// is false, with the true number, if that is more than it was sent.
func (s *Session) Acknowledged(h uint32) (sent uint32, ok bool) {
	if !s.Managed() {
		return 0, true
	}
	a, ok := s.queue.acknowledge(h)
	s.Host.Router.Metrics.Queue(-a.bytes)
	s.let(a.done, true)
	return a.sent, ok
}

// Request asks the client to acknowledge what it was sent, if there is anything
// that it has not: for those who must know whether it is still there.
func (s *Session) Request() {
	if s.Managed() && s.queue.request() {
		s.wake(nil)
	}
}

// Tick is called by the stream about once a second: it asks the client to
// acknowledge what it got some time ago, and says for how long it has not
// answered.
func (s *Session) Tick(now time.Time) (silent time.Duration) {
	if !s.Managed() {
		return 0
	}
	wake, silent := s.queue.tick(now)
	if wake {
		s.wake(nil)
	}
	return silent
}

// Say writes to the client what is no stanza, behind the stanzas that wait. Who
// has more said than it reads is closed.
func (s *Session) Say(xml string) {
	wake, ok := s.queue.say(xml, s.Host.Router.Config().Limits.Queue)
	if !ok {
		s.Host.Router.Metrics.Overflow()
		go s.Stream().Close(stanza.StreamResourceConstraint) // the line's lock may be held
	}
	if wake {
		s.wake(nil)
	}
}

// Answer sends the client an answer of the stream's own, in its place among
// those to what else the client has sent, and counts what it answers.
func (s *Session) Answer(st, reply *stanza.Stanza) {
	p := s.line.packet(st)
	p.From, p.stopped = s.JID, true
	p.more().replies = []*stanza.Stanza{reply}
	_ = s.line.put(s.Host.Router.ctx, p) // it ends when the router does
}
