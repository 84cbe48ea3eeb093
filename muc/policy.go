package muc

import (
	"context"

	"parley/stanza"
)

// policy is what the configuration says of rooms.
type policy struct {
	Groupchat1 bool
	LockNew    bool
	Occupants  int
	History    int
	PerUser    int
	Create     string
}

func (m *Service) policy() policy {
	c := m.host.Router.Config().Rooms
	return policy{Groupchat1: c.Groupchat1, LockNew: c.LockNew, Occupants: c.Occupants,
		History: c.History, PerUser: c.PerUser, Create: c.Create}
}

// defaults are the configuration of new rooms.
func (m *Service) defaults() Config {
	return Config{Persistent: true, Public: false, History: 20, Archive: true, ChangeSubject: false,
		PrivateMessages: Visitor, MemberList: Visitor, Broadcast: Visitor}
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

// isAdmin says whether somebody administers the service: the admins of the
// server do.
func (m *Service) isAdmin(jid stanza.JID) bool {
	for _, a := range m.host.Router.Config().Admins {
		if a == jid.Bare().String() {
			return true
		}
	}
	return false
}
