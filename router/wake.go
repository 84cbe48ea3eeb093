package router

import "sync"

// deferred are streams with something to write, kept for the reader that has
// filled their queues: it writes for them itself before it waits. Starting a
// writer for each would have Go wake another thread, which costs more than to
// route the message.
type deferred struct {
	mu      sync.Mutex
	on      bool // the reader is at work and will call Deferred
	streams []Stream
}

// Defer says that the session's reader is at work: streams that what it brings
// gives something to write are kept for it, until Deferred.
func (s *Session) Defer() {
	s.deferred.mu.Lock()
	s.deferred.on = true
	s.deferred.mu.Unlock()
}

// Deferred hands the kept streams to the reader, appended to dst. It calls this
// before it waits for anything: until then they have not been woken.
func (s *Session) Deferred(dst []Stream) []Stream {
	d := &s.deferred
	d.mu.Lock()
	defer d.mu.Unlock()
	dst = append(dst, d.streams...)
	clear(d.streams)
	d.on, d.streams = false, d.streams[:0]
	return dst
}

// maxDeferred is for how many streams a reader writes: among more, as in a room
// or for a change of presence, the processors share.
const maxDeferred = 8

// keep reports whether the reader will write for a stream.
func (d *deferred) keep(st Stream) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.on || len(d.streams) == maxDeferred {
		return false
	}
	d.streams = append(d.streams, st)
	return true
}

// wakeDeferred is called where the reader is about to wait inside the router.
func (s *Session) wakeDeferred() {
	for _, st := range s.Deferred(nil) {
		st.Wake()
	}
}

// wake has a stream written soon, by the reader that has brought the packet
// or, of what the session is answered, by its own.
func (s *Session) wake(p *Packet) {
	reader := s
	if p != nil && p.Sender != nil {
		reader = p.Sender
	}
	if !reader.deferred.keep(s.stream) {
		s.stream.Wake()
	}
}
