package pubsub

import (
	"slices"

	"parley/stanza"
)

// standing is what somebody is to a node.
type standing struct {
	affiliation string   // none: ""
	state       string   // of the subscription, "" for none
	from        bool     // receives the presence of the node's owner
	groups      []string // of the owner's roster that they are in
}

// is says whether the affiliation is one of these.
func (s *standing) is(affiliations ...string) bool {
	return slices.Contains(affiliations, s.affiliation)
}

// access applies the access model (XEP-0060 section 4.5, Node Access Models;
// errors as in section 6.5.9, Error Cases, of section 6.5).
func (s *standing) access(c *Config) error {
	if s.is(owner, publisher, member) {
		return nil // section 4.1, table 1; section 12.12, Auto-Subscribing Owners and Publishers
	}
	if s.is(outcast, publishOnly) {
		return stanza.Forbidden // section 6.5.9.10, Blocked
	}
	switch c.Access {
	case accessOpen:
		return nil
	case accessPresence:
		if !s.from {
			return errPresence // section 6.5.9.6, Presence Subscription Required
		}
		return nil
	case accessRoster:
		if !s.from || !s.inGroup(c) {
			return errGroup // section 6.5.9.7, Not in Roster Group
		}
		return nil
	case accessAuthorize:
		if s.state != subscribed {
			return errUnread // section 6.5.9.3, Entity Not Subscribed
		}
		return nil
	}
	return errClosed // section 6.5.9.8, Not on Whitelist
}

func (s *standing) inGroup(c *Config) bool {
	return slices.ContainsFunc(s.groups, func(g string) bool { return slices.Contains(c.Groups, g) })
}

// subscribe is the state that a request to subscribe leads to (XEP-0060 section
// 6.1.3, Error Cases; section 6.1.4, Approval Required).
func (s *standing) subscribe(c *Config) (state string, err error) {
	switch {
	case s.is(outcast, publishOnly):
		return "", stanza.Forbidden // section 6.1.3.8, Blocked
	case !c.Subscribe:
		return "", unsupported("subscribe") // section 6.1.3.10, Subscriptions Not Supported
	case s.state == pending:
		return "", errPending // section 6.1.3.7, Subscription Pending
	case s.state == subscribed:
		return subscribed, nil // section 6.1.6, Multiple Subscriptions
	case c.Access == accessAuthorize && !s.is(owner, publisher, member):
		return pending, nil
	}
	return subscribed, s.access(c)
}

// publish says whether something may be published (XEP-0060 section 7.1.3.1,
// Insufficient Privileges; pubsub#publish_model).
func (s *standing) publish(c *Config) error {
	switch {
	case s.is(owner, publisher, publishOnly):
		return nil
	case s.is(outcast):
	case c.Publish == "open":
		return nil
	case c.Publish == "subscribers" && s.state == subscribed:
		return nil
	}
	return stanza.Forbidden
}

// retract says whether an item may be deleted that publisher had published
// (XEP-0060 section 4.1, table 1 and its note: owners any, publishers their own).
func (s *standing) retract(c *Config, bare, publisher stanza.JID) error {
	if s.is(owner) || bare == publisher.Bare() && s.publish(c) == nil {
		return nil
	}
	return stanza.Forbidden // section 7.2.3.1, Insufficient Privileges
}

// own says whether they own the node (XEP-0060 sections 8.2.3.2, 8.4.3.1,
// 8.5.3.2, 8.8.1.3.2 and 8.9.1.3.2, Insufficient Privileges).
func (s *standing) own() error {
	if s.is(owner) {
		return nil
	}
	return stanza.Forbidden
}
