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

// befriend subscribes alice and bob to each other.
const befriend = `
	alice -> <presence type='subscribed' to='bob@a.lit'/>
	bob   -> <presence type='subscribed' to='alice@a.lit'/>
	alice -> <presence type='subscribe' to='bob@a.lit'/>
	bob   -> <presence type='subscribe' to='alice@a.lit'/>
`

// remote gives alice a contact on another server, who is subscribed to her and
// she to them.
const remote = `
	alice -> <presence type='subscribed' to='zoe@b.lit'/>
	away  -> <presence type='subscribe' from='zoe@b.lit' to='alice@a.lit'/>
	alice -> <presence type='subscribe' to='zoe@b.lit'/>
	away  -> <presence type='subscribed' from='zoe@b.lit' to='alice@a.lit'/>
`

// TestBroadcast walks through RFC 6121 sections 4.2, 4.4 and 4.5: initial,
// subsequent and unavailable presence, to contacts and one's own resources.
func TestBroadcast(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk", "eve", "eve@a.lit/lair")
		w.Do(befriend)
		w.Do(remote)
		w.Login("work", "alice@a.lit/work")
		w.Login("idle", "alice@a.lit/idle")
		w.Login("tablet", "bob@a.lit/tablet")
		w.Talk(`
			work  -> <presence id='p1' xml:lang='en'><show>away</show><c xmlns='urn:x' hash='1'/>
				<priority>5</priority></presence>
			alice <- <presence id='p1' xml:lang='en' from='alice@a.lit/work' to='alice@a.lit/home'>
				<show>away</show><c xmlns='urn:x' hash='1'/><priority>5</priority></presence>
			work  <- <presence id='p1' xml:lang='en' from='alice@a.lit/work' to='alice@a.lit/work'>
				<show>away</show><c xmlns='urn:x' hash='1'/><priority>5</priority></presence>
			bob   <- <presence id='p1' xml:lang='en' from='alice@a.lit/work' to='bob@a.lit'>
				<show>away</show><c xmlns='urn:x' hash='1'/><priority>5</priority></presence>
			away  <- <presence id='p1' xml:lang='en' from='alice@a.lit/work' to='zoe@b.lit'>
				<show>away</show><c xmlns='urn:x' hash='1'/><priority>5</priority></presence>
			# what the new resource is shown: its own others, local contacts; a probe for the remote one
			work  <- <presence from='alice@a.lit/home' to='alice@a.lit/work'/>
			work  <- <presence from='bob@a.lit/desk' to='alice@a.lit/work'/>
			away  <- <presence type='probe' from='alice@a.lit' to='zoe@b.lit'/>

			# subsequent: no probes
			work  -> <presence from='alice@a.lit/work'><show>dnd</show></presence>
			alice <- <presence from='alice@a.lit/work' to='alice@a.lit/home'><show>dnd</show></presence>
			work  <- <presence from='alice@a.lit/work' to='alice@a.lit/work'><show>dnd</show></presence>
			bob   <- <presence from='alice@a.lit/work' to='bob@a.lit'><show>dnd</show></presence>
			away  <- <presence from='alice@a.lit/work' to='zoe@b.lit'><show>dnd</show></presence>

			work  -> <presence type='unavailable'><status>bye</status></presence>
			alice <- <presence type='unavailable' from='alice@a.lit/work' to='alice@a.lit/home'>
				<status>bye</status></presence>
			work  <- <presence type='unavailable' from='alice@a.lit/work' to='alice@a.lit/work'>
				<status>bye</status></presence>
			bob   <- <presence type='unavailable' from='alice@a.lit/work' to='bob@a.lit'><status>bye</status></presence>
			away  <- <presence type='unavailable' from='alice@a.lit/work' to='zoe@b.lit'><status>bye</status></presence>

			# not available: nobody hears that it still is not
			work  -> <presence type='unavailable'/>
			# what comes now is initial presence again
			work  -> <presence/>
			alice <- <presence from='alice@a.lit/work' to='alice@a.lit/home'/>
			work  <- <presence from='alice@a.lit/work' to='alice@a.lit/work'/>
			bob   <- <presence from='alice@a.lit/work' to='bob@a.lit'/>
			away  <- <presence from='alice@a.lit/work' to='zoe@b.lit'/>
			work  <- <presence from='alice@a.lit/home' to='alice@a.lit/work'/>
			work  <- <presence from='bob@a.lit/desk' to='alice@a.lit/work'/>
			away  <- <presence type='probe' from='alice@a.lit' to='zoe@b.lit'/>
		`)
		// lost: the server says so on the user's behalf
		w.Logout("work")
		w.Talk(`
			alice <- <presence type='unavailable' from='alice@a.lit/work' to='alice@a.lit/home'/>
			bob   <- <presence type='unavailable' from='alice@a.lit/work' to='bob@a.lit'/>
			away  <- <presence type='unavailable' from='alice@a.lit/work' to='zoe@b.lit'/>
		`)
		w.Logout("idle") // was never available
		w.Talk(``)
	})
}

