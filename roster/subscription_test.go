package roster_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/imtest"
)

// push is a roster push as the client of that name sees it.
func push(who, ver, item string) string {
	return fmt.Sprintf("%s <- <iq type='set' id='*' to='*'><query xmlns='jabber:iq:roster' ver='%s'>%s</query></iq>\n",
		who, ver, item)
}

// TestSubscribe walks through RFC 6121 section 3.1 between two local accounts,
// then the other way round, then through 3.3 and 3.2.
func TestSubscribe(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		w.Login("quiet", "bob@a.lit/quiet") // neither available nor interested
		w.Talk(`
			# section 3.1.2: bare addresses; 3.1.3: to available resources, no roster item
			alice -> <presence type='subscribe' id='s1' to='bob@a.lit/desk'><status>It is me</status></presence>
			bob   <- <presence type='subscribe' id='s1' from='alice@a.lit' to='bob@a.lit'>
				<status>It is me</status></presence>
			` + push("alice", "1.1", `<item jid='bob@a.lit' subscription='none' ask='subscribe'/>`) + `
			# asked again: not delivered again
			alice -> <presence type='subscribe' to='bob@a.lit'/>

			# section 3.1.5, 3.1.6: "subscribed" before the push, then presence
			bob   -> <presence type='subscribed' id='s2' to='alice@a.lit/home'/>
			alice <- <presence type='subscribed' id='s2' from='bob@a.lit' to='alice@a.lit'/>
			` + push("alice", "1.2", `<item jid='bob@a.lit' subscription='to'/>`) + `
			alice <- <presence from='bob@a.lit/desk' to='alice@a.lit'/>
			` + push("bob", "2.2", `<item jid='alice@a.lit' subscription='from'/>`) + `

			bob   -> <presence type='subscribe' to='alice@a.lit'/>
			alice <- <presence type='subscribe' from='bob@a.lit' to='alice@a.lit'/>
			` + push("bob", "2.3", `<item jid='alice@a.lit' subscription='from' ask='subscribe'/>`) + `
			alice -> <presence type='subscribed' to='bob@a.lit'/>
			bob   <- <presence type='subscribed' from='alice@a.lit' to='bob@a.lit'/>
			` + push("bob", "2.4", `<item jid='alice@a.lit' subscription='both'/>`) + `
			bob   <- <presence from='alice@a.lit/home' to='bob@a.lit'/>
			` + push("alice", "1.4", `<item jid='bob@a.lit' subscription='both'/>`) + `

			# section 3.3: the stanza, the push, then unavailable from the contact
			alice -> <presence type='unsubscribe' to='bob@a.lit'/>
			bob   <- <presence type='unsubscribe' from='alice@a.lit' to='bob@a.lit'/>
			` + push("bob", "2.5", `<item jid='alice@a.lit' subscription='to'/>`) + `
			` + push("alice", "1.5", `<item jid='bob@a.lit' subscription='from'/>`) + `
			alice <- <presence type='unavailable' from='bob@a.lit/desk' to='alice@a.lit'/>

			# section 3.2: unavailable before the stanza
			alice -> <presence type='unsubscribed' to='bob@a.lit'/>
			bob   <- <presence type='unavailable' from='alice@a.lit/home' to='bob@a.lit'/>
			bob   <- <presence type='unsubscribed' from='alice@a.lit' to='bob@a.lit'/>
			` + push("bob", "2.6", `<item jid='alice@a.lit' subscription='none'/>`) + `
			` + push("alice", "1.6", `<item jid='bob@a.lit' subscription='none'/>`) + `

			# nothing is left to take back, and nobody hears of it
			alice -> <presence type='unsubscribed' to='bob@a.lit'/>
			alice -> <presence type='unsubscribe' to='bob@a.lit'/>
			bob   -> <presence type='subscribed' to='bob@a.lit'/>
		`)
	})
}

