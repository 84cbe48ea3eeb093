package router

import (
	"cmp"
	"sync"

	"parley/stanza"
)

// Writer writes what packets have put into a queue of its own.
type Writer interface {
	Wake()     // bytes wait: write them soon; must not block
	WriteNow() // write them now, on the caller's goroutine, but wait for nobody
}

// deferred are those with something to write, kept for the reader that has
// filled their queues: it has them write before it waits. Starting a goroutine
// for each would have Go wake another thread, which costs more than to route
// the message.
type deferred struct {
	mu      sync.Mutex
	on      bool // whoever is at work will write for them
	most    int  // how many; 0: maxDeferred
	writers []Writer
}

// maxDeferred is for how many a reader writes: among more, as in a room, the
// processors share.
const maxDeferred = 8

// maxAtWork is how many bytes of stanzas a reader puts in before it writes for
// others, even if more have come: whoever sends without a pause must not keep
// those to whom it sends from getting anything until their queues are full.
const maxAtWork = 16 << 10

// Defer says that the line's reader will call WriteDeferred whenever it is about
// to wait, so that it writes for others itself.
func (l *Line) Defer() { l.defers = true }

// WriteDeferred writes for those whom the reader's packets have reached. The
// reader calls it before it waits: until then they have not been woken.
func (l *Line) WriteDeferred() {
	if l.atWork == 0 {
		return
	}
	l.atWork = 0
	var few [maxDeferred]Writer
	for _, w := range l.deferred.take(few[:0]) {
		w.WriteNow()
	}
}

// atReader is called for each stanza that the reader puts in.
func (l *Line) atReader(st *stanza.Stanza) {
	if !l.defers {
		return
	}
	if st.Kind != stanza.Message || l.atWork >= maxAtWork {
		l.WriteDeferred() // others than messages may read the database
	}
	if l.atWork == 0 {
		l.deferred.begin()
	}
	l.atWork += len(st.Raw)
}

func (d *deferred) begin() {
	d.mu.Lock()
	d.on = true
	d.mu.Unlock()
}

// take appends those that were kept to dst.
func (d *deferred) take(dst []Writer) []Writer {
	d.mu.Lock()
	defer d.mu.Unlock()
	dst = append(dst, d.writers...)
	clear(d.writers)
	d.on, d.writers = false, d.writers[:0]
	return dst
}

// keep reports whether the reader will write for w.
func (d *deferred) keep(w Writer) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.on || len(d.writers) >= cmp.Or(d.most, maxDeferred) {
		return false
	}
	d.writers = append(d.writers, w)
	return true
}

// wake is for a reader that is about to wait inside the router, and for whoever
// waits for its line.
func (d *deferred) wake() {
	for _, w := range d.take(nil) {
		w.Wake()
	}
}

// Defer reports whether the reader that has brought the packet, or the spread it
// is part of, will have w write what the packet has put into its queue. If not,
// the caller wakes it.
func (p *Packet) Defer(w Writer) bool {
	switch {
	case p.spread != nil:
		return p.spread.kept.keep(w)
	case p.line != nil:
		return p.line.deferred.keep(w)
	}
	return false
}

// Defer is Line.Defer for what the session sends.
func (s *Session) Defer() { s.line.Defer() }

// WriteDeferred is Line.WriteDeferred for what the session has sent.
func (s *Session) WriteDeferred() { s.line.WriteDeferred() }

// wake has the session's stream written soon: by whoever has brought the packet
// or, of what the session is answered, by its own reader.
func (s *Session) wake(p *Packet) {
	stream := s.Stream()
	w, ok := stream.(Writer)
	switch {
	case ok && p != nil && p.Defer(w):
	case ok && (p == nil || p.spread == nil && p.line == nil) && s.line.deferred.keep(w):
	default:
		stream.Wake()
	}
}
