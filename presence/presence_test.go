package presence_test

import (
	"testing"

	"parley/internal/imtest"
	"parley/presence"
	"parley/roster"
	"parley/router"
)

func modules(r *router.Router) []router.Module {
	ro := roster.New(r)
	return []router.Module{ro, presence.New(r, ro)}
}

// befriend subscribes two accounts to each other.
func befriend(w *imtest.World) {
	w.Talk(`
		alice -> <presence type='subscribe' to='bob@a.lit'/>
		bob   <- <presence type='subscribe' from='alice@a.lit' to='bob@a.lit'/>
		bob   -> <presence type='subscribed' to='alice@a.lit'/>
	`)
}

func TestBroadcast(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Login("alice", "alice@a.lit/home")
		w.Login("bob", "bob@a.lit/desk")
		w.Talk(`
			alice -> <presence><status>hi</status></presence>
			alice <- <presence from='alice@a.lit/home' to='alice@a.lit/home'><status>hi</status></presence>
			bob -> <presence/>
			bob <- <presence from='bob@a.lit/desk' to='bob@a.lit/desk'/>
		`)
		befriend(w)
	})
}
