package server

import (
	"context"
	"fmt"

	"parley/internal/control"
	"parley/muc"
	"parley/stanza"
)

// listRooms lists the rooms of all services or of one, behind an address.
func (s *Server) listRooms(ctx context.Context, a control.RoomsArgs) ([]control.Room, error) {
	if a.Max <= 0 || a.Max > maxSessions {
		a.Max = maxSessions
	}
	var after stanza.JID
	if a.After != "" {
		var err error
		if after, err = stanza.ParseJID(a.After); err != nil {
			return nil, fmt.Errorf("address %q: %w", a.After, err)
		}
	}
	list, behind := []control.Room{}, after.IsZero()
	for _, m := range s.rooms {
		name := ""
		if m.Domain() == after.Domain() {
			name, behind = after.Local(), true
		}
		if !behind || a.Host != "" && a.Host != m.Domain() {
			continue
		}
		page, err := m.List(ctx, name, a.Max-len(list))
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			list = append(list, control.Room{JID: r.JID.String(), Name: r.Name, Public: r.Public,
				Occupants: r.Occupants})
		}
		if len(list) == a.Max {
			break
		}
	}
	return list, nil
}

// destroyRoom removes a room and tells those inside.
func (s *Server) destroyRoom(ctx context.Context, a control.DestroyArgs) (control.None, error) {
	jid, err := stanza.ParseJID(a.JID)
	if err != nil {
		return control.None{}, fmt.Errorf("address %q: %w", a.JID, err)
	}
	for _, m := range s.rooms {
		if m.Domain() == jid.Domain() && jid.Local() != "" {
			return control.None{}, m.Destroy(ctx, jid.Bare(), a.Reason)
		}
	}
	return control.None{}, muc.ErrNoRoom
}
