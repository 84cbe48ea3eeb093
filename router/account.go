package router

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"parley/stanza"
)

// Account is a local account's state in memory: its sessions and what modules
// keep for it in Slots. It is loaded on first use and dropped when idle.
//
// A pointer to it may be held while a packet is on its way or a session is
// bound, not longer: an account without sessions that nobody has asked the
// router for during some minutes is dropped, and then loaded as another
// Account, whose slots the holder of the old one would not see.
type Account struct {
	ID   int64
	JID  stanza.JID // bare
	Host *Host

	sessions atomic.Pointer[[]*Session]
	cells    atomic.Pointer[[]*cell]
	used     atomic.Uint32 // the registry's clock when it was last asked for
	guest    atomic.Bool   // goes with its stream

	mu       sync.Mutex // guards changes of sessions and cells, flights, and what follows
	deleted  bool       // no session is bound any more
	disabled bool       // none is bound for the time being
}

// Sessions are the bound sessions, in order of binding. The slice is shared
// and never changed.
func (a *Account) Sessions() []*Session {
	if list := a.sessions.Load(); list != nil {
		return *list
	}
	return nil
}

// Session is the one with that resource, or nil.
func (a *Account) Session(resource string) *Session {
	for _, s := range a.Sessions() {
		if s.JID.Resource() == resource {
			return s
		}
	}
	return nil
}

// Slot is a module's state per account, loaded when first asked for.
type Slot[T any] struct {
	load func(ctx context.Context, a *Account) (T, error)
	i    int
}

// cell is one slot's value in one account.
type cell struct {
	value  atomic.Value // holds a loaded[T]
	flight *flight      // a load under way; guarded by Account.mu
}

type loaded[T any] struct{ v T }

// flight is a load that others wait for.
type flight struct {
	done chan struct{}
	err  error
}

// NewSlot declares state per account for this router. load reads it from the store.
func NewSlot[T any](r *Router, load func(ctx context.Context, a *Account) (T, error)) *Slot[T] {
	return &Slot[T]{load: load, i: int(r.slots.Add(1)) - 1}
}

// Get is the account's value, loading it if it is not there. Those who ask
// while it is being loaded wait for that load.
func (s *Slot[T]) Get(ctx context.Context, a *Account) (T, error) {
	for {
		if v, ok := s.Peek(a); ok {
			return v, nil
		}
		c, f, mine := a.board(s.i)
		if f == nil {
			continue // loaded in between
		}
		if mine {
			return s.fly(ctx, a, c, f)
		}
		var zero T
		select {
		case <-f.done:
		case <-ctx.Done():
			return zero, ctx.Err()
		}
		// A load that only ran out of its caller's time is tried again.
		if f.err != nil && !errors.Is(f.err, context.Canceled) &&
			!errors.Is(f.err, context.DeadlineExceeded) {
			return zero, f.err
		}
	}
}

// Peek is the value if it is in memory.
func (s *Slot[T]) Peek(a *Account) (T, bool) {
	if cells := a.cells.Load(); cells != nil && s.i < len(*cells) && (*cells)[s.i] != nil {
		if l, ok := (*cells)[s.i].value.Load().(*loaded[T]); ok {
			return l.v, true
		}
	}
	var zero T
	return zero, false
}

// fly loads the value for all who wait.
func (s *Slot[T]) fly(ctx context.Context, a *Account, c *cell, f *flight) (T, error) {
	f.err = context.Canceled // for those who wait, should load panic
	defer func() {
		a.mu.Lock()
		c.flight = nil
		a.mu.Unlock()
		close(f.done)
	}()
	v, err := s.load(ctx, a)
	if f.err = err; err == nil {
		c.value.Store(&loaded[T]{v})
	}
	return v, err
}

// board finds or begins the load of cell i; f is nil if it has ended.
func (a *Account) board(i int) (c *cell, f *flight, mine bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	cells := a.grow(i + 1)
	if c = cells[i]; c == nil {
		c = new(cell)
		next := append([]*cell(nil), cells...)
		next[i] = c
		a.cells.Store(&next)
	}
	switch {
	case c.flight != nil:
		return c, c.flight, false
	case c.value.Load() != nil:
		return c, nil, false
	}
	c.flight = &flight{done: make(chan struct{})}
	return c, c.flight, true
}

// grow is the account's cells, at least n.
func (a *Account) grow(n int) []*cell {
	var cells []*cell
	if p := a.cells.Load(); p != nil {
		cells = *p
	}
	for len(cells) < n {
		cells = append(cells[:len(cells):len(cells)], nil)
	}
	return cells
}
