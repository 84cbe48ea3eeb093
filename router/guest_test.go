package router_test

import (
	"errors"
	"testing"

	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// A guest's account goes when it leaves, and also when a crash was in between;
// other accounts stay (XEP-0175 section 3, Recommendations).
func TestGuest(t *testing.T) {
	none := func(*router.Router) []router.Module { return nil }
	imtest.Run(t, "", none, func(w *imtest.World) {
		ctx := w.T.Context()
		left := func(name string) bool {
			_, err := w.Store.Account(ctx, name+"@a.lit")
			return errors.Is(err, store.ErrNotFound)
		}
		guest, err := w.Router.Guest(ctx, stanza.MustJID("g1@a.lit"))
		if err != nil {
			t.Fatal(err)
		}
		w.Router.Leave(ctx, guest)
		if !left("g1") {
			t.Error("a guest who left is still there")
		}
		if _, err := w.Router.Guest(ctx, stanza.MustJID("g1@a.lit")); err != nil {
			t.Errorf("the name of a guest cannot be used again: %v", err)
		}
		w.Router.Leave(ctx, w.Account("alice@a.lit"))

		again := router.New(router.Options{Store: w.Store, Config: w.Router.Config()})
		again.AddHost("a.lit", true)
		if err := again.RemoveGuests(ctx); err != nil {
			t.Fatal(err)
		}
		if !left("g1") || left("alice") {
			t.Errorf("after a crash: guest gone %v, alice gone %v", left("g1"), left("alice"))
		}
	})
}
