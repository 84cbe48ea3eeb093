package router

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"parley/stanza"
	"parley/store"
)

const (
	shards     = 16
	tick       = time.Minute // of the registry's clock
	idle       = 5           // ticks that an account without sessions stays
	maxMissing = 1024        // unknown addresses remembered per shard
)

// registry finds accounts in memory. Addresses that no account has are
// remembered too, for at most a tick and a bounded number, so that a flood of
// stanzas to them does not reach the store.
type registry struct {
	seed   maphash.Seed
	clock  atomic.Uint32
	shards [shards]shard
}

type shard struct {
	mu       sync.RWMutex
	accounts map[string]*Account // by bare JID
	loading  map[string]chan struct{}
	missing  map[string]uint32 // clock when the store did not know it
	drops    uint              // counts deleted accounts
}

func (g *registry) init() {
	g.seed = maphash.MakeSeed()
	g.clock.Store(idle)
	for i := range g.shards {
		s := &g.shards[i]
		s.accounts = map[string]*Account{}
		s.loading = map[string]chan struct{}{}
		s.missing = map[string]uint32{}
	}
}

func (g *registry) shard(bare string) *shard {
	return &g.shards[maphash.String(g.seed, bare)%shards]
}

// peek is the account if it is in memory, marked as used.
func (g *registry) peek(bare string) *Account {
	s := g.shard(bare)
	s.mu.RLock()
	a := s.accounts[bare]
	if a != nil {
		g.touch(a)
	}
	s.mu.RUnlock()
	return a
}

// touch marks an account as used now.
func (g *registry) touch(a *Account) {
	if now := g.clock.Load(); a.used.Load() != now {
		a.used.Store(now)
	}
}

// Account loads the account of a bare JID; store.ErrNotFound if there is none.
func (r *Router) Account(ctx context.Context, bare stanza.JID) (*Account, error) {
	return r.accounts.get(ctx, r, bare, false, nil)
}

// AccountRow is an account as the store has it, for somebody who is logging in:
// the account is in memory afterwards, so that binding does not read it again.
func (r *Router) AccountRow(ctx context.Context, bare stanza.JID) (row store.Account, err error) {
	if _, err = r.accounts.get(ctx, r, bare, false, &row); err == nil && row.ID == 0 {
		row, err = r.Store.Account(ctx, bare.String()) // it was in memory before
	}
	return row, err
}

// Online is the account if it is in memory, without loading it.
func (r *Router) Online(bare stanza.JID) *Account { return r.accounts.peek(bare.String()) }

// get loads an account once for all who ask at the same time. With cached, an
// address that was unknown a moment ago is not looked up again: good enough
// for a stanza's receiver, not for somebody who has just registered. row, if
// set, gets what was read for this call, if anything was.
func (g *registry) get(ctx context.Context, r *Router, bare stanza.JID, cached bool,
	row *store.Account) (*Account, error) {
	key := bare.String()
	for {
		if a := g.peek(key); a != nil {
			return a, nil
		}
		h := r.Host(bare.Domain())
		if h == nil || !h.Accounts || bare.Local() == "" || bare.IsFull() {
			return nil, fmt.Errorf("account %s: %w", key, store.ErrNotFound)
		}
		s := g.shard(key)
		wait, mine, err := s.board(key, cached)
		if err != nil {
			return nil, err
		}
		if mine {
			a, read, err := s.load(ctx, h, bare.Clone(), g.clock.Load(), wait)
			if read == nil {
				continue
			}
			if row != nil {
				*row = *read
			}
			return a, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		cached = true // who waited has the store's fresh word
	}
}

// board finds or begins the load of an account.
func (s *shard) board(key string, cached bool) (wait chan struct{}, mine bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.missing[key]; ok && cached {
		return nil, false, fmt.Errorf("account %s: %w", key, store.ErrNotFound)
	}
	if wait = s.loading[key]; wait != nil {
		return wait, false, nil
	}
	wait = make(chan struct{})
	if s.accounts[key] != nil {
		close(wait) // loaded in between
		return wait, false, nil
	}
	s.loading[key] = wait
	return wait, true, nil
}

// load reads an account for all who wait. The row is nil if an account was
// deleted meanwhile: it may have been this one.
func (s *shard) load(ctx context.Context, h *Host, bare stanza.JID, now uint32,
	wait chan struct{}) (a *Account, read *store.Account, err error) {
	key := bare.String()
	s.mu.RLock()
	drops := s.drops
	s.mu.RUnlock()
	row, err := h.Router.Store.Account(ctx, key)
	if err == nil {
		a = &Account{ID: row.ID, JID: bare, Host: h, disabled: row.Disabled}
		a.used.Store(now)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(wait)
	delete(s.loading, key)
	switch {
	case s.drops != drops:
		return nil, nil, nil
	case err == nil:
		s.accounts[key] = a
		delete(s.missing, key)
	case errors.Is(err, store.ErrNotFound) && len(s.missing) < maxMissing:
		s.missing[key] = now
	}
	return a, &row, err
}

// all is a snapshot of the accounts in memory.
func (g *registry) all() []*Account {
	var list []*Account
	for i := range g.shards {
		s := &g.shards[i]
		s.mu.RLock()
		for _, a := range s.accounts {
			list = append(list, a)
		}
		s.mu.RUnlock()
	}
	return list
}

// sweep drops idle accounts and forgets unknown addresses, until ctx ends.
func (g *registry) sweep(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			now := g.clock.Add(1)
			for i := range g.shards {
				g.shards[i].sweep(now)
			}
		}
	}
}

func (s *shard) sweep(now uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, a := range s.accounts {
		if now-a.used.Load() >= idle && len(a.Sessions()) == 0 {
			delete(s.accounts, key)
		}
	}
	for key, since := range s.missing {
		if now != since {
			delete(s.missing, key)
		}
	}
}

// keep puts an account back that was dropped for being idle while somebody
// held it, or finds the one that took its place. A deleted one stays away.
func (g *registry) keep(a *Account) *Account {
	s := g.shard(a.JID.String())
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.accounts[a.JID.String()]; now != nil {
		a = now
	} else if !a.isDeleted() {
		s.accounts[a.JID.String()] = a
	}
	a.used.Store(g.clock.Load())
	return a
}

// Forget lets go of the memory that an address had no account. Whoever makes
// an account calls it, so that stanzas reach the account at once.
func (r *Router) Forget(bare stanza.JID) {
	s := r.accounts.shard(bare.String())
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.missing, bare.String())
}

// drop forgets a deleted account.
func (g *registry) drop(a *Account) {
	s := g.shard(a.JID.String())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops++
	if s.accounts[a.JID.String()] == a {
		delete(s.accounts, a.JID.String())
	}
}
