package muc

import (
	"regexp"
	"testing"
	"time"

	"parley/internal/imtest"
	"parley/router"
)

// farAway is a room of another server, that alice is in.
const farAway = `
	alice -> <presence to='r@conf.b.lit/hag'><x xmlns='http://jabber.org/protocol/muc'/></presence>
	away <- <presence from='alice@a.lit/home' to='r@conf.b.lit/hag'><x xmlns='http://jabber.org/protocol/muc'/></presence>
	away -> <presence from='r@conf.b.lit/hag' to='alice@a.lit/home'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/><status code='110'/></x></presence>
	alice <- <presence from='r@conf.b.lit/hag' to='alice@a.lit/home'><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/><status code='110'/></x></presence>
`

const notInside = `alice <- <presence from='r@conf.b.lit/hag' to='alice@a.lit/home' type='unavailable'>
	<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='none'/>
	<status code='110'/><status code='333'/></x></presence>`

func selfPinged(t *testing.T, test func(w *imtest.World)) {
	t.Helper()
	imtest.Run(t, "", func(*router.Router) []router.Module { return []router.Module{new(SelfPing)} },
		func(w *imtest.World) {
			w.Login("alice", "alice@a.lit/home")
			w.Do(farAway)
			test(w)
		})
}

var idOf = regexp.MustCompile(`id='([^']*)'`)

// pinged reads the one ping that has gone out to an address, and returns its id.
func pinged(w *imtest.World, at string) string {
	w.T.Helper()
	got := w.Received(imtest.Away)
	if len(got) != 1 {
		w.T.Fatalf("away got %q", got)
	}
	id := idOf.FindStringSubmatch(got[0])
	want := "<iq type='get' id='" + id[1] + "' from='alice@a.lit/home' to='" + at +
		"'><ping xmlns='urn:xmpp:ping'/></iq>"
	if got[0] != want {
		w.T.Fatalf("away got %s, not %s", got[0], want)
	}
	return id[1]
}

// pong has the room answer a ping.
func pong(w *imtest.World, id, condition string) {
	w.T.Helper()
	const addresses = " from='r@conf.b.lit/hag' to='alice@a.lit/home'"
	if condition == "" {
		w.Send(imtest.Away, "<iq type='result' id='"+id+"'"+addresses+"/>")
		return
	}
	w.Send(imtest.Away, "<iq type='error' id='"+id+"'"+addresses+"><error type='cancel'><"+condition+
		" xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
}

// TestSelfPing: a room that has been silent for a quarter of an hour is asked
// whether the client is inside; the answer says, and does not reach the client
// (XEP-0410 section 3.2, Performing a Self-Ping).
func TestSelfPing(t *testing.T) {
	for condition, out := range map[string]bool{"": false, "service-unavailable": false,
		"feature-not-implemented": false, "item-not-found": false, "not-acceptable": true,
		"not-allowed": true} {
		selfPinged(t, func(w *imtest.World) {
			time.Sleep(14 * time.Minute)
			w.Talk(`away -> <message from='r@conf.b.lit/x' to='alice@a.lit/home' type='groupchat'><body>1</body></message>
				alice <- <message from='r@conf.b.lit/x' to='alice@a.lit/home' type='groupchat'><body>1</body></message>`)
			time.Sleep(14 * time.Minute)
			w.Talk(``)
			time.Sleep(2 * time.Minute)
			pong(w, pinged(w, "r@conf.b.lit/hag"), condition)
			if out {
				w.Talk(notInside)
			}
			w.Talk(``)
			time.Sleep(16 * time.Minute)
			if out {
				w.Talk(``)
			} else {
				pinged(w, "r@conf.b.lit/hag")
			}
		})
	}
}

// TestSelfPingUnreachable: where a room's server cannot be reached nothing is
// known, and the room is asked again until it answers. The client, who was shown
// that all have gone, then enters again in any case.
func TestSelfPingUnreachable(t *testing.T) {
	for _, gone := range []bool{false, true} {
		selfPinged(t, func(w *imtest.World) {
			w.Router.Away(w.T.Context(), "", "c.lit", gone)
			w.Talk(``)
			w.Router.Away(w.T.Context(), "", "conf.b.lit", gone)
			first := pinged(w, "r@conf.b.lit/hag")
			pong(w, first, "remote-server-timeout")
			w.Talk(``)
			time.Sleep(3 * time.Minute)
			second := pinged(w, "r@conf.b.lit/hag")
			pong(w, first, "not-acceptable") // too late, and for us all the same
			pong(w, second, "")
			if gone {
				w.Talk(notInside)
			}
			w.Talk(``)
		})
	}
}

// TestSelfPingFollows: the address that is asked is that of the last nickname,
// and none is when the client has left, was removed or never was inside.
func TestSelfPingFollows(t *testing.T) {
	user := func(attrs, codes string) string {
		return "<presence to='alice@a.lit/home' " + attrs + "><x xmlns='" + nsUser + "'>" + codes + "</x></presence>\n"
	}
	for change, at := range map[string]string{
		"away -> " + user("from='r@conf.b.lit/hag' type='unavailable'", "<status code='110'/><status code='303'/>") +
			"away -> " + user("from='r@conf.b.lit/crone'", "<status code='110'/>"): "r@conf.b.lit/crone",
		"away -> " + user("from='r@conf.b.lit/hag' type='unavailable'", "<status code='307'/>"):   "",
		"away -> " + user("from='r@conf.b.lit/witch' type='unavailable'", "<status code='307'/>"): "r@conf.b.lit/hag",
		"away -> <presence type='error' from='r@conf.b.lit/hag' to='alice@a.lit/home'/>":          "r@conf.b.lit/hag",
		"alice -> <presence type='unavailable' to='r@conf.b.lit/hag'/>":                           "",
	} {
		selfPinged(t, func(w *imtest.World) {
			w.Do(change)
			w.Drop()
			time.Sleep(16 * time.Minute)
			if at != "" {
				pinged(w, at)
			}
			w.Talk(``)
		})
	}
}
