package router

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"

	"parley/stanza"
)

// Route sends a stanza that the server made (Origin Server) on its way: to and
// from are in it. Modules use it for what goes to addresses, Session.Push for
// what goes to one session. What it leaves rows for waits for its commit, and
// what is routed from the same address behind it waits too.
func (r *Router) Route(ctx context.Context, st *stanza.Stanza) {
	r.route(ctx, &Packet{Stanza: st, Origin: Server, From: st.From, To: st.To})
}

// RouteAs is Route for one text that goes to many, with another from and to.
// If it is sent for an account (a's presence to its contacts), the account's
// refuse handlers are asked first, as the sending side; a may be nil.
func (r *Router) RouteAs(ctx context.Context, a *Account, st *stanza.Stanza, from, to stanza.JID) {
	p := &Packet{Stanza: st, Origin: Server, From: from, To: to, behalf: a}
	p.Edits.Set("from", from.String())
	p.Edits.Set("to", to.String())
	r.route(ctx, p)
}

// RouteTo is Route for one text that goes to many: from is in it, to is not.
func (r *Router) RouteTo(ctx context.Context, st *stanza.Stanza, to stanza.JID) {
	p := &Packet{Stanza: st, Origin: Server, From: st.From, To: to}
	p.Edits.Set("to", to.String())
	r.route(ctx, p)
}

// RouteFrom is RouteAs for what is sent for one session: it may have left its
// account just now.
func (r *Router) RouteFrom(ctx context.Context, s *Session, st *stanza.Stanza, to stanza.JID) {
	p := &Packet{Stanza: st, Origin: Server, From: s.JID, To: to, Behalf: s, behalf: s.Account}
	p.Edits.Set("from", s.JID.String())
	p.Edits.Set("to", to.String())
	r.route(ctx, p)
}

// route moves a packet that comes from no stream.
func (r *Router) route(ctx context.Context, p *Packet) {
	if l := r.behind.join(p); l != nil {
		l.run()
		return
	}
	if !r.advance(ctx, p, finished) {
		p.line.mu.Lock()
		p.line.loop()
	}
}

// serverLines are the lines of packets that the server made, by sender. There
// is one only while a packet of that sender waits for its commit: then those
// behind it wait in order, while other senders' go on.
type serverLines struct {
	n  atomic.Int32 // of m: mostly there are none
	mu sync.Mutex
	m  map[stanza.JID]*Line
}

// join puts the packet behind those of the same sender that wait. The line is
// returned locked; it is nil if there are none.
func (b *serverLines) join(p *Packet) *Line {
	if b.n.Load() == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.m[p.From.Bare()]
	if l != nil {
		p.line, p.spread = l, nil
		l.mu.Lock()
		l.append(p)
	}
	return l
}

// wait makes a line for a packet that is about to wait for its commit. The
// caller has the line's token and gives it up by Line.loop.
func (b *serverLines) wait(r *Router, p *Packet) {
	l := &Line{router: r, origin: Server, running: true, key: p.From.Bare()}
	l.append(p)
	l.fresh = nil
	p.line = l
	b.mu.Lock()
	defer b.mu.Unlock()
	// Of two packets that began at the same time the later line counts: there
	// is no order between them.
	b.m[l.key] = l
	b.n.Store(int32(len(b.m)))
}

// remove forgets a line that has run empty.
func (b *serverLines) remove(l *Line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.head == nil && !l.running && b.m[l.key] == l {
		delete(b.m, l.key)
		b.n.Store(int32(len(b.m)))
	}
}

// pending are the requests that wait for an answer.
type pending struct {
	mu sync.Mutex
	m  map[pendingKey]func(*stanza.Stanza)
}

// pendingKey is what an answer must have: it comes from whom was asked, to who
// asked, with an id that nobody else can know.
type pendingKey struct {
	from, to stanza.JID
	id       string
}

func (q *pending) init() { q.m = map[pendingKey]func(*stanza.Stanza){} }

// Request sends an iq that the server made and calls fn once with the answer (type
// result or error), or with nil when ctx ends first. The id that goes out is
// the router's own, so that nobody can answer for the one who was asked (RFC
// 6120 section 8.1.3, id). fn must not block.
func (r *Router) Request(ctx context.Context, iq *stanza.Stanza, fn func(answer *stanza.Stanza)) {
	id := rand.Text()
	r.Await(ctx, iq.To, iq.From, id, fn)
	p := &Packet{Stanza: iq, Origin: Server, From: iq.From, To: iq.To}
	p.Edits.Set("id", id)
	p.more().id = id
	r.route(ctx, p)
}

// Await is Request for an iq that goes out in another way: from is who is asked.
func (r *Router) Await(ctx context.Context, from, to stanza.JID, id string,
	fn func(answer *stanza.Stanza)) {
	k := pendingKey{from: from, to: to, id: id}
	var once sync.Once
	done := func(st *stanza.Stanza) { once.Do(func() { fn(st) }) }
	stop := context.AfterFunc(ctx, func() {
		r.pending.take(k)
		done(nil)
	})
	r.pending.add(k, func(st *stanza.Stanza) {
		stop()
		done(st)
	})
}

func (q *pending) add(k pendingKey, fn func(*stanza.Stanza)) {
	q.mu.Lock()
	q.m[k] = fn
	q.mu.Unlock()
}

func (q *pending) take(k pendingKey) func(*stanza.Stanza) {
	q.mu.Lock()
	defer q.mu.Unlock()
	fn := q.m[k]
	delete(q.m, k)
	return fn
}

// answered gives an answer to who asked; one that nobody asked for is dropped.
func (q *pending) answered(p *Packet) {
	k := pendingKey{from: p.From, to: p.To, id: p.Stanza.ID}
	if id := p.seen().id; id != "" {
		k.id = id // answered here
	}
	if fn := q.take(k); fn != nil {
		fn(p.Stanza)
	}
}
