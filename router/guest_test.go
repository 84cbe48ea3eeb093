package router_test

import (
	"errors"
	"testing"

	"parley/conf"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// A guest's account goes when it leaves, and also when a crash was in between;
// other accounts stay (XEP-0175 section 3, Recommendations).
func TestGuest(t *testing.T) {
	ctx := t.Context()
	db, err := store.Open(ctx, t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = db.Update(ctx, func(tx *store.Tx) error { _, err := tx.CreateAccount("alice@a.example", "v"); return err })
	if err != nil {
		t.Fatal(err)
	}
	r := router.New(router.Options{Store: db, Config: conf.Default()})
	r.AddHost("a.example", true)
	left := func(name string) bool {
		_, err := db.Account(ctx, name+"@a.example")
		return errors.Is(err, store.ErrNotFound)
	}
	guest, err := r.Guest(ctx, stanza.MustJID("g1@a.example"))
	if err != nil {
		t.Fatal(err)
	}
	r.Leave(ctx, guest)
	if !left("g1") {
		t.Error("a guest who left is still there")
	}
	if _, err := r.Guest(ctx, stanza.MustJID("g1@a.example")); err != nil {
		t.Errorf("the name of a guest cannot be used again: %v", err)
	}
	alice, err := r.Account(ctx, stanza.MustJID("alice@a.example"))
	if err != nil {
		t.Fatal(err)
	}
	r.Leave(ctx, alice)

	again := router.New(router.Options{Store: db, Config: conf.Default()})
	again.AddHost("a.example", true)
	if err := again.RemoveGuests(ctx); err != nil {
		t.Fatal(err)
	}
	if !left("g1") || left("alice") {
		t.Errorf("after a crash: guest gone %v, alice gone %v", left("g1"), left("alice"))
	}
}