// TestDenied: a request that is denied leaves no item behind and can be made
// again (RFC 6121 appendix A.2.4 and A.3.4).
func TestDenied(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		for _, v := range []string{"1.1 1.2", "1.3 1.4"} {
			asked, denied, _ := strings.Cut(v, " ")
			w.Talk(`
				alice -> <presence type='subscribe' to='bob@a.lit'/>
				bob   <- <presence type='subscribe' from='alice@a.lit' to='bob@a.lit'/>
				` + push("alice", asked, `<item jid='bob@a.lit' subscription='none' ask='subscribe'/>`) + `
				bob   -> <presence type='unsubscribed' to='alice@a.lit'/>
				alice <- <presence type='unsubscribed' from='bob@a.lit' to='alice@a.lit'/>
				` + push("alice", denied, `<item jid='bob@a.lit' subscription='none'/>`))
		}
	})
}

// TestTakenBack: a request that is taken back is shown no more (RFC 6121
// section 3.3.3, Server Processing of Inbound Unsubscribe).
func TestTakenBack(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		w.Talk(`
			alice -> <presence type='subscribe' to='bob@a.lit'/>
			bob   <- <presence type='subscribe' from='alice@a.lit' to='bob@a.lit'/>
			` + push("alice", "1.1", `<item jid='bob@a.lit' subscription='none' ask='subscribe'/>`) + `
			alice -> <presence type='unsubscribe' to='bob@a.lit'/>
			bob   <- <presence type='unsubscribe' from='alice@a.lit' to='bob@a.lit'/>
			` + push("alice", "1.2", `<item jid='bob@a.lit' subscription='none'/>`))
		w.Login("phone", "bob@a.lit/phone")
		w.Talk(`
			phone -> <presence/>
			phone <- <presence from='bob@a.lit/phone' to='bob@a.lit/phone'/>
			phone <- <presence from='bob@a.lit/desk' to='bob@a.lit/phone'/>
			bob   <- <presence from='bob@a.lit/phone' to='bob@a.lit/desk'/>
		`)
	})
}

// TestRequestShownAgain: at each login until it is answered, once, with all it
// contains (RFC 6121 section 3.1.3).
func TestRequestShownAgain(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Account("alice@a.lit")
		w.Talk(`
			away -> <presence type='subscribe' id='x' from='zoe@b.lit/phone' to='alice@a.lit'>
				<status>1</status><x xmlns='urn:x'><y/></x></presence>
			away -> <presence type='subscribe' from='zoe@b.lit' to='alice@a.lit'><status>2</status></presence>
			away -> <presence type='subscribe' from='eve@b.lit' to='alice@a.lit/gone'/>
		`)
		for _, name := range []string{"home", "work"} {
			full := "alice@a.lit/" + name
			w.Login(name, full)
			w.Talk(`
				` + name + ` -> <presence><priority>-1</priority></presence>
				` + name + ` <- <presence from='` + full + `' to='` + full + `'><priority>-1</priority></presence>
				` + name + ` <- <presence type='subscribe' id='x' from='zoe@b.lit' to='` + full + `'>
				<status>1</status><x xmlns='urn:x'><y/></x></presence>
				` + name + ` <- <presence type='subscribe' from='eve@b.lit' to='` + full + `'/>
				# not initial presence
				` + name + ` -> <presence/>
				` + name + ` <- <presence from='` + full + `' to='` + full + `'/>
			`)
			w.Logout(name)
		}
		w.Login("home", "alice@a.lit/home")
		w.Talk(`
			home -> <presence type='subscribed' to='zoe@b.lit'/>
			away <- <presence type='subscribed' from='alice@a.lit' to='zoe@b.lit'/>
			home -> <presence type='unsubscribed' to='eve@b.lit'/>
			away <- <presence type='unsubscribed' from='alice@a.lit' to='eve@b.lit'/>
			home -> <presence/>
			home <- <presence from='alice@a.lit/home' to='alice@a.lit/home'/>
			away <- <presence from='alice@a.lit/home' to='zoe@b.lit'/>
		`)
	})
}

