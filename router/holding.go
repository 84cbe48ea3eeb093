package router

import "time"

// hold begins to hold what goes out until it is acknowledged; answer goes first.
// What waits already goes before that and is not counted (XEP-0198 section 4,
// Acks: the count starts with <enabled/>).
func (q *queue) hold(answer string) (wake bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held != nil || q.closed {
		return false
	}
	h := new(held)
	if q.buf != nil {
		wake = h.say(string(*q.buf))
		*q.buf = (*q.buf)[:0]
		buffers.Put(q.buf)
		q.buf = nil
	}
	q.held = h
	if answer == "" {
		return wake
	}
	return h.say(answer) || wake
}

// say puts in what is no stanza. It is not ok if the queue has just been found
// full.
func (q *queue) say(xml string, limit int) (wake, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed || q.full:
		return false, true
	case q.length() > limit:
		q.full = true
		return false, false
	case q.held != nil:
		return q.held.say(xml), true
	case q.buf == nil:
		q.buf = buffers.Get().(*[]byte)
		wake = true
	}
	*q.buf = append(*q.buf, xml...)
	return wake, true
}

// acked is what came of an acknowledgement.
type acked struct {
	done  []*Packet // that were waited for
	bytes int
	sent  uint32 // stanzas that the client has been sent
}

// acknowledge takes what the client says it has handled. It is false for more
// than it was sent. The number wraps, so that a smaller one is an old one, which
// says nothing (XEP-0198 section 4, Acks).
func (q *queue) acknowledge(n uint32) (a acked, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.held
	a.sent = h.sent
	switch more := n - h.acked; {
	case q.closed || more > 1<<31:
		return a, true
	case more > h.sent-h.acked:
		return a, false
	default:
		a.done, a.bytes = h.ack(more)
		return a, true
	}
}

// pause hands nothing out until resume.
func (q *queue) pause() {
	q.mu.Lock()
	q.held.away = true
	q.mu.Unlock()
}

// resume hands out again what has not been acknowledged.
func (q *queue) resume() {
	q.mu.Lock()
	q.held.again()
	q.mu.Unlock()
}

// request asks the client to acknowledge, if there is anything to.
func (q *queue) request() (wake bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.held
	return !q.closed && !h.away && h.count != h.acked && h.request()
}

// tick is held.tick.
func (q *queue) tick(now time.Time) (wake bool, silent time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false, 0
	}
	return q.held.tick(now)
}

// packets are those that are held and were not acknowledged.
func (q *queue) packets() []*Packet {
	q.mu.Lock()
	defer q.mu.Unlock()
	list, _ := q.held.packets()
	return list
}

// swap puts a packet in the place of another.
func (q *queue) swap(old, with *Packet) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.held.pieces {
		if p := &q.held.pieces[i]; p.packet == old {
			p.packet = with
			with.owing.Add(1)
			return true
		}
	}
	return false
}
