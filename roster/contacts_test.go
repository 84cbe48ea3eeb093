package roster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parley/stanza"
	"parley/store"
)

func items(n int) (list []store.RosterItem) {
	for i := range n {
		list = append(list, store.RosterItem{JID: fmt.Sprintf("c%d@b.lit", i), To: true, Listed: true})
	}
	return list
}

// TestContactsModel compares Contacts with a map through random changes.
func TestContactsModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	c, model := newContacts(nil, 0), map[stanza.JID]Contact{}
	for version := int64(1); version <= 2000; version++ {
		n := Contact{JID: stanza.MustJID(fmt.Sprintf("c%d@b.lit", rnd.IntN(50))),
			From: rnd.IntN(2) == 0, Pending: rnd.IntN(3) == 0}
		gone := rnd.IntN(3) == 0
		before := c
		size := before.Len()
		if c = c.with(n, gone, version); gone {
			delete(model, n.JID)
		} else {
			model[n.JID] = n
		}
		if before.Len() != size {
			t.Fatal("an older state has changed")
		}
		pending := 0
		for jid, want := range model {
			if got, ok := c.Find(jid); !ok || got != want {
				t.Fatalf("%v: %v %v, want %v", jid, got, ok, want)
			}
			pending += count(want.Pending)
		}
		all := slices.Collect(c.All())
		if len(all) != len(model) || c.Len() != len(model) || c.Pending() != pending ||
			c.version != version {
			t.Fatalf("%d %d %d, want %d %d", len(all), c.Len(), c.Pending(), len(model), pending)
		}
		if got, ok := c.Find(n.JID); ok == gone || !gone && got != n {
			t.Fatalf("%v %v behind %v gone %v", got, ok, n, gone)
		}
	}
}

// TestContactsOrder: what the store hands out in any order can be found, and an
// address that is none any more is left out.
func TestContactsOrder(t *testing.T) {
	list := items(100)
	list[7].JID = "@"
	list[8].Pending = "<presence/>"
	c := newContacts(list, 3)
	if c.Len() != 99 || c.Pending() != 1 {
		t.Errorf("%d contacts, %d pending", c.Len(), c.Pending())
	}
	for n := range list {
		if n == 7 {
			continue
		}
		if got, ok := c.Find(stanza.MustJID(list[n].JID)); !ok || !got.To || got.Pending != (n == 8) {
			t.Errorf("%s: %v %v", list[n].JID, got, ok)
		}
	}
	if _, ok := c.Find(stanza.MustJID("b.lit")); ok {
		t.Error("found who is not there")
	}
}

func TestNoContacts(t *testing.T) {
	var c *Contacts
	if _, ok := c.Find(stanza.MustJID("a@b.lit")); ok || c.Len() != 0 || c.Pending() != 0 ||
		len(slices.Collect(c.All())) != 0 {
		t.Error("nil is not empty")
	}
}

func TestFindDoesNotAllocate(t *testing.T) {
	c := newContacts(items(1000), 1)
	jid := stanza.MustJID("c777@b.lit/x")
	if n := testing.AllocsPerRun(100, func() { c.Find(jid.Bare()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFind(b *testing.B) {
	c := newContacts(items(1000), 1)
	jid := stanza.MustJID("c777@b.lit/x")
	for b.Loop() {
		c.Find(jid.Bare())
	}
}