// TestRemote is the life of a subscription with a contact on another server.
func TestRemote(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home")
		w.Talk(`
			alice -> <presence type='subscribe' to='zoe@b.lit/x'/>
			away  <- <presence type='subscribe' from='alice@a.lit' to='zoe@b.lit'/>
			` + push("alice", "1.1", `<item jid='zoe@b.lit' subscription='none' ask='subscribe'/>`) + `
			away  -> <presence type='subscribed' from='zoe@b.lit' to='alice@a.lit'/>
			alice <- <presence type='subscribed' from='zoe@b.lit' to='alice@a.lit'/>
			` + push("alice", "1.2", `<item jid='zoe@b.lit' subscription='to'/>`) + `
			# not asked for: ignored (section 3.1.6)
			away  -> <presence type='subscribed' from='zoe@b.lit' to='alice@a.lit'/>
			away  -> <presence type='subscribed' from='eve@b.lit' to='alice@a.lit'/>
			away  -> <presence type='unsubscribed' from='eve@b.lit' to='alice@a.lit'/>
			away  -> <presence type='unsubscribe' from='eve@b.lit' to='alice@a.lit'/>
			# 8.5.3.2.2: to a resource that there is not
			away  -> <presence type='unsubscribed' from='zoe@b.lit' to='alice@a.lit/gone'/>

			# full addresses, as some servers send them
			away  -> <presence type='subscribe' from='zoe@b.lit/x' to='alice@a.lit/home'/>
			alice <- <presence type='subscribe' from='zoe@b.lit' to='alice@a.lit'/>
			alice -> <presence type='subscribed' to='zoe@b.lit'/>
			away  <- <presence type='subscribed' from='alice@a.lit' to='zoe@b.lit'/>
			away  <- <presence from='alice@a.lit/home' to='zoe@b.lit'/>
			` + push("alice", "1.4", `<item jid='zoe@b.lit' subscription='both'/>`) + `

			# 3.1.3: subscribed already, the other server has forgotten
			away  -> <presence type='subscribe' from='zoe@b.lit' to='alice@a.lit'/>
			away  <- <presence type='subscribed' from='alice@a.lit' to='zoe@b.lit'/>
			away  <- <presence from='alice@a.lit/home' to='zoe@b.lit'/>

			away  -> <presence type='unsubscribe' from='zoe@b.lit' to='alice@a.lit'/>
			alice <- <presence type='unsubscribe' from='zoe@b.lit' to='alice@a.lit'/>
			` + push("alice", "1.5", `<item jid='zoe@b.lit' subscription='to'/>`) + `
			away  <- <presence type='unavailable' from='alice@a.lit/home' to='zoe@b.lit'/>
			away  <- <presence type='unsubscribed' from='alice@a.lit' to='zoe@b.lit'/>

			away  -> <presence type='unsubscribed' from='zoe@b.lit' to='alice@a.lit'/>
			alice <- <presence type='unsubscribed' from='zoe@b.lit' to='alice@a.lit'/>
			` + push("alice", "1.6", `<item jid='zoe@b.lit' subscription='none'/>`) + `
			# always routed, so that the two servers can agree again (A.2)
			alice -> <presence type='unsubscribe' to='zoe@b.lit'/>
			away  <- <presence type='unsubscribe' from='alice@a.lit' to='zoe@b.lit'/>
		`)
	})
}

// TestCancelRemote: unavailable goes before "unsubscribed", and only to who was
// subscribed (RFC 6121 section 3.2.2).
func TestCancelRemote(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home")
		w.Talk(`
			away  -> <presence type='subscribe' from='zoe@b.lit' to='alice@a.lit'/>
			alice <- <presence type='subscribe' from='zoe@b.lit' to='alice@a.lit'/>
			alice -> <presence type='subscribed' to='zoe@b.lit'/>
			away  <- <presence type='subscribed' from='alice@a.lit' to='zoe@b.lit'/>
			away  <- <presence from='alice@a.lit/home' to='zoe@b.lit'/>
			` + push("alice", "1.2", `<item jid='zoe@b.lit' subscription='from'/>`) + `
			alice -> <presence type='unsubscribed' to='zoe@b.lit'/>
			away  <- <presence type='unavailable' from='alice@a.lit/home' to='zoe@b.lit'/>
			away  <- <presence type='unsubscribed' from='alice@a.lit' to='zoe@b.lit'/>
			` + push("alice", "1.3", `<item jid='zoe@b.lit' subscription='none'/>`) + `
			# only asked for: no resource is named
			away  -> <presence type='subscribe' from='eve@b.lit' to='alice@a.lit'/>
			alice <- <presence type='subscribe' from='eve@b.lit' to='alice@a.lit'/>
			alice -> <presence type='unsubscribed' to='eve@b.lit'/>
			away  <- <presence type='unsubscribed' from='alice@a.lit' to='eve@b.lit'/>
		`)
	})
}

