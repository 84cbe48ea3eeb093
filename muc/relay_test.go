package muc

import (
	"fmt"
	"testing"
	"time"

	"parley/internal/imtest"
	"parley/router"
)

// inRoom runs a test in a world where ann and bea are in a room.
func inRoom(t *testing.T, config string, test func(w *imtest.World)) {
	t.Helper()
	modules := func(r *router.Router) []router.Module {
		r.AddHost(fuzzHost, false, New())
		return nil
	}
	imtest.Run(t, config, modules, func(w *imtest.World) {
		for _, name := range []string{"ann", "bea"} {
			w.Login(name, name+"@a.lit/1")
			w.Send(name, "<presence to='"+fuzzRoom+"/"+name+"'><x xmlns='"+nsMUC+"'/></presence>")
			w.Drop()
		}
		test(w)
	})
}

// TestRelayPatience: who is asked and does not answer is answered for in time, and
// what comes later goes nowhere (XEP-0045 section 17.4, IQ).
func TestRelayPatience(t *testing.T) {
	inRoom(t, "", func(w *imtest.World) {
		w.Talk(`
			bea -> <iq type='get' to='r@conference.a.lit/ann' id='1'><query xmlns='jabber:iq:version'/></iq>
			ann <- <iq type='get' from='r@conference.a.lit/bea' to='ann@a.lit/1' id='*'>
				<query xmlns='jabber:iq:version'/></iq>`)
		time.Sleep(relayPatience - time.Second)
		w.Talk("")
		time.Sleep(2 * time.Second)
		w.Talk(`
			bea <- <iq type='error' from='r@conference.a.lit/ann' to='bea@a.lit/1' id='1'>
				<error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
			ann -> <iq type='result' to='r@conference.a.lit/bea' id='1'/>`)
	})
}

// TestRelayGone: a client that ends while it is asked is answered for at once, and
// the answer does not say who it was.
func TestRelayGone(t *testing.T) {
	inRoom(t, "", func(w *imtest.World) {
		w.Logout("ann") // nobody tells the room
		w.Talk(`
			bea -> <iq type='get' to='r@conference.a.lit/ann' id='1'><query xmlns='jabber:iq:version'/></iq>
			bea <- <iq type='error' from='r@conference.a.lit/ann' to='bea@a.lit/1' id='1'>
				<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
	})
}

// TestRelayBound: one client cannot have the room remember any number of requests.
func TestRelayBound(t *testing.T) {
	inRoom(t, "", func(w *imtest.World) {
		ask := func(n int) {
			w.Send("bea", fmt.Sprintf("<iq type='get' to='%s/ann' id='%d'><query xmlns='x'/></iq>",
				fuzzRoom, n))
		}
		for n := range mostRelayed {
			ask(n)
		}
		if got := len(w.Received("ann")); got != mostRelayed {
			t.Fatalf("%d requests were passed on, want %d", got, mostRelayed)
		}
		w.Talk(`
			bea -> <iq type='get' to='r@conference.a.lit/ann' id='more'><query xmlns='x'/></iq>
			bea <- <iq type='error' from='r@conference.a.lit/ann' to='bea@a.lit/1' id='more'>
				<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
		time.Sleep(relayPatience + time.Second)
		if got := len(w.Received("bea")); got != mostRelayed {
			t.Fatalf("%d requests were answered, want %d", got, mostRelayed)
		}
		ask(mostRelayed)
		if got := len(w.Received("ann")); got != 1 {
			t.Fatal("no more is passed on")
		}
		time.Sleep(relayPatience + time.Second)
	})
}
