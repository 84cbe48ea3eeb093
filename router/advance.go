package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"parley/stanza"
	"parley/store"
)

// advance runs the packet's stages up to, without, the given one. It is false
// if a commit must come first; the packet is then moved on by committed.
func (r *Router) advance(ctx context.Context, p *Packet, until Stage) bool {
	for p.stage < until && !p.stopped {
		if err := r.stages(ctx, p, until); err != nil {
			r.ended(ctx, p, p.stage-1, err)
		}
		if p.extra != nil {
			if len(p.extra.writes) > 0 {
				r.submit(p)
				return false
			}
			r.runCommitted(p)
		}
	}
	if until == finished {
		r.finish(ctx, p)
	}
	return true
}

// stages runs stages up to the given one, or until one has ended the packet or
// left something to be done before the next. A panic is an error: it is one
// stanza's fault, and the process is everybody's.
func (r *Router) stages(ctx context.Context, p *Packet, until Stage) (err error) {
	defer r.recovered(&err)
	for p.stage < until && !p.stopped {
		if p.extra != nil {
			r.runThen(ctx, p)
		}
		s := p.stage
		p.stage++
		if !p.concerns(s) {
			continue
		}
		if s == Deliver && p.Owed {
			p.hold()
		}
		if err := r.stage(ctx, s, p); err != nil {
			return err
		}
		if x := p.extra; x != nil && len(x.writes)+len(x.committed) > 0 {
			return nil
		}
	}
	return nil
}

// concerns says whether anybody has a say in a stage: in refuse and deliver the
// router has, in record the owner of an iq.
func (p *Packet) concerns(s Stage) bool {
	kind := p.Stanza.Kind
	return s == Refuse || s == Deliver || s == Record && kind == stanza.IQ ||
		p.Sender != nil && p.Sender.Host.concerns[kind].has(s) ||
		p.Dest != nil && p.Dest.concerns[kind].has(s)
}

// ended notes what a stage returned. What a handled packet wrote is committed
// all the same, and the after stage follows the deliver stage always.
func (r *Router) ended(ctx context.Context, p *Packet, s Stage, err error) {
	if r.Log.Enabled(ctx, slog.LevelDebug) {
		r.Log.Debug("stanza ended", "stage", s, "handler", p.seen().by, "from", p.From,
			"to", p.To, "id", p.Stanza.ID, "why", err)
	}
	switch {
	case s == Deliver:
		r.fail(ctx, p, err)
	case s == After && !errors.Is(err, Handled):
		r.report(ctx, p, err) // the packet has arrived: its sender has no error to hear of
	case errors.Is(err, Handled):
		p.stopped = true
	default:
		p.fails(err)
		r.runFailed(p)
		p.extra.writes, p.extra.committed, p.extra.then = nil, nil, nil
	}
}

// finish is the end of a packet's way: its answers go out.
func (r *Router) finish(ctx context.Context, p *Packet) {
	if p.extra != nil {
		r.settle(ctx, p, p.extra)
	}
	if p.held {
		p.release(ctx, r, false)
	}
}

// settle does what is left to do when a packet has been through its stages.
func (r *Router) settle(ctx context.Context, p *Packet, x *extra) {
	if x.err != nil {
		r.fail(ctx, p, x.err)
		x.replies = nil
	} else {
		r.runThen(ctx, p)
	}
	for _, st := range x.replies {
		r.answer(ctx, p, st)
	}
	x.replies = nil
}

// submit hands the packet's writes to the store.
func (r *Router) submit(p *Packet) {
	if p.line == nil {
		r.behind.wait(r, p)
	}
	p.line.mu.Lock()
	p.waiting = true
	if a := p.line.acks; a != nil && !p.late && p.Dest != nil && p.Dest.Forward != nil {
		a.open(p.place)
	}
	p.line.mu.Unlock()
	x := p.extra
	fns := x.writes
	x.writes = nil
	stopped, before := p.stopped, *x
	r.Store.Write(func(tx *store.Tx) error {
		p.stopped = stopped
		x.rewind(&before)
		for _, fn := range fns {
			if err := fn(tx); err != nil {
				return err
			}
		}
		p.Counted(tx)
		return nil
	}, p.commit)
}

// rewind forgets what an earlier run of the write functions said: the store
// may run them twice (store.DB.Write).
func (x *extra) rewind(before *extra) {
	x.replies = x.replies[:len(before.replies)]
	x.committed = x.committed[:len(before.committed)]
	x.then = x.then[:len(before.then)]
}

// runCommitted runs the functions that wait for the commit.
func (r *Router) runCommitted(p *Packet) {
	for _, fn := range p.extra.committed {
		r.try(p, fn)
	}
	p.extra.committed, p.extra.failed = nil, nil
}

// runFailed runs the functions that wait for a failure.
func (r *Router) runFailed(p *Packet) {
	for _, fn := range p.extra.failed {
		r.try(p, fn)
	}
	p.extra.failed = nil
}

// runThen runs the functions that wait for the next stage.
func (r *Router) runThen(ctx context.Context, p *Packet) {
	for _, fn := range p.extra.then {
		r.try(p, func() { fn(ctx) })
	}
	p.extra.then = nil
}

// try runs a function that has no way to fail. A panic in it is logged: the
// caller may be the store's writer, which is everybody's.
func (r *Router) try(p *Packet, fn func()) {
	if err := r.protect(func() error { fn(); return nil }); err != nil {
		r.report(r.ctx, p, err)
	}
}

// protect runs fn and turns a panic into an error.
func (r *Router) protect(fn func() error) (err error) {
	defer r.recovered(&err)
	return fn()
}

// recovered, deferred, makes a panic the function's error.
func (r *Router) recovered(err *error) {
	if v := recover(); v != nil {
		r.Metrics.Panic()
		*err = fmt.Errorf("handler panicked: %v\n%s", v, debug.Stack())
	}
}

// commit is called by the store's writer, in the order of commits, when the
// packet's writes are committed or have failed. It does not block: if nobody
// runs the line and it can move now, a goroutine does.
func (p *Packet) commit(err error) {
	l := p.line
	if err == nil {
		l.router.runCommitted(p)
	} else {
		l.router.runFailed(p)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p.waiting = false
	if err != nil {
		p.fails(err)
	}
	if l.running || l.head != p {
		return
	}
	l.running = true
	go func() {
		l.mu.Lock()
		l.loop()
	}()
}

// hold keeps an owed packet from being lost while it is on its way.
func (p *Packet) hold() {
	p.held = true
	p.owing.Add(1)
}

// release says that a queue, or the packet's way, has let go of it; arrived
// that it reached its client. The last one to let go of an owed packet that
// nobody took reports it lost.
func (p *Packet) release(ctx context.Context, r *Router, arrived bool) {
	if arrived {
		p.owing.Or(taken)
	}
	if p.owing.Add(-1) != 0 || p.Dest == nil {
		return
	}
	for _, fn := range p.Dest.lost {
		fn(ctx, p)
	}
}
