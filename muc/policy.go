package muc

import (
	"context"
	"slices"

	"parley/conf"
	"parley/stanza"
)

// policy is what the configuration says of rooms.
func (m *Service) policy() conf.Rooms { return m.host.Router.Config().Rooms }

// defaults are the configuration of new rooms.
func (m *Service) defaults() Config {
	c := m.host.Router.Config().NewRooms
	return Config{Persistent: c.Persistent, Public: c.Public, MembersOnly: c.MembersOnly,
		Moderated: c.Moderated, NonAnonymous: c.NonAnonymous, Archive: c.Archive,
		History: min(c.History, m.policy().History), Lang: c.Lang, Away: c.MembersOnly,
		PrivateMessages: Visitor, MemberList: Visitor, Broadcast: broadcast(c.Broadcast)}
}

// broadcast is the least role whose presence is sent to all.
func broadcast(name string) Role {
	if role, ok := parseRole(name); ok && role != NoRole {
		return role
	}
	return Nobody
}

// mayCreate refuses those whom the service does not let make rooms (XEP-0045
// section 10.1.1, General Considerations).
func (m *Service) mayCreate(ctx context.Context, from stanza.JID, _ string) error {
	switch m.policy().Create {
	case "local":
		if h := m.host.Router.Host(from.Domain()); h == nil || !h.Accounts {
			return stanza.NotAllowed
		}
	case "admins":
		if !m.isAdmin(from) {
			return stanza.NotAllowed
		}
	}
	n, err := m.db.CountRooms(ctx, m.host.Domain, from.Bare().String(), int(Owner))
	if err != nil {
		return err
	}
	if n >= m.policy().PerUser && !m.isAdmin(from) {
		return stanza.ResourceConstraint.WithText("You own as many rooms as this service allows.")
	}
	return nil
}

// isAdmin says whether somebody administers the service: those who are named for
// it, and the admins of the server.
func (m *Service) isAdmin(jid stanza.JID) bool {
	user := jid.Bare().String()
	return slices.Contains(m.policy().Admins, user) ||
		slices.Contains(m.host.Router.Config().Admins, user)
}
