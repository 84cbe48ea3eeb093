package router

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"parley/stanza"
)

// Stream is what a session needs of the connection below it.
type Stream interface {
	Wake()                     // bytes wait in the session's queue: write them soon; must not block
	Close(*stanza.StreamError) // end the stream with this error; must not block
	Out() stanza.Out           // how stanzas are written on this stream
	Addr() string              // remote address for logs
}

// Presence is a session's last available presence.
type Presence struct {
	Stanza   *stanza.Stanza // as sent, from not yet set
	Priority int8
}

// Session is a connected resource.
type Session struct {
	JID     stanza.JID // full
	Account *Account
	Host    *Host
	Since   time.Time // when it was bound

	// Interested says that the session has asked for the roster (RFC 6121
	// section 2.2, "interested resource").
	Interested atomic.Bool
	// Blocklist says that it has asked for the block list (XEP-0191).
	Blocklist atomic.Bool
	// Carbons says that it wants copies of what other sessions of the account
	// send and get (XEP-0280).
	Carbons atomic.Bool
	// ActiveList is the name of the active privacy list (XEP-0016), set by blocking.
	ActiveList atomic.Pointer[string]

	presence atomic.Pointer[Presence]
	caps     atomic.Pointer[Caps]
	inactive atomic.Bool  // nobody looks at it
	waiting  waiting      // what it is sent later because of that
	leaving  atomic.Bool  // its stream is being closed
	stamp    stanza.Stamp // of JID
	stream   atomic.Pointer[Stream]
	first    Stream // what stream points to before another resumes the session
	line     Line
	queue    queue
	managed  atomic.Pointer[managed]
	bound    chan struct{} // closed when the modules know of it
	unbound  sync.Once
}

// Presence is the last available presence, nil while the session is not
// available (RFC 6121 section 4.1, "available resource").
func (s *Session) Presence() *Presence { return s.presence.Load() }

// SetPresence is called by package presence.
func (s *Session) SetPresence(p *Presence) { s.presence.Store(p) }

// SwapPresence is SetPresence if it is still the one before.
func (s *Session) SwapPresence(before, p *Presence) bool {
	return s.presence.CompareAndSwap(before, p)
}

// Stream is the connection below the session.
func (s *Session) Stream() Stream { return *s.stream.Load() }

// Queued is how many bytes wait to be written to the client, or for it to say
// that it has got them.
func (s *Session) Queued() int { return s.queue.size() }

// Addr is the remote address of the session's stream, for logs.
func (s *Session) Addr() string { return s.Stream().Addr() }

// Close ends the session's stream with an error; it does not block. The
// stream then calls End.
func (s *Session) Close(err *stanza.StreamError) {
	s.Leave()
	s.Stream().Close(err)
}

// Leave says that the stream is being closed: nothing more is taken from the
// client, and what comes for it goes to others or is kept. The session leaves
// its account when what the client has sent is finished, the answers to that
// still go out, and the stream still calls End. It does not block.
func (s *Session) Leave() {
	if s.leaving.Swap(true) {
		return
	}
	s.line.close()
	// The client may take its time to close its side: its contacts learn now
	// that it is gone (RFC 6121 section 4.5.2, Server Processing of Outbound
	// Unavailable Presence).
	go s.leave(s.Host.Router.ctx)
}

// Incoming is an empty stanza to scan into. Handle takes it without another
// allocation. It is the same until it is handled; only the stream's reader
// calls Incoming, Park and Handle.
func (s *Session) Incoming() *stanza.Stanza { return s.line.Incoming() }

// Park forgets the stanza of Incoming. A reader calls it before it waits long,
// so that an idle session holds no memory for a stanza.
func (s *Session) Park() { s.line.Park() }

// Handle takes a stanza that the client sent: it gets its from, its place in
// the line, and goes its way. It blocks while the line is full.
func (s *Session) Handle(ctx context.Context, st *stanza.Stanza) {
	if st.Kind == stanza.Other {
		// RFC 6120 section 4.9.3.24, unsupported-stanza-type
		s.refuse(stanza.StreamUnsupportedStanzaType)
		return
	}
	// RFC 6120 section 8.1.2.1, Client-to-Server Streams: a from must be the
	// client's own; section 4.9.3.9, invalid-from.
	if st.BadFrom || !st.From.IsZero() && st.From != s.JID && st.From != s.Account.JID {
		s.refuse(stanza.StreamInvalidFrom)
		return
	}
	_ = s.line.Put(ctx, st) // ctx ended: so has the stream
}

