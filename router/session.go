package router

import (
	"context"
	"sync/atomic"

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

	// Interested says that the session has asked for the roster (RFC 6121
	// section 2.2, "interested resource").
	Interested atomic.Bool
	// Blocklist says that it has asked for the block list (XEP-0191).
	Blocklist atomic.Bool
	// ActiveList is the name of the active privacy list (XEP-0016), set by blocking.
	ActiveList atomic.Pointer[string]

	presence atomic.Pointer[Presence]
}

// Presence is the last available presence, nil while the session is not
// available (RFC 6121 section 4.1, "available resource").
func (s *Session) Presence() *Presence { return s.presence.Load() }

// SetPresence is called by package presence.
func (s *Session) SetPresence(p *Presence) { s.presence.Store(p) }

// Handle takes a stanza that the client sent: it gets its from, its place in
// the line, and goes its way. It blocks while the line is full.
func (s *Session) Handle(ctx context.Context, st *stanza.Stanza) { panic("todo") }

// Send queues a packet for this session, after the write stage. It reports
// whether it is queued. A full queue closes the stream.
func (s *Session) Send(p *Packet) bool { panic("todo") }

// Push queues a stanza made by the server; from and to are in it already.
func (s *Session) Push(st *stanza.Stanza) bool { panic("todo") }

// Batch is what Take handed out.
type Batch struct {
	Bytes []byte
	// unexported: owed packets inside
}

// Take hands the queued bytes to the stream's writer; ok is false if there are
// none. Written says what became of the batch, exactly once, before the next Take.
func (s *Session) Take() (b Batch, ok bool)   { panic("todo") }
func (s *Session) Written(b Batch, err error) { panic("todo") }

// End ends the session: it leaves the account when its line has run empty,
// modules withdraw its presence, and what its queue still owes goes where
// Host.OnLost puts it. The stream calls it once, when it will read and write no more.
func (s *Session) End(ctx context.Context) { panic("todo") }
