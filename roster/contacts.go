package roster

import (
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Contact says how an account and somebody else are subscribed to each other.
type Contact struct {
	JID      stanza.JID // bare
	To       bool       // the account receives the contact's presence
	From     bool       // the contact receives the account's presence
	Ask      bool       // the account has asked and waits ("Pending Out")
	Pending  bool       // the contact has asked and waits ("Pending In")
	Approved bool       // a request will be approved at once (RFC 6121 section 3.4)
	Listed   bool       // in the roster that clients see
}

// Contacts are all contacts of an account, also those that are not Listed, at
// one moment. They do not change. A nil Contacts is empty.
type Contacts struct {
	list    []Contact // sorted by address
	version int64     // of the roster
	pending int       // how many are Pending
}

// Find is the contact with that bare JID. It does not allocate.
func (c *Contacts) Find(bare stanza.JID) (Contact, bool) {
	if c == nil {
		return Contact{}, false
	}
	if i, ok := search(c.list, bare.String()); ok {
		return c.list[i], true
	}
	return Contact{}, false
}

// Len is how many contacts there are.
func (c *Contacts) Len() int {
	if c == nil {
		return 0
	}
	return len(c.list)
}

// Pending is how many requests wait for the user's answer.
func (c *Contacts) Pending() int {
	if c == nil {
		return 0
	}
	return c.pending
}

// All are the contacts, sorted by address.
func (c *Contacts) All() iter.Seq[Contact] {
	if c == nil {
		return func(func(Contact) bool) {}
	}
	return slices.Values(c.list)
}

func search(list []Contact, jid string) (int, bool) {
	return slices.BinarySearchFunc(list, jid, func(c Contact, jid string) int {
		return strings.Compare(c.JID.String(), jid)
	})
}

// newContact is the part of an item that is kept in memory.
func newContact(jid stanza.JID, i *store.RosterItem) Contact {
	return Contact{JID: jid, To: i.To, From: i.From, Ask: i.Ask, Pending: i.Pending != "",
		Approved: i.Approved, Listed: i.Listed}
}

// newContacts sorts what the store holds. Addresses that have become invalid
// since they were stored are left out: nothing can be sent there.
func newContacts(items []store.RosterItem, version int64) *Contacts {
	c := &Contacts{list: make([]Contact, 0, len(items)), version: version}
	for n := range items {
		jid, err := stanza.ParseJID(items[n].JID)
		if err != nil {
			continue
		}
		c.list = append(c.list, newContact(jid, &items[n]))
		if items[n].Pending != "" {
			c.pending++
		}
	}
	slices.SortFunc(c.list, func(a, b Contact) int {
		return strings.Compare(a.JID.String(), b.JID.String())
	})
	return c
}

// with is a copy in which the contact is replaced, or left out if gone.
func (c *Contacts) with(n Contact, gone bool, version int64) *Contacts {
	i, ok := search(c.list, n.JID.String())
	list := make([]Contact, 0, len(c.list)+1)
	list = append(list, c.list[:i]...)
	pending := c.pending
	if !gone {
		list = append(list, n)
		pending += count(n.Pending)
	}
	if ok {
		pending -= count(c.list[i].Pending)
		i++
	}
	return &Contacts{list: append(list, c.list[i:]...), version: version, pending: pending}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// book is what is kept in memory for one account. It changes only when a
// commit is done, so it never shows what the disk does not have.
type book struct {
	now atomic.Pointer[Contacts]

	mu sync.Mutex
	// loading are the sessions that are being sent the roster, with the
	// pushes that must come behind it.
	loading map[*router.Session]*[]push
	// ahead are the sessions that have been sent a version from the store
	// that the cache has not come to yet: they have those changes already.
	ahead map[*router.Session]int64
}

// change is one committed change of a roster.
type change struct {
	contact Contact
	gone    bool   // the item was deleted
	version int64  // 0: nothing changed
	item    string // XML to push; "" if clients see no difference
}

// apply makes a committed change known: to those who ask here, and by a roster
// push to all interested resources (RFC 6121 section 2.1.6, Roster Push).
// Nothing in it blocks: it runs on the store's writer.
func (b *book) apply(a *router.Account, c change) {
	if c.version == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now.Store(b.now.Load().with(c.contact, c.gone, c.version))
	if c.item == "" {
		return
	}
	b.push(a, push{version: c.version, item: c.item})
}