// TestOneWay: presence flows only the way of the subscription.
func TestOneWay(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		w.Do(`
			bob   -> <presence type='subscribed' to='alice@a.lit'/>
			alice -> <presence type='subscribe' to='bob@a.lit'/>
		`)
		w.Login("work", "alice@a.lit/work")
		w.Login("tablet", "bob@a.lit/tablet")
		w.Talk(`
			work   -> <presence/>
			alice  <- <presence from='alice@a.lit/work' to='alice@a.lit/home'/>
			work   <- <presence from='alice@a.lit/work' to='alice@a.lit/work'/>
			work   <- <presence from='alice@a.lit/home' to='alice@a.lit/work'/>
			work   <- <presence from='bob@a.lit/desk' to='alice@a.lit/work'/>
			tablet -> <presence/>
			bob    <- <presence from='bob@a.lit/tablet' to='bob@a.lit/desk'/>
			tablet <- <presence from='bob@a.lit/tablet' to='bob@a.lit/tablet'/>
			tablet <- <presence from='bob@a.lit/desk' to='bob@a.lit/tablet'/>
			alice  <- <presence from='bob@a.lit/tablet' to='alice@a.lit'/>
			work   <- <presence from='bob@a.lit/tablet' to='alice@a.lit'/>
		`)
	})
}

// TestSyntax holds RFC 6121 sections 4.7.1 and 4.7.2.3.
func TestSyntax(t *testing.T) {
	const bad = `<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
	imtest.Run(t, "", modules, func(w *imtest.World) {
		s := w.Login("alice", "alice@a.lit/home")
		for _, text := range []string{"128", "-129", "x", "", "1.5", "1 2"} {
			w.Talk(`
				alice -> <presence id='1'><priority>` + text + `</priority></presence>
				alice <- <presence type='error' id='1' to='alice@a.lit/home'>` + bad + `</presence>`)
			if s.Presence() != nil {
				t.Errorf("available by priority %q", text)
			}
		}
		for _, typ := range []string{"subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "nonsense"} {
			w.Talk(`
				alice -> <presence id='1' type='` + typ + `'/>
				alice <- <presence type='error' id='1' to='alice@a.lit/home'>` + bad + `</presence>`)
		}
		for text, want := range map[string]int8{"127": 127, "-128": -128, "+7": 7, " 3&#10;": 3, "-0": 0} {
			w.Do(`alice -> <presence><priority>` + text + `</priority></presence>`)
			if pr := s.Presence(); pr == nil || pr.Priority != want {
				t.Errorf("priority %q: %+v", text, pr)
			}
		}
		w.Do(`alice -> <presence/>`)
		if pr := s.Presence(); pr == nil || pr.Priority != 0 {
			t.Errorf("no priority: %+v", pr)
		}
	})
}

// TestAskedAgain: a request that another server has not answered is repeated
// when the user comes online (RFC 6121 section 3.1.2).
func TestAskedAgain(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home")
		w.Do(`
			alice -> <presence type='subscribe' to='zoe@b.lit'/>
			alice -> <presence type='subscribe' to='bob@a.lit'/>
		`)
		w.Login("work", "alice@a.lit/work")
		w.Do(`work -> <presence/>`) // not the first resource
		w.Logout("alice")
		w.Logout("work")
		w.Login("alice", "alice@a.lit/home")
		w.Talk(`
			alice -> <presence/>
			alice <- <presence from='alice@a.lit/home' to='alice@a.lit/home'/>
			away  <- <presence type='subscribe' from='alice@a.lit' to='zoe@b.lit'/>
		`)
		w.Login("work", "alice@a.lit/work")
		w.Talk(`
			work  -> <presence/>
			alice <- <presence from='alice@a.lit/work' to='alice@a.lit/home'/>
			work  <- <presence from='alice@a.lit/work' to='alice@a.lit/work'/>
			work  <- <presence from='alice@a.lit/home' to='alice@a.lit/work'/>
		`)
	})
}