// TestPreApproved holds RFC 6121 section 3.4 on the wire, local and remote.
func TestPreApproved(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		w.Talk(`
			alice -> <presence type='subscribed' to='bob@a.lit'/>
			` + push("alice", "1.1", `<item jid='bob@a.lit' subscription='none' approved='true'/>`) + `
			alice -> <presence type='subscribed' to='bob@a.lit'/>
			bob   -> <presence type='subscribe' to='alice@a.lit'/>
			` + push("bob", "2.1", `<item jid='alice@a.lit' subscription='none' ask='subscribe'/>`) + `
			` + push("alice", "1.2", `<item jid='bob@a.lit' subscription='from'/>`) + `
			bob   <- <presence type='subscribed' from='alice@a.lit' to='bob@a.lit'/>
			` + push("bob", "2.2", `<item jid='alice@a.lit' subscription='to'/>`) + `
			bob   <- <presence from='alice@a.lit/home' to='bob@a.lit'/>

			alice -> <presence type='subscribed' to='zoe@b.lit'/>
			` + push("alice", "1.3", `<item jid='zoe@b.lit' subscription='none' approved='true'/>`) + `
			away  -> <presence type='subscribe' from='zoe@b.lit' to='alice@a.lit'/>
			` + push("alice", "1.4", `<item jid='zoe@b.lit' subscription='from'/>`) + `
			away  <- <presence type='subscribed' from='alice@a.lit' to='zoe@b.lit'/>
			away  <- <presence from='alice@a.lit/home' to='zoe@b.lit'/>

			# taken back before it was used (section 3.2.2): not routed
			alice -> <presence type='subscribed' to='eve@b.lit'/>
			` + push("alice", "1.5", `<item jid='eve@b.lit' subscription='none' approved='true'/>`) + `
			alice -> <presence type='unsubscribed' to='eve@b.lit'/>
			` + push("alice", "1.6", `<item jid='eve@b.lit' subscription='none'/>`) + `
			away  -> <presence type='subscribe' from='eve@b.lit' to='alice@a.lit'/>
			alice <- <presence type='subscribe' from='eve@b.lit' to='alice@a.lit'/>
		`)
	})
}

// TestNobody: that an account does not exist can be seen neither from the
// answer nor from the roster (RFC 6121 section 8.5.1, No Such User).
func TestNobody(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home")
		w.Talk(`
			alice -> <presence type='subscribe' to='nobody@a.lit'/>
			` + push("alice", "1.1", `<item jid='nobody@a.lit' subscription='none' ask='subscribe'/>`) + `
			alice -> <presence type='unsubscribe' to='nobody@a.lit'/>
			` + push("alice", "1.2", `<item jid='nobody@a.lit' subscription='none'/>`) + `
			away -> <presence type='subscribe' from='zoe@b.lit' to='nobody@a.lit'/>
			# oneself: everybody has their own presence
			alice -> <presence type='subscribe' to='alice@a.lit'/>
			alice -> <presence type='subscribed' to='alice@a.lit'/>
		`)
	})
}

