package muc

import (
	"context"
	"errors"
	"fmt"

	"parley/stanza"
)

// Info is what an admin of the server is told of a room.
type Info struct {
	JID       stanza.JID
	Name      string
	Public    bool
	Occupants int // now
}

// List is a page of the rooms, by address, behind a localpart.
func (m *Service) List(ctx context.Context, after string, most int) ([]Info, error) {
	rows, err := m.db.Rooms(ctx, m.host.Domain, after, most)
	if err != nil {
		return nil, err
	}
	list := make([]Info, 0, len(rows))
	for _, row := range rows {
		c, err := parseConfig(row.Config)
		if err != nil {
			return nil, err
		}
		jid, err := stanza.NewJID(row.Local, row.Host, "")
		if err != nil {
			return nil, fmt.Errorf("room %q: %w", row.Local, err)
		}
		list = append(list, Info{JID: jid, Name: c.Name, Public: c.Public,
			Occupants: m.occupants(row.Local)})
	}
	return list, nil
}

// occupants is how many are inside.
func (m *Service) occupants(local string) int {
	m.mu.Lock()
	r := m.rooms[local]
	m.mu.Unlock()
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.order)
}

// ErrNoRoom says that there is no such room.
var ErrNoRoom = errors.New("muc: no such room")

// Destroy removes a room, as its owner might (XEP-0045 section 10.9, Destroying a
// Room).
func (m *Service) Destroy(ctx context.Context, room stanza.JID, reason string) error {
	var ended chan struct{}
	err := m.with(ctx, room, false, func(r *Room) error {
		var b stanza.Builder
		b.Start("destroy", "")
		if reason != "" {
			b.Elem("reason", "", reason)
		}
		r.destroyFor(ctx, nil, b.End().String())
		ended = r.ended
		return nil
	}, ErrNoRoom)
	if err != nil {
		return err
	}
	return wait(ctx, ended)
}

// Domain is the service's address.
func (m *Service) Domain() string { return m.host.Domain }
