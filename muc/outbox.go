package muc

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"

	"parley/router"
)

// outbox holds what a room has decided to send, in order. The oldest delivery
// may wait for a commit; what is behind it waits too.
//
// At most one goroutine at a time sends (running): whoever has just changed the
// room, or, when a commit was waited for, one that the commit calls.
type outbox struct {
	log     *slog.Logger
	spread  *router.Spread // of the one that sends
	workers *workers

	mu      sync.Mutex
	head    *delivery
	tail    *delivery
	running bool
}

// delivery is one step of a room's output.
type delivery struct {
	ctx     context.Context
	send    func(ctx context.Context) // nil: nothing comes of it
	waiting bool                      // for a commit
	next    *delivery
	box     *outbox
}

// sending is the context of what a delivery sends: it is written with the rest.
type sending struct {
	context.Context
	spread *router.Spread
}

// put appends a delivery. One that waits goes out when it is released.
func (b *outbox) put(ctx context.Context, waiting bool, send func(ctx context.Context)) *delivery {
	d := &delivery{ctx: context.WithoutCancel(ctx), send: send, waiting: waiting, box: b}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tail == nil {
		b.head = d
	} else {
		b.tail.next = d
	}
	b.tail = d
	return d
}

// release ends the waiting of a delivery; if nothing was committed, nothing
// goes out. It does not block: the store's writer may call it.
func (d *delivery) release(committed bool) {
	b := d.box
	b.mu.Lock()
	d.waiting = false
	if !committed {
		d.send = nil
	}
	start := b.head == d && !b.running
	b.running = b.running || start
	b.mu.Unlock()
	if start {
		b.workers.send(b)
	}
}

// run sends what can be sent, unless somebody does already. The room's lock is
// not held.
func (b *outbox) run() {
	b.mu.Lock()
	start := !b.running && b.head != nil && !b.head.waiting
	b.running = b.running || start
	b.mu.Unlock()
	if start {
		b.loop()
	}
}

// loop sends until the box is empty or its oldest delivery waits. What comes
// together is written together.
func (b *outbox) loop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.ready() {
		for b.ready() {
			d := b.head
			b.mu.Unlock()
			d.deliver()
			b.mu.Lock()
			if b.head = d.next; b.head == nil {
				b.tail = nil
			}
		}
		b.mu.Unlock()
		b.protect(b.spread.Write)
		b.mu.Lock()
	}
	b.running = false
}

// ready says whether something can be sent. The lock is held.
func (b *outbox) ready() bool { return b.head != nil && !b.head.waiting }

// deliver sends.
func (d *delivery) deliver() {
	if d.send != nil {
		d.box.protect(func() { d.send(sending{d.ctx, d.box.spread}) })
	}
}

// protect calls fn. A panic is one delivery's fault, and the room is everybody's.
func (b *outbox) protect(fn func()) {
	defer func() {
		if v := recover(); v != nil {
			b.log.Error("room output panicked", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	fn()
}

// idle says whether nothing is left to send.
func (b *outbox) idle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.head == nil
}
