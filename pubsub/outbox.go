package pubsub

import (
	"context"
	"sync"

	"parley/router"
)

// outbox are events on their way, in the order of their commits: of two that
// publish at the same time, the one that is in the node at the end is also the
// last that anybody hears of.
type outbox struct {
	mu      sync.Mutex
	queue   []func(ctx context.Context)
	running bool // somebody sends what is in the queue
}

// box is the outbox of a node.
func (m *Service) box(id int64) *outbox { return &m.out[uint64(id)%uint64(len(m.out))] }

// send has fn run behind the packet's commit.
func (o *outbox) send(p *router.Packet, fn func(ctx context.Context)) {
	p.Committed(func() { o.add(fn) }) // in the order of commits, but must not route
	p.Then(o.drain)
}

func (o *outbox) add(fn func(ctx context.Context)) {
	o.mu.Lock()
	o.queue = append(o.queue, fn)
	o.mu.Unlock()
}

// drain runs what waits. If somebody is at it already, they do.
func (o *outbox) drain(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.running {
		return
	}
	o.running = true
	defer func() { o.running = false }()
	for len(o.queue) > 0 {
		fn := o.queue[0]
		o.queue = o.queue[1:]
		o.run(ctx, fn)
	}
	o.queue = nil
}

// run runs fn without the lock.
func (o *outbox) run(ctx context.Context, fn func(ctx context.Context)) {
	o.mu.Unlock()
	defer o.mu.Lock()
	fn(ctx)
}
