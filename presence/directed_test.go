package presence_test

import (
	"fmt"
	"testing"

	"parley/internal/imtest"
)

// TestDirected holds RFC 6121 section 4.6.3: whom the resource's end is told.
func TestDirected(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk", "eve", "eve@a.lit/lair")
		w.Do(befriend)
		w.Talk(`
			# case 2: not subscribed; delivered as it is, left out of broadcasts
			alice -> <presence to='eve@a.lit'><show>chat</show></presence>
			eve   <- <presence from='alice@a.lit/home' to='eve@a.lit'><show>chat</show></presence>
			alice -> <presence to='room@c.lit/alice'/>
			away  <- <presence from='alice@a.lit/home' to='room@c.lit/alice'/>
			# case 1: gets the broadcasts anyway
			alice -> <presence to='bob@a.lit/desk'><status>psst</status></presence>
			bob   <- <presence from='alice@a.lit/home' to='bob@a.lit/desk'><status>psst</status></presence>
			# withdrawn by the client itself
			alice -> <presence to='left@c.lit/alice'/>
			away  <- <presence from='alice@a.lit/home' to='left@c.lit/alice'/>
			alice -> <presence type='unavailable' to='left@c.lit/alice'/>
			away  <- <presence type='unavailable' from='alice@a.lit/home' to='left@c.lit/alice'/>
			# nobody
			alice -> <presence to='nobody@a.lit'/>

			alice -> <presence><show>away</show></presence>
			alice <- <presence from='alice@a.lit/home' to='alice@a.lit/home'><show>away</show></presence>
			bob   <- <presence from='alice@a.lit/home' to='bob@a.lit'><show>away</show></presence>

			alice -> <presence type='unavailable'><status>bye</status></presence>
			alice <- <presence type='unavailable' from='alice@a.lit/home' to='alice@a.lit/home'>
				<status>bye</status></presence>
			bob   <- <presence type='unavailable' from='alice@a.lit/home' to='bob@a.lit'><status>bye</status></presence>
			eve   <- <presence type='unavailable' from='alice@a.lit/home' to='eve@a.lit'><status>bye</status></presence>
			away  <- <presence type='unavailable' from='alice@a.lit/home' to='room@c.lit/alice'>
				<status>bye</status></presence>
			# once
			alice -> <presence type='unavailable'/>

			# case 3: sent while not available, also to who is subscribed
			alice -> <presence to='bob@a.lit'/>
			bob   <- <presence from='alice@a.lit/home' to='bob@a.lit'/>
		`)
		w.Logout("alice")
		w.Talk(`bob <- <presence type='unavailable' from='alice@a.lit/home' to='bob@a.lit'/>`)
	})
}

// TestDirectedFirst: who was sent directed presence before the broadcast that
// they get is told once that it ends.
func TestDirectedFirst(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		w.Do(befriend)
		w.Do(`
			alice -> <presence type='unavailable'/>
			alice -> <presence to='bob@a.lit'/>
			alice -> <presence/>
		`)
		w.Talk(`
			alice -> <presence type='unavailable'/>
			alice <- <presence type='unavailable' from='alice@a.lit/home' to='alice@a.lit/home'/>
			bob   <- <presence type='unavailable' from='alice@a.lit/home' to='bob@a.lit'/>
		`)
	})
}

// TestDirectedProbe holds RFC 6121 section 4.6.6: who got directed presence may
// ask whether it still holds, and learns no more than that.
func TestDirectedProbe(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "work", "alice@a.lit/work")
		w.Do(`alice -> <presence to='room@c.lit/alice'><status>secret</status></presence>`)
		w.Talk(`
			away -> <presence type='probe' from='room@c.lit/alice' to='alice@a.lit/home'/>
			away <- <presence from='alice@a.lit/home' to='room@c.lit/alice'/>
			away -> <presence type='probe' from='room@c.lit' to='alice@a.lit'/>
			away <- <presence from='alice@a.lit/home' to='room@c.lit'/>
			# from another resource, to another resource
			away -> <presence type='probe' from='room@c.lit/eve' to='alice@a.lit/home'/>
			away <- <presence type='unsubscribed' from='alice@a.lit' to='room@c.lit'/>
			away -> <presence type='probe' from='room@c.lit/alice' to='alice@a.lit/work'/>
			away <- <presence type='unsubscribed' from='alice@a.lit' to='room@c.lit'/>
			# withdrawn
			alice -> <presence type='unavailable' to='room@c.lit/alice'/>
			away <- <presence type='unavailable' from='alice@a.lit/home' to='room@c.lit/alice'/>
			away -> <presence type='probe' from='room@c.lit/alice' to='alice@a.lit/home'/>
			away <- <presence type='unsubscribed' from='alice@a.lit' to='room@c.lit'/>
		`)
	})
}

// TestDirectedBound: what could not be withdrawn is not sent.
func TestDirectedBound(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home")
		for n := range 1000 {
			w.Do(fmt.Sprintf("alice -> <presence to='room%d@c.lit/alice'/>", n))
		}
		w.Talk(`
			alice -> <presence id='1' to='more@c.lit/alice'/>
			alice <- <presence type='error' id='1' from='more@c.lit/alice' to='alice@a.lit/home'>
				<error type='wait'><resource-constraint
				xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
			# those that are there may be updated, and make room
			alice -> <presence to='room7@c.lit/alice'/>
			away  <- <presence from='alice@a.lit/home' to='room7@c.lit/alice'/>
			alice -> <presence type='unavailable' to='room7@c.lit/alice'/>
			away  <- <presence type='unavailable' from='alice@a.lit/home' to='room7@c.lit/alice'/>
			alice -> <presence to='more@c.lit/alice'/>
			away  <- <presence from='alice@a.lit/home' to='more@c.lit/alice'/>
		`)
	})
}
