package router

import (
	"sync"

	"parley/stanza"
)

// queue is what waits to be written to one stream: stanzas as bytes, one
// behind the other, so that the stream writes all of them at once. It holds no
// buffer while it is empty.
type queue struct {
	mu     sync.Mutex
	buf    *[]byte   // from buffers, nil while empty
	owed   []*Packet // owed packets inside buf
	taken  int       // bytes handed out by take and not written yet
	closed bool
	full   bool  // the stream has been told to close
	held   *held // in place of buf where the client acknowledges
}

// Batch is what Take handed out.
type Batch struct {
	Bytes []byte

	buf  *[]byte
	owed []*Packet
}

// keepBuffer is the largest buffer that goes back to the pool.
const keepBuffer = 64 << 10

// buffers holds the byte buffers of all queues; each is empty.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// put writes a stanza behind the others. n is the number of bytes; wake says
// that the queue was empty. When it is not ok, n > 0 says that the queue has
// just been found full.
func (q *queue) put(st *stanza.Stanza, e *stanza.Edits, o stanza.Out, p *Packet, limit int) (
	n int, wake, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.full {
		return 0, false, false
	}
	if q.held != nil {
		n, wake, ok = q.held.put(st, e, o, p, limit)
		q.full = !ok
		return n, wake, ok
	}
	if q.buf == nil {
		q.buf = buffers.Get().(*[]byte)
		wake = true
	}
	before := len(*q.buf)
	*q.buf = st.Append(*q.buf, e, o)
	n = len(*q.buf) - before
	// One stanza always fits: limits.stanza may be above limits.queue.
	if q.taken+before > 0 && q.taken+before+n > limit {
		*q.buf = (*q.buf)[:before]
		q.full = true
		return n, false, false
	}
	if p != nil && p.Owed {
		p.owing.Add(1)
		q.owed = append(q.owed, p)
	}
	return n, wake, true
}

// take empties the queue into a batch.
func (q *queue) take() (Batch, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held != nil && !q.closed {
		b := Batch{Bytes: q.held.take(), owed: q.owed}
		q.owed = nil
		return b, b.Bytes != nil
	}
	if q.buf == nil || len(*q.buf) == 0 {
		return Batch{}, false
	}
	b := Batch{Bytes: *q.buf, buf: q.buf, owed: q.owed}
	q.buf, q.owed = nil, nil
	q.taken += len(b.Bytes)
	return b, true
}

// size is how many bytes wait, those that are being written included.
func (q *queue) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.length()
}

// length is size under the lock.
func (q *queue) length() int {
	switch {
	case q.held != nil:
		return len(q.held.buf)
	case q.buf == nil:
		return q.taken
	}
	return q.taken + len(*q.buf)
}

// written takes the batch's buffer back, and says how many bytes are not held
// any more.
func (q *queue) written(b *Batch) (n int) {
	q.mu.Lock()
	if b.buf == nil {
		if q.held.busy = false; !q.closed {
			q.held.cut(0) // what needs no acknowledgement
		}
		q.mu.Unlock()
		return 0
	}
	q.taken -= len(b.Bytes)
	q.mu.Unlock()
	n = len(b.Bytes)
	if cap(*b.buf) <= keepBuffer {
		*b.buf = (*b.buf)[:0]
		buffers.Put(b.buf)
	}
	return n
}

// stop lets nothing more in: the stream has failed. What is held may go out on
// another.
func (q *queue) stop() {
	q.mu.Lock()
	q.full = q.full || q.held == nil
	q.mu.Unlock()
}

// close drops what waits and lets nothing more in; it returns the owed, and
// those whose senders are to be told.
func (q *queue) close() (dropped int, owed []*Packet) {
	q.mu.Lock()
	defer q.mu.Unlock()
	owed = q.owed
	switch {
	case q.closed:
	case q.held != nil:
		var list []*Packet
		list, dropped = q.held.packets()
		owed = append(owed, list...)
		q.held.buf, q.held.pieces = nil, nil
	case q.buf != nil:
		dropped = len(*q.buf)
	}
	q.closed, q.buf, q.owed = true, nil, nil
	return dropped, owed
}
