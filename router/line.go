package router

import (
	"context"
	"sync"

	"parley/stanza"
)

// Line is the order line of one stream (client, incoming s2s, component): what
// is put in is finished in that order.
//
// It is a list of packets bounded in bytes. At most one goroutine at a time
// runs it (the run token): usually the stream's reader, which so carries a
// packet without writes to the receiver's queue itself. When the oldest packet
// waits for a commit the token is given up and the reader reads on; the commit
// (see committed) takes the token up again on a goroutine of its own.
//
// A message behind others starts early: it is refused or recorded, and its
// rows handed to the store, as soon as all ahead of it are messages that have
// started. So one commit serves many messages. Everything else starts when it
// is the oldest, so that an iq sees the sets before it. All leave in order.
type Line struct {
	router *Router
	origin Origin
	sender *Session // Origin Local

	mu      sync.Mutex
	head    *Packet // oldest that is not finished
	tail    *Packet
	fresh   *Packet // oldest that has not started
	bytes   int
	taken   uint32        // how many have been put in
	done    uint32        // of them, finished
	late    []uint32      // places of what is not written down yet, sorted: see Packet.Late
	hurry   func()        // has it written down
	acks    *acks         // nil: the stream is not managed
	running bool          // the run token is taken
	closed  bool          // nothing more is put in
	key     stanza.JID    // where Router.behind has it; zero for a stream's line
	room    chan struct{} // closed when there is room again; nil if nobody waits
	empty   chan struct{} // closed when the line is empty; nil if nobody waits

	recent recent // the run token's

	// The reader's own: what Incoming handed out and is not put in yet, whether
	// it writes for others, and the bytes it has put in since it last did.
	spare    *incoming
	defers   bool
	atWork   int
	deferred deferred
}

// incoming is a packet and the stanza it carries in one allocation.
type incoming struct {
	Packet
	stanza stanza.Stanza
}

// NewLine makes a line for packets from a stream that is not a session.
func (r *Router) NewLine(origin Origin) *Line { return &Line{router: r, origin: origin} }

// Incoming is an empty stanza to scan into: putting it in later saves an
// allocation. It is the same until it is put in; the reader alone calls this.
func (l *Line) Incoming() *stanza.Stanza {
	if l.spare == nil {
		l.spare = new(incoming)
	}
	return &l.spare.stanza
}

// Park forgets the stanza of Incoming and whom the last one was for, so that an
// idle stream holds no memory for them.
func (l *Line) Park() {
	l.spare = nil
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.running {
		l.recent = recent{}
	}
}

// packet wraps a stanza that came from the line's stream.
func (l *Line) packet(st *stanza.Stanza) *Packet {
	var p *Packet
	if in := l.spare; in != nil && st == &in.stanza {
		p, l.spare = &in.Packet, nil
	} else {
		p = new(Packet)
	}
	l.router.Metrics.StanzaIn(uint8(st.Kind))
	p.Stanza, p.Origin, p.Sender, p.line = st, l.origin, l.sender, l
	return p
}

// Put takes a stanza whose from the stream has proven. It blocks while the
// line holds more than its bytes; an error is ctx's.
func (l *Line) Put(ctx context.Context, st *stanza.Stanza) error {
	return l.put(ctx, l.packet(st))
}

func (l *Line) put(ctx context.Context, p *Packet) error {
	l.atReader(p.Stanza)
	l.mu.Lock()
	for l.bytes > l.router.Config().Limits.Line {
		if err := l.wait(ctx, &l.room); err != nil {
			l.mu.Unlock()
			return err
		}
	}
	if !l.closed {
		l.append(p)
	}
	l.run()
	return nil
}

// wait gives up the lock until the channel is closed.
func (l *Line) wait(ctx context.Context, ch *chan struct{}) error {
	if *ch == nil {
		*ch = make(chan struct{})
	}
	c := *ch
	l.mu.Unlock()
	defer l.mu.Lock()
	l.deferred.wake()
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Flush waits until everything put in is finished.
func (l *Line) Flush(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.head != nil || len(l.late) > 0 {
		if len(l.late) > 0 && l.hurry != nil {
			l.hurry()
		}
		if err := l.wait(ctx, &l.empty); err != nil {
			return err
		}
	}
	return nil
}

// Finished is how many that were put in are finished, with all before them, and
// need not be written down any more (Packet.Late). The number wraps as the one
// in acknowledgements does (XEP-0198 section 4, Acks).
func (l *Line) Finished() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.finished()
}

// close drops what is put in from now on.
func (l *Line) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
}

func (l *Line) append(p *Packet) {
	if l.tail == nil {
		l.head = p
	} else {
		l.tail.next = p
	}
	l.tail = p
	if l.fresh == nil {
		l.fresh = p
	}
	l.bytes += len(p.Stanza.Raw)
	p.place = l.taken
	l.taken++
}

// run takes the token, if it is free, and moves what can be moved. It is
// called with mu held and returns without.
func (l *Line) run() {
	if !l.running {
		l.running = true
		l.loop()
		return
	}
	l.mu.Unlock()
}

// loop moves packets until none can be moved and gives up the token. It is
// called with mu held and returns without.
func (l *Line) loop() {
	for {
		p, until := l.pick()
		if p == nil {
			break
		}
		l.mu.Unlock()
		done := l.router.advance(l.router.ctx, p, until)
		l.mu.Lock()
		switch {
		case done && until == finished:
			l.pop()
		case done && l.acks != nil && !p.late:
			l.acks.open(p.place) // it has no rows, and waits for those ahead
		}
	}
	l.running = false
	gone := !l.key.IsZero() && l.head == nil
	l.mu.Unlock()
	if gone {
		l.router.behind.remove(l)
	}
}

// pick is the packet to move next, and how far.
func (l *Line) pick() (*Packet, Stage) {
	p, fresh := l.head, l.fresh
	switch {
	case p == nil:
		return nil, 0
	case !p.waiting:
		if p == fresh {
			if l.mustWait(p) {
				return nil, 0
			}
			l.fresh = p.next
		}
		return p, finished
	case fresh != nil && p.Stanza.Kind == stanza.Message && fresh.Stanza.Kind == stanza.Message &&
		!l.acks.barred():
		l.fresh = fresh.next
		return fresh, Copy
	}
	return nil, 0
}

// pop takes the finished head out.
func (l *Line) pop() {
	p := l.head
	l.head, p.next = p.next, nil
	l.bytes -= len(p.Stanza.Raw)
	l.done++
	if l.head == nil {
		l.tail = nil
		if len(l.late) == 0 {
			signal(&l.empty)
		}
	}
	if l.acks != nil {
		l.acks.close(p.place)
		l.answer()
	}
	if l.room != nil && l.bytes <= l.router.Config().Limits.Line {
		signal(&l.room)
	}
}

func signal(ch *chan struct{}) {
	if *ch != nil {
		close(*ch)
		*ch = nil
	}
}
