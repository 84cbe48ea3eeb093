package roster

import (
	"context"
	"fmt"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Roster is the module. One serves all hosts of a router.
type Roster struct {
	router    *router.Router
	books     *router.Slot[*book]
	strangers limiter
}

var _ router.Module = (*Roster)(nil)

// New makes the module for a router.
func New(r *router.Router) *Roster {
	m := &Roster{router: r}
	m.books = router.NewSlot(r, m.load)
	return m
}

// load reads an account's contacts from the store.
func (m *Roster) load(ctx context.Context, a *router.Account) (*book, error) {
	items, version, err := m.router.Store.Roster(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	b := new(book)
	b.now.Store(newContacts(items, version))
	return b, nil
}

// Register states what the module does.
func (m *Roster) Register(h *router.Host) {
	// RFC 6121 section 2.6.1, Stream Feature
	h.StreamFeature(`<ver xmlns='urn:xmpp:features:rosterver'/>`)
	// RFC 6121 section 3.4, Pre-Approving a Subscription Request
	h.StreamFeature(`<sub xmlns='urn:xmpp:features:pre-approval'/>`)

	h.HandleIQ("get", nsRoster, "query", router.ToSelf, m.get)
	h.HandleIQ("set", nsRoster, "query", router.ToSelf, m.set)
	h.HandleIQ("set", nsRoster, "query", router.ToAccount, m.forbid)

	h.On(router.Refuse, router.OfPresence, "roster", m.refuse)
	h.On(router.Record, router.OfPresence, "roster", m.record)
	h.On(router.Deliver, router.OfPresence, "roster", m.deliver)
	h.On(router.After, router.OfPresence, "roster", m.approved)
	h.OnDelete(m.leave, (*store.Tx).DeleteRoster)
}

// Contacts are the account's contacts as of the last commit, from memory once
// they have been read. What it returns does not change.
func (m *Roster) Contacts(ctx context.Context, a *router.Account) (*Contacts, error) {
	b, err := m.books.Get(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("load roster: %w", err)
	}
	return b.now.Load(), nil
}

// Subscribed says which ways presence flows between the account and somebody:
// to is that the account receives theirs, from that they receive the account's.
func (m *Roster) Subscribed(ctx context.Context, a *router.Account, bare stanza.JID) (
	to, from bool, err error) {
	all, err := m.Contacts(ctx, a)
	c, _ := all.Find(bare)
	return c.To, c.From, err
}

// leave cancels all subscriptions of an account that is being deleted
// (RFC 6121 section 2.5.2, Success Case, for each contact).
func (m *Roster) leave(ctx context.Context, a *router.Account) {
	all, err := m.Contacts(ctx, a)
	if err != nil {
		m.router.Log.Error("subscriptions not cancelled", "account", a.JID, "err", err)
		return
	}
	for c := range all.All() {
		h := &half{account: a, contact: c.JID}
		h.effect.before = store.RosterItem{To: c.To, From: c.From, Ask: c.Ask}
		if c.Pending {
			h.effect.before.Pending = c.JID.String()
		}
		m.cancel(ctx, h)
	}
}
