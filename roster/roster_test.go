package roster_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/internal/imtest"
	"parley/presence"
	"parley/roster"
	"parley/router"
	"parley/store"
)

func modules(r *router.Router) []router.Module {
	ro := roster.New(r)
	return []router.Module{ro, presence.New(r, ro)}
}

// TestAddUpdateRemove walks through RFC 6121 sections 2.2 to 2.5: the result
// to who asked, pushes to interested resources only, each with a version.
func TestAddUpdateRemove(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Login("home", "alice@a.lit/home")
		w.Login("work", "alice@a.lit/work")
		w.Login("idle", "alice@a.lit/idle") // never asks for the roster
		w.Enter("bob", "bob@a.lit/desk")
		w.Talk(`
			home -> <iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>
			home <- <iq type='result' id='1' to='alice@a.lit/home'><query xmlns='jabber:iq:roster' ver='1.0'/></iq>
			work -> <iq type='get' id='1' to='alice@a.lit'><query xmlns='jabber:iq:roster'/></iq>
			work <- <iq type='result' id='1' from='alice@a.lit' to='alice@a.lit/work'>
				<query xmlns='jabber:iq:roster' ver='1.0'/></iq>

			idle -> <iq type='set' id='2'><query xmlns='jabber:iq:roster'>
				<item jid='Bob@B.lit' name='Bob'><group>Friends</group><group>&lt;b></group></item>
				</query></iq>
			idle <- <iq type='result' id='2' from='alice@a.lit' to='alice@a.lit/idle'/>
			home <- <iq type='set' id='push1' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.1'>
				<item jid='bob@b.lit' name='Bob' subscription='none'><group>Friends</group>
				<group>&lt;b></group></item></query></iq>
			work <- <iq type='set' id='push1' to='alice@a.lit/work'>
				<query xmlns='jabber:iq:roster' ver='1.1'>
				<item jid='bob@b.lit' name='Bob' subscription='none'><group>Friends</group>
				<group>&lt;b></group></item></query></iq>

			# the item is replaced as a whole; the subscription is not the client's to set
			home -> <iq type='set' id='3'><query xmlns='jabber:iq:roster'>
				<item jid='bob@b.lit' subscription='both' ask='subscribe' approved='true'/></query>
				</iq>
			home <- <iq type='set' id='push2' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.2'>
				<item jid='bob@b.lit' subscription='none'/></query></iq>
			home <- <iq type='result' id='3' from='alice@a.lit' to='alice@a.lit/home'/>
			work <- <iq type='set' id='push2' to='alice@a.lit/work'>
				<query xmlns='jabber:iq:roster' ver='1.2'>
				<item jid='bob@b.lit' subscription='none'/></query></iq>

			# an unchanged item is pushed all the same
			home -> <iq type='set' id='4'><query xmlns='jabber:iq:roster'>
				<item jid='bob@b.lit' subscription='nonsense'/></query></iq>
			home <- <iq type='set' id='push3' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.3'>
				<item jid='bob@b.lit' subscription='none'/></query></iq>
			home <- <iq type='result' id='4' from='alice@a.lit' to='alice@a.lit/home'/>
			work <- <iq type='set' id='push3' to='alice@a.lit/work'>
				<query xmlns='jabber:iq:roster' ver='1.3'>
				<item jid='bob@b.lit' subscription='none'/></query></iq>

			home -> <iq type='set' id='5'><query xmlns='jabber:iq:roster'>
				<item jid='bob@b.lit' subscription='remove'/></query></iq>
			home <- <iq type='set' id='push4' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.4'>
				<item jid='bob@b.lit' subscription='remove'/></query></iq>
			home <- <iq type='result' id='5' from='alice@a.lit' to='alice@a.lit/home'/>
			work <- <iq type='set' id='push4' to='alice@a.lit/work'>
				<query xmlns='jabber:iq:roster' ver='1.4'>
				<item jid='bob@b.lit' subscription='remove'/></query></iq>
			work -> <iq type='result' id='push4'/>
		`)
	})
}

