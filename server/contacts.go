package server

import (
	"context"
	"slices"

	"parley/archive"
	"parley/roster"
	"parley/router"
	"parley/stanza"
	"parley/xep"
)

// contacts lets modules that may not import roster ask it.
type contacts struct{ roster *roster.Roster }

var (
	_ xep.Contacts     = contacts{}
	_ archive.Contacts = contacts{}
)

// Listed implements archive.Contacts.
func (c contacts) Listed(ctx context.Context, a *router.Account, bare stanza.JID) (bool, error) {
	all, err := c.roster.Contacts(ctx, a)
	if err != nil {
		return false, err
	}
	_, ok := all.Find(bare)
	return ok, nil
}

// Subscribed implements xep.Contacts.
func (c contacts) Subscribed(ctx context.Context, a *router.Account, bare stanza.JID) (to, from bool, err error) {
	all, err := c.roster.Contacts(ctx, a)
	if err != nil {
		return false, false, err
	}
	one, _ := all.Find(bare)
	return one.To, one.From, nil
}

// Groups implements xep.Contacts. Groups are not kept in memory: only privacy
// lists ask, and few of them (XEP-0016 section 2.1, Syntax and Semantics).
func (c contacts) Groups(ctx context.Context, a *router.Account, bare stanza.JID) ([]string, error) {
	items, _, err := a.Host.Router.Store.Roster(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	for _, i := range items {
		if i.JID == bare.String() {
			return i.Groups, nil
		}
	}
	return nil, nil
}

// HasGroup implements xep.Contacts.
func (c contacts) HasGroup(ctx context.Context, a *router.Account, group string) (bool, error) {
	items, _, err := a.Host.Router.Store.Roster(ctx, a.ID)
	if err != nil {
		return false, err
	}
	for _, i := range items {
		if slices.Contains(i.Groups, group) {
			return true, nil
		}
	}
	return false, nil
}

// Subscriptions implements xep.Contacts.
func (c contacts) Subscriptions(ctx context.Context, a *router.Account) ([]xep.Subscription, error) {
	all, err := c.roster.Contacts(ctx, a)
	if err != nil {
		return nil, err
	}
	var list []xep.Subscription
	for one := range all.All() {
		if one.To || one.From {
			list = append(list, xep.Subscription{JID: one.JID, To: one.To, From: one.From})
		}
	}
	return list, nil
}