// TestRemoveCancels: removing a contact ends both ways (RFC 6121 section 2.5.2).
func TestRemoveCancels(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		w.Do(befriend)
		w.Talk(`
			alice -> <iq type='set' id='1'><query xmlns='jabber:iq:roster'>
				<item jid='bob@a.lit' subscription='remove'/></query></iq>
			` + push("alice", "1.5", `<item jid='bob@a.lit' subscription='remove'/>`) + `
			alice <- <iq type='result' id='1' from='alice@a.lit' to='alice@a.lit/home'/>
			bob   <- <presence type='unavailable' from='alice@a.lit/home' to='bob@a.lit'/>
			bob   <- <presence type='unsubscribe' from='alice@a.lit' to='bob@a.lit'/>
			` + push("bob", "2.5", `<item jid='alice@a.lit' subscription='to'/>`) + `
			alice <- <presence type='unavailable' from='bob@a.lit/desk' to='alice@a.lit'/>
			bob   <- <presence type='unsubscribed' from='alice@a.lit' to='bob@a.lit'/>
			` + push("bob", "2.6", `<item jid='alice@a.lit' subscription='none'/>`) + `

			# what was only asked for ends, too
			alice -> <presence type='subscribe' to='zoe@b.lit'/>
			away  <- <presence type='subscribe' from='alice@a.lit' to='zoe@b.lit'/>
			` + push("alice", "1.6", `<item jid='zoe@b.lit' subscription='none' ask='subscribe'/>`) + `
			away  -> <presence type='subscribe' from='zoe@b.lit' to='alice@a.lit'/>
			alice <- <presence type='subscribe' from='zoe@b.lit' to='alice@a.lit'/>
			alice -> <iq type='set' id='2'><query xmlns='jabber:iq:roster'>
				<item jid='zoe@b.lit' subscription='remove'/></query></iq>
			` + push("alice", "1.8", `<item jid='zoe@b.lit' subscription='remove'/>`) + `
			alice <- <iq type='result' id='2' from='alice@a.lit' to='alice@a.lit/home'/>
			away  <- <presence type='unsubscribe' from='alice@a.lit' to='zoe@b.lit'/>
			away  <- <presence type='unsubscribed' from='alice@a.lit' to='zoe@b.lit'/>
		`)
	})
}

// befriend subscribes alice and bob to each other, each with an approval in
// advance; both rosters are then at version 4.
const befriend = `
	alice -> <presence type='subscribed' to='bob@a.lit'/>
	bob   -> <presence type='subscribed' to='alice@a.lit'/>
	alice -> <presence type='subscribe' to='bob@a.lit'/>
	bob   -> <presence type='subscribe' to='alice@a.lit'/>
`

// TestDeletedAccount: its subscriptions are cancelled at both ends, its tables
// are empty, and the next of that name inherits nothing.
func TestDeletedAccount(t *testing.T) {
	imtest.Run(t, "[accounts]\ntombstone_days = 0\n", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		w.Do(befriend)
		w.Do(`
			bob  -> <presence type='subscribe' to='zoe@b.lit'/>
			away -> <presence type='subscribe' from='eve@b.lit' to='bob@a.lit'/>
		`)
		bob := w.Account("bob@a.lit")
		w.Remove("bob")
		if err := w.Router.DeleteAccount(context.Background(), bob); err != nil {
			w.T.Fatal(err)
		}
		w.Talk(`
			alice <- <presence type='unavailable' from='bob@a.lit/desk' to='alice@a.lit'/>
			alice <- <presence type='unsubscribe' from='bob@a.lit' to='alice@a.lit'/>
			` + push("alice", "1.5", `<item jid='bob@a.lit' subscription='to'/>`) + `
			alice <- <presence type='unsubscribed' from='bob@a.lit' to='alice@a.lit'/>
			` + push("alice", "1.6", `<item jid='bob@a.lit' subscription='none'/>`) + `
			away  <- <presence type='unsubscribed' from='bob@a.lit' to='eve@b.lit'/>
			away  <- <presence type='unsubscribe' from='bob@a.lit' to='zoe@b.lit'/>
		`)
		items, version, err := w.Store.Roster(w.T.Context(), bob.ID)
		if err != nil || len(items) != 0 || version != 0 {
			t.Errorf("%v %d %v", items, version, err)
		}
		w.Login("bob", "bob@a.lit/new")
		w.Talk(`
			bob -> <iq type='get' id='1'><query xmlns='jabber:iq:roster' ver='2.4'/></iq>
			bob <- <iq type='result' id='1' to='bob@a.lit/new'><query xmlns='jabber:iq:roster' ver='3.0'/></iq>
		`)
	})
}