// TestRefusedSets are the error cases of RFC 6121 sections 2.3.3 and 2.5.3.
func TestRefusedSets(t *testing.T) {
	long := strings.Repeat("x", 1024)
	for _, c := range []struct{ name, items, condition string }{
		{"no item", ``, "modify bad-request"},
		{"no item of this namespace", `<item xmlns='urn:x' jid='a@b.lit'/>`, "modify bad-request"},
		{"two items", `<item jid='a@b.lit'/><item jid='b@b.lit'/>`, "modify bad-request"},
		{"no jid", `<item name='x'/>`, "modify bad-request"},
		{"bad jid", `<item jid='@b.lit'/>`, "modify jid-malformed"},
		{"a resource", `<item jid='a@b.lit/x'/>`, "modify bad-request"},
		{"oneself", `<item jid='alice@a.lit'/>`, "cancel not-allowed"},
		{"oneself removed", `<item jid='alice@a.lit' subscription='remove'/>`, "cancel not-allowed"},
		{"long name", `<item jid='a@b.lit' name='` + long + `'/>`, "modify not-acceptable"},
		{"empty group", `<item jid='a@b.lit'><group/></item>`, "modify not-acceptable"},
		{"long group", `<item jid='a@b.lit'><group>` + long + `</group></item>`, "modify not-acceptable"},
		{"group twice", `<item jid='a@b.lit'><group>g</group><group>g</group></item>`, "modify bad-request"},
		{"many groups", `<item jid='a@b.lit'><group>1</group><group>2</group><group>3</group></item>`,
			"modify not-acceptable"},
		{"unknown removed", `<item jid='a@b.lit' subscription='remove'/>`, "cancel item-not-found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			imtest.Run(t, "[roster]\ngroups = 2\n", modules, func(w *imtest.World) {
				w.Enter("home", "alice@a.lit/home")
				typ, condition, _ := strings.Cut(c.condition, " ")
				w.Talk(`
					home -> <iq type='set' id='2'><query xmlns='jabber:iq:roster'>` + c.items + `</query></iq>
					home <- <iq type='error' id='2' from='alice@a.lit' to='alice@a.lit/home'>
						<error type='` + typ + `'><` + condition + `
						xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
					home -> <iq type='get' id='3'><query xmlns='jabber:iq:roster' ver='1.0'/></iq>
					home <- <iq type='result' id='3' to='alice@a.lit/home'/>
				`)
			})
		})
	}
}

// TestLongest: what is just within the limits is taken.
func TestLongest(t *testing.T) {
	text := strings.Repeat("x", 1023)
	imtest.Run(t, "[roster]\ngroups = 2\nitems = 1\n", modules, func(w *imtest.World) {
		w.Login("home", "alice@a.lit/home")
		w.Talk(`
			home -> <iq type='set' id='1'><query xmlns='jabber:iq:roster'>
				<item jid='a@b.lit' name='` + text + `'><group>` + text + `</group><group>2</group>
				</item></query></iq>
			home <- <iq type='result' id='1' from='alice@a.lit' to='alice@a.lit/home'/>
			# the roster is full, but what is in it may change
			home -> <iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='b@b.lit'/></query></iq>
			home <- <iq type='error' id='2' from='alice@a.lit' to='alice@a.lit/home'>
				<error type='modify'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
				</error></iq>
			home -> <iq type='set' id='3'><query xmlns='jabber:iq:roster'><item jid='a@b.lit'/></query></iq>
			home <- <iq type='result' id='3' from='alice@a.lit' to='alice@a.lit/home'/>
			home -> <presence type='subscribe' to='b@b.lit'/>
			home <- <presence type='error' from='b@b.lit' to='alice@a.lit'><error type='modify'>
				<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
		`)
	})
}

// TestOthersRoster: nobody reads or changes somebody else's roster (RFC 6121
// section 2.1.5).
func TestOthersRoster(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		w.Talk(`
			alice -> <iq type='set' id='1' to='bob@a.lit'><query xmlns='jabber:iq:roster'>
				<item jid='eve@b.lit'/></query></iq>
			alice <- <iq type='error' id='1' from='bob@a.lit' to='alice@a.lit/home'>
				<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
				</iq>
			alice -> <iq type='get' id='2' to='bob@a.lit'><query xmlns='jabber:iq:roster'/></iq>
			alice <- <iq type='error' id='2' from='bob@a.lit' to='alice@a.lit/home'>
				<error type='cancel'><service-unavailable
				xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
			away -> <iq type='set' id='3' from='eve@b.lit/x' to='bob@a.lit'>
				<query xmlns='jabber:iq:roster'><item jid='eve@b.lit'/></query></iq>
			away <- <iq type='error' id='3' from='bob@a.lit' to='eve@b.lit/x'><error type='auth'>
				<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
		`)
	})
}

