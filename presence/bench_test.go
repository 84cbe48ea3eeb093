package presence_test

import (
	"context"
	"fmt"
	"testing"

	"parley/conf"
	"parley/presence"
	"parley/roster"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// sink is a stream whose bytes are thrown away as they come.
type sink struct{ s *router.Session }

func (k *sink) Wake() {
	if b, ok := k.s.Take(); ok {
		k.s.Written(b, nil)
	}
}
func (k *sink) Close(*stanza.StreamError) {}
func (k *sink) Out() stanza.Out           { return stanza.Out{} }
func (k *sink) Addr() string              { return "192.0.2.1:5222" }

// BenchmarkBroadcast is one delivery of presence with caps to an online local
// contact: 100 contacts online and 100 offline, per delivered stanza.
func BenchmarkBroadcast(b *testing.B) {
	const online, offline = 100, 100
	db, err := store.Open(b.Context(), b.TempDir(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	c, err := conf.Parse("test", "domains = ['a.lit']")
	if err != nil {
		b.Fatal(err)
	}
	r := router.New(router.Options{Store: db, Config: c})
	ro := roster.New(r)
	r.AddHost("a.lit", true, ro, presence.New(r, ro))
	err = db.Update(b.Context(), func(tx *store.Tx) error {
		a, err := tx.CreateAccount("alice@a.lit", "x")
		for n := 0; n < online+offline && err == nil; n++ {
			jid := fmt.Sprintf("c%d@a.lit", n)
			if _, err = tx.CreateAccount(jid, "x"); err == nil {
				_, err = tx.PutRosterItem(a.ID, store.RosterItem{JID: jid, From: true, Listed: true})
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	bind := func(full string) *router.Session {
		jid := stanza.MustJID(full)
		a, err := r.Account(b.Context(), jid.Bare())
		if err != nil {
			b.Fatal(err)
		}
		k := &sink{}
		if k.s, err = a.Bind(b.Context(), jid.Resource(), k); err != nil {
			b.Fatal(err)
		}
		return k.s
	}
	st := stanza.MustParse(`<presence id='p1'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' ` +
		`node='https://example.org/client' ver='q07IKJEyjvHSyhy//CH0CxmKi8w='/><priority>5</priority></presence>`)
	for n := range online {
		bind(fmt.Sprintf("c%d@a.lit/x", n)).Handle(context.Background(), st)
	}
	s := bind("alice@a.lit/home")
	s.Handle(context.Background(), st)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%(online+1) == 0 {
			s.Handle(context.Background(), st)
		}
	}
}
