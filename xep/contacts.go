package xep

import (
	"context"

	"parley/router"
	"parley/stanza"
)

// Contacts is what blocking and strangers ask an account's roster.
type Contacts interface {
	// Subscribed says whether the account receives the contact's presence
	// (to), and the contact the account's (from).
	Subscribed(ctx context.Context, a *router.Account, bare stanza.JID) (to, from bool, err error)
	// Groups are the roster groups that a contact is in.
	Groups(ctx context.Context, a *router.Account, bare stanza.JID) ([]string, error)
	// HasGroup says whether any contact is in a group.
	HasGroup(ctx context.Context, a *router.Account, group string) (bool, error)
	// Subscribers are all contacts that receive the account's presence.
	Subscribers(ctx context.Context, a *router.Account) ([]stanza.JID, error)
}
