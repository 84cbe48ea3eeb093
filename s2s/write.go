package s2s

import (
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
	l.wake()
	return true
}

// mostControl is how much that is no stanza may wait: a peer that asks and does
// not read the answers must not fill the memory (RFC 6120 section 13.12, Denial
// of Service).
const mostControl = 256 << 10

// say queues something that is no stanza.
func (l *link) say(b []byte) {
	l.mu.Lock()
	l.control = append(l.control, b...)
	l.wake()
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
		l.writers.Go(l.write)
	}
}

// write writes what is queued until there is nothing more.
func (l *link) write() {
	for {
		l.mu.Lock()
		out, list := l.take()
		if len(out)+len(list) == 0 {
			l.writing = false
			l.mu.Unlock()
			return
		}
		limit := l.maxBytes
		l.mu.Unlock()
		var large []item
		list, out, large = serialise(out, list, limit)
		l.mu.Lock()
		// Noted before it is written: the answer may be faster than we are.
		out = l.written(out, list)
		l.wrote = time.Now()
		l.mu.Unlock()
		l.tell(list)
		err := l.conn.SetWriteDeadline(time.Now().Add(stuckAfter))
		if err == nil {
			err = l.conn.Write(out)
		}
		l.tooLarge(large, limit)
		if err != nil {
			l.mu.Lock()
			l.writing, l.closed, l.halted = false, true, true
			l.mu.Unlock()
			l.conn.Close() // the reader finds out
			return
		}
	}
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
