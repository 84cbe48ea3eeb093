package router

import "parley/stanza"

// held is what a queue holds for a client that acknowledges what it gets
// (XEP-0198 section 4, Acks): a stanza stays, as it was written, until then.
//
// All pieces stand one behind the other in one buffer: those that were handed to
// the stream, then those that wait. Nothing is moved inside the buffer while a
// batch of it is being written: what is acknowledged is cut off at the front,
// and what is new is appended behind the batch or in another buffer.
type held struct {
	buf    []byte
	start  []byte  // the buffer from its beginning, empty
	pooled *[]byte // from buffers, nil while nothing is held
	pieces []piece // of buf
	out    int     // bytes of buf that were handed out
	busy   bool    // a batch is being written
	away   bool    // there is no stream: nothing is handed out
	count  uint32  // stanzas put in
	sent   uint32  // of them, handed out
	acked  uint32  // of them, acknowledged
	ask    asking
}

// piece is one stanza, or, not counted, something else that goes between them.
type piece struct {
	size    int
	counted bool
	packet  *Packet // to be told what became of it, or nil
}

// ready gives the buffer room if it has none.
func (h *held) ready() {
	if h.pooled == nil {
		h.pooled = buffers.Get().(*[]byte)
		h.buf, h.start = *h.pooled, *h.pooled
	}
}

// waits says whether there is something to hand out.
func (h *held) waits() bool { return len(h.buf) > h.out }

// put writes a stanza behind the others; see queue.put.
func (h *held) put(st *stanza.Stanza, e *stanza.Edits, o stanza.Out, p *Packet, limit int) (
	n int, wake, ok bool) {
	h.ready()
	wake = !h.waits()
	before := len(h.buf)
	h.set(st.Append(h.buf, e, o))
	n = len(h.buf) - before
	if before > 0 && before+n > limit {
		h.buf = h.buf[:before]
		return n, false, false
	}
	if p != nil && p.Owed {
		p.owing.Add(1)
	} else if !bounces(p) {
		p = nil
	}
	h.pieces = append(h.pieces, piece{n, true, p})
	h.count++
	return n, wake, true
}

// set takes the buffer back from who has appended to it.
func (h *held) set(buf []byte) {
	if cap(buf) != cap(h.buf) {
		h.start = buf[:0] // another one
	}
	h.buf = buf
}

// bounces says whether the sender of a packet is told when the session that has
// it ends without having acknowledged it (XEP-0198 section 4, Acks: as for an
// unavailable resource): an iq request, and a message that was for this session
// only and is kept nowhere.
func bounces(p *Packet) bool {
	if p == nil || p.Kind != ToSession {
		return false
	}
	switch t := p.MessageType(); {
	case p.Stanza.Kind != stanza.Message:
		return p.request()
	case t == "groupchat":
		return true
	default:
		return t != "error" && t != "headline" && p.Stanza.Has(p.Stanza.NS, "body")
	}
}

// say writes what is no stanza behind the others.
func (h *held) say(xml string) (wake bool) {
	h.ready()
	wake = !h.waits()
	h.set(append(h.buf, xml...))
	h.pieces = append(h.pieces, piece{size: len(xml)})
	return wake
}

// take hands out what waits, with a request to acknowledge where it is time.
func (h *held) take() []byte {
	if h.away || !h.waits() {
		return nil
	}
	h.sent = h.count
	if h.ask.due(h.sent, len(h.buf)-h.out) {
		h.request()
	}
	b := h.buf[h.out:len(h.buf):len(h.buf)]
	h.out, h.busy = len(h.buf), true
	return b
}

// ack cuts off what the client has acknowledged: n stanzas of those that were
// handed out, if perhaps to another stream. It returns the packets among them, and the bytes of all.
func (h *held) ack(n uint32) (done []*Packet, bytes int) {
	h.acked += n
	h.ask.answered(h.acked)
	return h.cut(n)
}

// cut cuts off the first n stanzas, and what was said before and behind them if
// it was handed out.
func (h *held) cut(n uint32) (done []*Packet, bytes int) {
	k, cut := 0, 0
	for ; k < len(h.pieces); k++ {
		p := &h.pieces[k]
		if !p.counted && cut >= h.out || p.counted && n == 0 {
			break
		}
		if p.counted {
			n--
			bytes += p.size
			if p.packet != nil {
				done = append(done, p.packet)
			}
		}
		cut += p.size
	}
	clear(h.pieces[:k])
	h.pieces = h.pieces[k:]
	h.buf, h.out = h.buf[cut:], max(h.out-cut, 0)
	h.rest()
	return done, bytes
}

// rest gives the buffer back when nothing is held.
func (h *held) rest() {
	if h.busy || h.pooled == nil || len(h.buf) > 0 {
		return
	}
	if cap(h.start) <= keepBuffer {
		*h.pooled = h.start
		buffers.Put(h.pooled)
	}
	h.buf, h.start, h.pooled, h.pieces = nil, nil, nil, nil
}

// again has all that is held handed out once more, without what was said between
// the stanzas: that was for another stream.
func (h *held) again() {
	var buf []byte
	var pieces []piece
	rest := h.buf
	for _, p := range h.pieces {
		if p.counted {
			buf = append(buf, rest[:p.size]...)
			pieces = append(pieces, p)
		}
		rest = rest[p.size:]
	}
	h.buf, h.start, h.pooled, h.pieces = nil, nil, nil, nil
	if len(pieces) > 0 {
		h.buf, h.start, h.pooled, h.pieces = buf, buf[:0], new([]byte), pieces
	}
	h.out, h.busy, h.away, h.ask = 0, false, false, asking{at: h.acked}
}

// packets are those of all pieces, in order, and the bytes of all stanzas.
func (h *held) packets() (list []*Packet, bytes int) {
	for _, p := range h.pieces {
		if p.packet != nil {
			list = append(list, p.packet)
		}
		if p.counted {
			bytes += p.size
		}
	}
	return list, bytes
}
