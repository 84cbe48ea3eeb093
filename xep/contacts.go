package xep

import (
	"context"
	"errors"

	"parley/router"
	"parley/stanza"
	"parley/store"
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
	// Subscriptions are all contacts, as far as there are subscriptions.
	Subscriptions(ctx context.Context, a *router.Account) ([]Subscription, error)
}

// Subscription says whether an account receives a contact's presence (To), and
// the contact the account's (From).
type Subscription struct {
	JID      stanza.JID // bare
	To, From bool
}

// alive refuses to write for an account that was deleted while the packet was
// on its way: nobody would ever delete what it writes.
func alive(tx *store.Tx, a *router.Account) error {
	now, err := tx.Account(a.JID.String())
	if errors.Is(err, store.ErrNotFound) || err == nil && now.ID != a.ID {
		return stanza.ServiceUnavailable // RFC 6121 section 8.5.1, No Such User
	}
	return err
}

// forbid refuses what only the owner of an account may do. It answers for
// accounts that do not exist as well, or the answer would tell who exists (RFC
// 6120 section 13.11, Directory Harvesting).
func forbid(context.Context, *router.Packet) error { return stanza.Forbidden }