// TestStrangers: requests of strangers are limited per remote domain and hour;
// those who are known are not counted.
func TestStrangers(t *testing.T) {
	imtest.Run(t, "[messages]\nstranger_subscriptions = 2\n", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		const over = `<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
		w.Talk(`
			away  -> <presence type='subscribe' from='1@b.lit' to='alice@a.lit'/>
			alice <- <presence type='subscribe' from='1@b.lit' to='alice@a.lit'/>
			away  -> <presence type='subscribe' from='1@b.lit' to='alice@a.lit'/>
			away  -> <presence type='subscribe' from='2@b.lit' to='bob@a.lit'/>
			bob   <- <presence type='subscribe' from='2@b.lit' to='bob@a.lit'/>
			away  -> <presence type='subscribe' from='3@b.lit' to='alice@a.lit'/>
			away  <- <presence type='error' from='alice@a.lit' to='3@b.lit'>` + over + `</presence>
			away  -> <presence type='subscribe' from='3@c.lit' to='alice@a.lit'/>
			alice <- <presence type='subscribe' from='3@c.lit' to='alice@a.lit'/>
			bob   -> <presence type='subscribe' to='alice@a.lit'/>
			` + push("bob", "2.2", `<item jid='alice@a.lit' subscription='none' ask='subscribe'/>`) + `
			alice <- <presence type='subscribe' from='bob@a.lit' to='alice@a.lit'/>
		`)
		time.Sleep(time.Hour - time.Second)
		w.Talk(`
			away  -> <presence type='subscribe' from='3@b.lit' to='alice@a.lit'/>
			away  <- <presence type='error' from='alice@a.lit' to='3@b.lit'>` + over + `</presence>
		`)
		time.Sleep(time.Second)
		w.Talk(`
			away  -> <presence type='subscribe' from='3@b.lit' to='alice@a.lit'/>
			alice <- <presence type='subscribe' from='3@b.lit' to='alice@a.lit'/>
		`)
	})
}

// TestLongRequest: what is kept for the user has a bound.
func TestLongRequest(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Account("alice@a.lit")
		w.Talk(`
			away -> <presence type='subscribe' from='1@b.lit' to='alice@a.lit'>
				<status>` + strings.Repeat("x", 10000) + `</status></presence>
			away <- <presence type='error' from='alice@a.lit' to='1@b.lit'><error type='modify'>
				<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
		`)
	})
}

// TestManyRequests: so has their number.
func TestManyRequests(t *testing.T) {
	imtest.Run(t, "[messages]\nstranger_subscriptions = 1000\n", modules, func(w *imtest.World) {
		w.Account("alice@a.lit")
		for n := range 500 {
			w.Do(fmt.Sprintf("away -> <presence type='subscribe' from='%d@b.lit' to='alice@a.lit'/>", n))
		}
		w.Talk(`
			away -> <presence type='subscribe' from='one@b.lit' to='alice@a.lit'/>
			away <- <presence type='error' from='alice@a.lit' to='one@b.lit'><error type='wait'>
				<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>
				</presence>
			# one that waits already is no further one
			away -> <presence type='subscribe' from='1@b.lit' to='alice@a.lit'/>
			away -> <presence type='unsubscribe' from='1@b.lit' to='alice@a.lit'/>
			away <- <presence type='unsubscribed' from='alice@a.lit' to='1@b.lit'/>
			away -> <presence type='subscribe' from='one@b.lit' to='alice@a.lit'/>
		`)
	})
}

// TestOneCommit: a local exchange changes both rosters or none.
func TestOneCommit(t *testing.T) {
	imtest.Run(t, "[roster]\nitems = 1\n", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home", "bob", "bob@a.lit/desk")
		w.Do(`
			alice -> <presence type='subscribe' to='bob@a.lit'/>
			bob   -> <iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='zoe@b.lit'/></query></iq>
		`)
		w.Talk(`
			# bob's roster is full: neither his nor hers changes
			bob -> <presence type='subscribed' to='alice@a.lit'/>
			bob <- <presence type='error' from='alice@a.lit' to='bob@a.lit'><error type='modify'>
				<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
			alice -> <iq type='get' id='2'><query xmlns='jabber:iq:roster'/></iq>
			alice <- <iq type='result' id='2' to='alice@a.lit/home'>
				<query xmlns='jabber:iq:roster' ver='1.1'>
				<item jid='bob@a.lit' subscription='none' ask='subscribe'/></query></iq>
		`)
	})
}