// refuse closes the stream for what the client sent; nothing more is taken.
func (s *Session) refuse(err *stanza.StreamError) {
	s.line.close()
	s.Close(err)
}

// Send queues a packet for this session, after the write stage. It reports
// whether it is queued. A full queue closes the stream.
func (s *Session) Send(p *Packet) bool {
	if !s.lets(p) {
		return false
	}
	owing := p
	if p.Owed && p.Row == 0 && s.Detached() {
		// It would be lost with the process: who has a stream answers for it, or
		// OnLost sees to a row and it comes again.
		if owing = nil; !p.live() {
			return false
		}
	}
	if !s.enqueue(p.Stanza, &p.Edits, owing) {
		return false
	}
	p.Outcome.Sessions++
	return true
}

// Push queues a stanza made by the server; from and to are in it already.
func (s *Session) Push(st *stanza.Stanza) bool { return s.PushWith(st, &stanza.Edits{}) }

// PushWith is Push for a stanza with edits: a text that many get, with another
// to or from for each.
func (s *Session) PushWith(st *stanza.Stanza, e *stanza.Edits) bool {
	if len(s.Host.write) > 0 && !s.lets(&Packet{
		Stanza: st, Origin: Server, From: st.From, To: s.JID, Edits: *e, Dest: s.Host,
		Kind: ToSession, Targets: []*Session{s}, Peer: s.Account, Account: s.Account, Side: Receiving,
	}) {
		return false
	}
	return s.enqueue(st, e, nil)
}

// Copy queues a copy, st with edits, of a packet for a session that is not
// among its targets, if the write stage would let it have the packet itself. It
// counts as a delivery: when the client has it, the packet is taken.
func (s *Session) Copy(p *Packet, st *stanza.Stanza, e *stanza.Edits) bool {
	if !s.lets(p) {
		return false
	}
	if s.Detached() {
		p = nil // it may never come back
	}
	return s.enqueue(st, e, p)
}

// lets runs the write stage.
func (s *Session) lets(p *Packet) bool {
	for i := range s.Host.write {
		if w := &s.Host.write[i]; !w.fn(s, p) {
			return false
		}
	}
	return true
}

// enqueue queues what has passed the write stage, or keeps it back while nobody
// looks at the session.
func (s *Session) enqueue(st *stanza.Stanza, e *stanza.Edits, p *Packet) bool {
	if s.inactive.Load() && s.waits(st, e, p) {
		return true
	}
	return s.queueUp(st, e, p)
}

func (s *Session) queueUp(st *stanza.Stanza, e *stanza.Edits, p *Packet) bool {
	r := s.Host.Router
	n, wake, ok := s.queue.put(st, e, s.Stream().Out(), p, r.Config().Limits.Queue)
	if !ok {
		if n > 0 {
			r.Metrics.Overflow()
			// The client does not read. It broke no rule, the memory is what
			// lacks (RFC 6120 section 4.9.3.17, resource-constraint); clients
			// that are told policy-violation give up what they have to send.
			s.Stream().Close(stanza.StreamResourceConstraint)
		}
		return false
	}
	r.Metrics.StanzaOut(uint8(st.Kind))
	r.Metrics.Queue(n)
	if wake {
		s.wake(p)
	}
	return true
}

// Take hands the queued bytes to the stream's writer; ok is false if there are
// none. Written says what became of the batch, exactly once, before the next Take.
func (s *Session) Take() (b Batch, ok bool) { return s.queue.take() }

// Written takes back what Take handed out. err nil means that the socket took
// all of it; else what was owed is lost with it (Host.OnLost), unless the client
// acknowledges: then what it has acknowledged is taken, and nothing is lost
// before the session ends.
func (s *Session) Written(b Batch, err error) {
	r := s.Host.Router
	r.Metrics.Queue(-s.queue.written(&b))
	if err != nil {
		s.queue.stop() // what was in the batch must not come back to this session
	}
	s.let(b.owed, err == nil)
}

// let lets go of the owed among packets that the queue has held.
func (s *Session) let(list []*Packet, taken bool) {
	r := s.Host.Router
	for _, p := range list {
		if !p.Owed {
			continue
		}
		if taken {
			for _, fn := range s.Host.took {
				fn(s, p)
			}
		}
		p.release(r.ctx, r, taken)
	}
}
