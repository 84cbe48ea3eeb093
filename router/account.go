package router

import (
	"context"
	"sync/atomic"

	"parley/stanza"
)

// Account is a local account's state in memory: its sessions and what modules
// keep for it in Slots. It is loaded on first use and dropped when idle.
type Account struct {
	ID   int64
	JID  stanza.JID // bare
	Host *Host

	sessions atomic.Pointer[[]*Session]
}

// Sessions are the bound sessions, in order of binding. The slice is shared
// and never changed.
func (a *Account) Sessions() []*Session { panic("todo") }

// Session is the one with that resource, or nil.
func (a *Account) Session(resource string) *Session { panic("todo") }

// Bind makes a session for a stream that has authenticated (RFC 6120 section
// 7). wish "" or one that fails to prepare lets the server choose or returns
// the stanza error of section 7.7.2. The conflict policy is the host's.
func (a *Account) Bind(ctx context.Context, wish string, s Stream) (*Session, error) { panic("todo") }

// Slot is a module's state per account, loaded when first asked for.
type Slot[T any] struct {
	load func(ctx context.Context, a *Account) (T, error)
}

// NewSlot declares state per account for this router. load reads it from the store.
func NewSlot[T any](r *Router, load func(ctx context.Context, a *Account) (T, error)) *Slot[T] {
	panic("todo")
}

// Get is the account's value, loading it if it is not there.
func (s *Slot[T]) Get(ctx context.Context, a *Account) (T, error) { panic("todo") }

// Peek is the value if it is in memory.
func (s *Slot[T]) Peek(a *Account) (T, bool) { panic("todo") }