// TestVersions holds RFC 6121 section 2.6.3: nothing for a client that is up
// to date, the changes in their order where they are known, else everything.
func TestVersions(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Login("home", "alice@a.lit/home")
		for i, item := range []string{"jid='a@b.lit'", "jid='b@b.lit'", "jid='c@b.lit'", "jid='d@b.lit'",
			"jid='b@b.lit' subscription='remove'", "jid='a@b.lit' name='A'"} {
			w.Talk(fmt.Sprintf(`
				home -> <iq type='set' id='%d'><query xmlns='jabber:iq:roster'><item %s/></query></iq>
				home <- <iq type='result' id='%d' from='alice@a.lit' to='alice@a.lit/home'/>`, i, item, i))
		}
		const all = `<item jid='a@b.lit' name='A' subscription='none'/>` +
			`<item jid='c@b.lit' subscription='none'/><item jid='d@b.lit' subscription='none'/>`
		w.Talk(`
			home -> <iq type='get' id='1'><query xmlns='jabber:iq:roster' ver='1.6'/></iq>
			home <- <iq type='result' id='1' to='alice@a.lit/home'/>

			home -> <iq type='get' id='2'><query xmlns='jabber:iq:roster' ver='1.3'/></iq>
			home <- <iq type='result' id='2' to='alice@a.lit/home'/>
			home <- <iq type='set' id='push4' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.4'><item jid='d@b.lit' subscription='none'/>
				</query></iq>
			home <- <iq type='set' id='push5' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.5'>
				<item jid='b@b.lit' subscription='remove'/></query></iq>
			home <- <iq type='set' id='push6' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.6'>
				<item jid='a@b.lit' name='A' subscription='none'/></query></iq>

			# more changes than items: everything is shorter
			home -> <iq type='get' id='3'><query xmlns='jabber:iq:roster' ver='1.0'/></iq>
			home <- <iq type='result' id='3' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.6'>` + all + `</query></iq>

			home -> <iq type='get' id='4'><query xmlns='jabber:iq:roster' ver=''/></iq>
			home <- <iq type='result' id='4' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.6'>` + all + `</query></iq>
			home -> <iq type='get' id='5'><query xmlns='jabber:iq:roster'/></iq>
			home <- <iq type='result' id='5' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.6'>` + all + `</query></iq>
			# unknown: from the future, of another account, not ours
			home -> <iq type='get' id='6'><query xmlns='jabber:iq:roster' ver='1.7'/></iq>
			home <- <iq type='result' id='6' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.6'>` + all + `</query></iq>
			home -> <iq type='get' id='7'><query xmlns='jabber:iq:roster' ver='2.6'/></iq>
			home <- <iq type='result' id='7' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.6'>` + all + `</query></iq>
			home -> <iq type='get' id='8'><query xmlns='jabber:iq:roster' ver='1.-1'/></iq>
			home <- <iq type='result' id='8' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.6'>` + all + `</query></iq>
		`)
	})
}

// TestInterimPushesHideRequests: a request that waits changes the stored
// version, but is nothing that clients see.
func TestInterimPushesHideRequests(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Login("home", "alice@a.lit/home")
		w.Talk(`
			away -> <presence type='subscribe' from='eve@b.lit' to='alice@a.lit'/>
			home -> <iq type='get' id='1'><query xmlns='jabber:iq:roster' ver='1.0'/></iq>
			home <- <iq type='result' id='1' to='alice@a.lit/home'/>
			home -> <iq type='get' id='2'><query xmlns='jabber:iq:roster'/></iq>
			home <- <iq type='result' id='2' to='alice@a.lit/home'><query xmlns='jabber:iq:roster' ver='1.1'/></iq>
			# denied: it leaves no trace
			home -> <presence type='unsubscribed' to='eve@b.lit'/>
			away <- <presence type='unsubscribed' from='alice@a.lit' to='eve@b.lit'/>
			home -> <iq type='get' id='3'><query xmlns='jabber:iq:roster' ver='1.1'/></iq>
			home <- <iq type='result' id='3' to='alice@a.lit/home'/>
		`)
		items, _, err := w.Store.Roster(w.T.Context(), 1)
		if err != nil || len(items) != 0 {
			t.Errorf("%v %v", items, err)
		}
	})
}

// TestFullDisk: what could not be written is not pushed and is in no cache.
func TestFullDisk(t *testing.T) {
	failing := func(r *router.Router) []router.Module {
		return append(modules(r), fail{})
	}
	imtest.Run(t, "", failing, func(w *imtest.World) {
		w.Enter("home", "alice@a.lit/home")
		w.Talk(`
			home -> <presence type='subscribe' to='bob@b.lit'/>
			home <- <presence type='error' from='bob@b.lit' to='alice@a.lit'><error type='wait'>
				<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
				</presence>
			home -> <iq type='get' id='1'><query xmlns='jabber:iq:roster' ver='1.0'/></iq>
			home <- <iq type='result' id='1' to='alice@a.lit/home'/>
		`)
	})
}

// fail is a module whose writes find the disk full.
type fail struct{}

func (fail) Register(h *router.Host) {
	h.On(router.Record, router.OfPresence, "fail", func(_ context.Context, p *router.Packet) error {
		p.Write(func(*store.Tx) error { return store.ErrFull })
		return nil
	})
}
