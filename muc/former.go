package muc

import (
	"context"

	"parley/router"
	"parley/stanza"
)

// Former is the module of a domain with accounts by which rooms forget accounts
// that are deleted: somebody else may have the address one day.
type Former struct {
	Rooms func() []*Service
}

var _ router.Module = Former{}

// Register implements router.Module.
func (f Former) Register(h *router.Host) {
	h.OnDelete(func(ctx context.Context, a *router.Account) {
		for _, m := range f.Rooms() {
			if err := m.forgetUser(ctx, a.JID); err != nil {
				m.log.Error("account not removed from rooms", "account", a.JID, "err", err)
			}
		}
	}, nil)
}

// forgetUser takes away the affiliations and nicknames of a user in all rooms.
func (m *Service) forgetUser(ctx context.Context, user stanza.JID) error {
	list, err := m.db.RoomsOf(ctx, m.host.Domain, user.String())
	if err != nil {
		return err
	}
	for _, local := range list {
		jid, err := stanza.NewJID(local, m.host.Domain, "")
		if err != nil {
			return err
		}
		err = m.with(ctx, jid, false, func(r *Room) error {
			r.forgetUser(ctx, user)
			return nil
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetUser takes away what a user is in the room; a ban stays. A room that
// loses its last owner gets others (XEP-0045 section 10, Owner Use Cases), or
// ends with him. The lock is held.
func (r *Room) forgetUser(ctx context.Context, user stanza.JID) {
	if r.users[user].affiliation == Outcast {
		return
	}
	changes := []change{{user: user.Clone(), affiliation: None}}
	if !r.ownerRemains(changes) {
		heirs := r.heirs()
		if heirs == nil && len(r.nicks) == 0 {
			r.destroyFor(ctx, nil, "<destroy/>")
			return
		}
		changes = append(changes, heirs...)
	}
	r.carryOut(ctx, nil, &action{changes: changes})
}

// heirs are those who own the room behind its last owner: its admins, or where
// there is none, the members of a room that is for them only. Others may not even
// know each other; then only the admins of the service are left.
func (r *Room) heirs() (list []change) {
	next := r.affiliated(Admin)
	if next == nil && r.config.MembersOnly {
		next = r.affiliated(Member)
	}
	for _, jid := range next {
		if jid.Local() != "" {
			list = append(list, change{user: jid, affiliation: Owner})
		}
	}
	return list
}
