package s2s

import (
	"slices"
	"strconv"
	"time"

	"parley/router"
	"parley/stanza"
)

// batch is how many bytes are written at once.
const batch = 64 << 10

// send queues a packet. It is false if the link has ended; err is for the
// sender. The route's lock is held, so that order is kept.
func (l *link) send(i item, limit int, err *error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return false
	case l.bytes+l.unsure > limit:
		// RFC 6120 section 8.3.3.18, resource-constraint
		*err = stanza.ResourceConstraint.WithText("too much waits for that domain")
		return true
	}
	l.queue = append(l.queue, i)
	l.bytes += i.size()
	if l.writing || !i.Packet.Defer(l) {
		l.wake()
	}
	return true
}

// mostControl is how much that is no stanza may wait: a peer that asks and does
// not read the answers must not fill the memory (RFC 6120 section 13.12, Denial
// of Service).
const mostControl = 256 << 10

// say has something written that is no stanza.
func (l *link) say(b []byte) {
	l.put(b)
	l.Wake()
}

// put queues something that is no stanza.
func (l *link) put(b []byte) {
	l.mu.Lock()
	l.control = append(l.control, b...)
	full := len(l.control) > mostControl
	l.mu.Unlock()
	if full {
		l.close(stanza.StreamResourceConstraint.WithText("answers are not read"))
	}
}

// wake starts a writer unless one runs. l.mu is held.
func (l *link) wake() {
	if !l.writing && !l.halted {
		l.writing = true
		go l.write()
	}
}

// WriteNow implements router.Writer: the reader that has brought something writes
// it, so that no other goroutine has to be started for it.
func (l *link) WriteNow() {
	l.mu.Lock()
	idle := !l.writing && !l.halted && len(l.control)+len(l.queue) > 0
	l.writing = l.writing || idle
	l.mu.Unlock()
	if !idle {
		return // a writer does it
	}
	b := l.prepare()
	done, err := l.conn.TryWrite(b.out)
	if err == nil && !done {
		go func() { // it would have to wait
			if l.ended(b, l.conn.Flush()) {
				l.write()
			}
		}()
		return
	}
	if l.ended(b, err) {
		l.rest()
	}
}

// Wake implements router.Writer.
func (l *link) Wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wake()
}

// rest ends a turn of writing, or hands it on if there is more.
func (l *link) rest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.halted && len(l.control)+len(l.queue) > 0 {
		go l.write()
		return
	}
	l.stopWriting()
}

// stopWriting lets go of the writer's place. l.mu is held.
func (l *link) stopWriting() {
	l.writing = false
	l.rested.Broadcast()
}

// quiet waits until nobody writes.
func (l *link) quiet() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.writing {
		l.rested.Wait()
	}
}

// write writes what is queued until there is nothing more. The caller has made
// itself the writer.
func (l *link) write() {
	for {
		l.mu.Lock()
		if l.halted || len(l.control)+len(l.queue) == 0 {
			l.stopWriting()
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		b := l.prepare()
		if !l.ended(b, l.conn.Write(b.out)) {
			return
		}
	}
}

// piece is what is written at once.
type piece struct {
	out   []byte
	large []item // of which the peer takes none
	limit int
}

// prepare makes the next piece.
func (l *link) prepare() (b piece) {
	l.mu.Lock()
	out, list := l.take()
	b.limit = l.maxBytes
	l.mu.Unlock()
	list, out, b.large = serialise(out, list, b.limit)
	l.mu.Lock()
	// Noted before it is written: the answer may be faster than we are.
	b.out = l.written(out, list)
	l.wrote = time.Now()
	l.mu.Unlock()
	l.tell(list)
	return b
}

// ended says what became of a piece. It is false if that is the end of writing.
func (l *link) ended(b piece, err error) bool {
	l.tooLarge(b.large, b.limit)
	if err == nil {
		return true
	}
	l.mu.Lock()
	l.closed, l.halted = true, true
	l.stopWriting()
	l.mu.Unlock()
	l.conn.Close() // the reader finds out
	return false
}

// tell says that the peer may see these from now on.
func (l *link) tell(list []item) {
	rows := l.server.Rows
	if rows == nil || len(list) == 0 {
		return
	}
	packets := make([]*router.Packet, len(list))
	for n, i := range list {
		packets[n] = i.Packet
	}
	rows.Written(packets)
}

// take is what is to be written next. l.mu is held.
func (l *link) take() (control []byte, list []item) {
	if l.halted {
		return nil, nil
	}
	control, l.control = l.control, nil
	size, n := 0, 0
	for n < len(l.queue) && size < batch {
		size += l.queue[n].size()
		n++
	}
	list, l.queue = l.queue[:n:n], l.queue[n:]
	l.bytes -= size
	return control, list
}

// serialise appends stanzas to out, without those that are larger than the peer
// takes.
func serialise(out []byte, list []item, limit int) (fit []item, _ []byte, large []item) {
	size := 0
	for _, i := range list {
		size += i.size() // more than enough for the attributes that are added
	}
	out = slices.Grow(out, size)
	fit = list[:0]
	for _, i := range list {
		before := len(out)
		out = i.Stanza.Append(out, &i.Edits, stanza.Out{NS: stanza.NSServer})
		if limit > 0 && len(out)-before > limit {
			out = out[:before]
			large = append(large, i)
			continue
		}
		fit = append(fit, i)
	}
	return fit, out, large
}

// tooLarge returns what the peer would end the stream for (XEP-0478 section 4,
// Business Rules).
func (l *link) tooLarge(list []item, limit int) {
	if len(list) > 0 {
		l.server.giveBack(list, stanza.PolicyViolation.WithText(
			"its server takes no stanza of more than "+strconv.Itoa(limit)+" bytes"))
	}
}
