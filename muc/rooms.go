package muc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"parley/stanza"
	"parley/store"
)

// with runs fn with the room of an address, under its lock, and then sends what
// came of it. If there is no such room, fn is called with a new one where create
// is set, and missing is returned where it is not.
func (m *Service) with(ctx context.Context, to stanza.JID, create bool,
	fn func(r *Room) error, missing error) error {
	for {
		r, err := m.room(ctx, to)
		if errors.Is(err, store.ErrNotFound) {
			if !create {
				return missing
			}
			r, err = m.newRoom(to), nil
		}
		if err != nil {
			return err
		}
		if again, err := m.enter(ctx, r, fn); !again || err != nil {
			return err
		}
	}
}

// enter runs fn under the room's lock; again is set if the room has left memory
// in the meantime, and one that ends has ended then. A new room that fn did not
// let anybody into is forgotten.
func (m *Service) enter(ctx context.Context, r *Room, fn func(r *Room) error) (again bool, err error) {
	r.mu.Lock()
	if r.gone {
		ended := r.ended
		r.mu.Unlock()
		return true, wait(ctx, ended)
	}
	if r.stale {
		if err := r.refresh(ctx); err != nil {
			r.mu.Unlock()
			return false, err
		}
	}
	defer r.out.run()
	defer r.mu.Unlock()
	r.used = time.Now()
	err = fn(r)
	if r.row.Load() == 0 && len(r.seats) == 0 && (len(r.users) == 0 || r.out.idle()) {
		m.forget(r)
	}
	return false, err
}

// forget takes a room out of memory. Its lock is held.
func (m *Service) forget(r *Room) {
	r.gone = true
	m.unlist(r)
}

// unlist has those who ask for the room next look for it in the store.
func (m *Service) unlist(r *Room) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rooms[r.jid.Local()] == r {
		delete(m.rooms, r.jid.Local())
	}
}

// newRoom is a room that nobody has heard of yet. It gets a row when somebody
// enters it.
func (m *Service) newRoom(to stanza.JID) *Room {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.rooms[to.Local()]; r != nil {
		return r
	}
	r := m.emptyRoom(to.Bare().Clone())
	r.config, r.secret, r.created = m.defaults(), rand.Text(), time.Now()
	m.rooms[r.jid.Local()] = r
	return r
}

func (m *Service) emptyRoom(jid stanza.JID) *Room {
	return &Room{service: m, jid: jid, users: map[stanza.JID]user{}, reserved: map[string]stanza.JID{},
		nicks: map[string]*occupant{}, seats: map[stanza.JID]*seat{},
		out: outbox{log: m.log, spread: m.host.Router.NewSpread(), workers: m.workers}}
}

// room is the room of an address, read from the store if it is not in memory.
// Those who ask for it meanwhile wait for that.
func (m *Service) room(ctx context.Context, to stanza.JID) (*Room, error) {
	local := to.Local()
	for {
		m.mu.Lock()
		if r := m.rooms[local]; r != nil {
			m.mu.Unlock()
			return r, nil
		}
		loading := m.loads[local]
		if loading == nil {
			m.loads[local] = make(chan struct{})
			m.mu.Unlock()
			return m.load(ctx, to.Bare().Clone())
		}
		m.mu.Unlock()
		select {
		case <-loading:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// load reads a room. The caller has announced it in loads.
func (m *Service) load(ctx context.Context, jid stanza.JID) (*Room, error) {
	r, err := m.read(ctx, jid)
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.loads[jid.Local()])
	delete(m.loads, jid.Local())
	if err != nil {
		return nil, err
	}
	m.rooms[jid.Local()] = r
	return r, nil
}

func (m *Service) read(ctx context.Context, jid stanza.JID) (*Room, error) {
	row, err := m.db.Room(ctx, m.host.Domain, jid.Local())
	if err != nil {
		return nil, err
	}
	r := m.emptyRoom(jid)
	r.row.Store(row.ID)
	if err := r.take(ctx, row); err != nil {
		return nil, fmt.Errorf("load room %s: %w", jid, err)
	}
	return r, r.remember(ctx)
}

// refresh reads again what a failed write may have left wrong. The lock is held:
// nobody may see the room before.
func (r *Room) refresh(ctx context.Context) error {
	row, err := r.service.db.Room(ctx, r.service.host.Domain, r.jid.Local())
	if errors.Is(err, store.ErrNotFound) {
		r.service.forget(r)
		return stanza.ItemNotFound
	}
	if err != nil {
		return err
	}
	if err := r.take(ctx, row); err != nil {
		return err
	}
	r.stale = false
	return nil
}

// take fills in what the store knows.
func (r *Room) take(ctx context.Context, row store.Room) (err error) {
	r.created, r.secret = row.Created, row.Secret
	r.wear(row.VCard)
	if r.config, err = parseConfig(row.Config); err != nil {
		return err
	}
	r.subject = nil
	if row.Subject != "" {
		if r.subject, err = stanza.Parse(row.Subject); err != nil {
			return err
		}
	}
	list, err := r.service.db.RoomUsers(ctx, row.ID)
	if err != nil {
		return err
	}
	r.users, r.reserved = make(map[stanza.JID]user, len(list)), map[string]stanza.JID{}
	for _, u := range list {
		jid, err := stanza.ParseJID(u.JID)
		if err != nil {
			return err
		}
		r.keep(jid, user{Affiliation(u.Affiliation), Role(u.Role), u.Nick, u.Reason})
	}
	return nil
}

// Rooms in memory that nobody is in and nobody asked for leave it.
const (
	sweepEvery = time.Minute
	idleAfter  = 5 * time.Minute
)

// sweep runs until ctx ends.
func (m *Service) sweep(ctx context.Context) {
	defer close(m.workers.done)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.sweepOnce(time.Now())
		}
	}
}

// loaded are the rooms in memory.
func (m *Service) loaded() []*Room {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.rooms))
}

func (m *Service) sweepOnce(now time.Time) {
	for _, r := range m.loaded() {
		r.mu.Lock()
		if !r.gone && len(r.seats) == 0 && now.Sub(r.used) >= idleAfter && r.out.idle() {
			m.forget(r)
		}
		r.mu.Unlock()
	}
}
