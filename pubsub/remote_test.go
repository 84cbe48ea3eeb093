package pubsub_test

import (
	"strings"
	"testing"
	"time"

	"parley/internal/caps"
	"parley/internal/imtest"
	"parley/presence"
	"parley/pubsub"
	"parley/roster"
	"parley/router"
	"parley/stanza"
)

func modules(r *router.Router) []router.Module {
	ro := roster.New(r)
	m := pubsub.New(r, ro)
	r.AddHost("pubsub.a.lit", false, m)
	return []router.Module{ro, presence.New(r, ro), m}
}

// remote gives alice a contact on another server, who is subscribed to her and
// she to them.
const remote = `
	alice -> <presence type='subscribed' to='zoe@b.lit'/>
	away  -> <presence type='subscribe' from='zoe@b.lit' to='alice@a.lit'/>
	alice -> <presence type='subscribe' to='zoe@b.lit'/>
	away  -> <presence type='subscribed' from='zoe@b.lit' to='alice@a.lit'/>
`

// info is a client that wants node urn:n, with the <c/> of its presence.
func info() (query, c string) {
	query = "<query xmlns='http://jabber.org/protocol/disco#info'>" +
		"<identity category='client' type='pc'/><feature var='urn:n+notify'/></query>"
	ver := caps.Hash(stanza.MustParse(query).Root())
	return query, "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='" + ver + "'/>"
}

const (
	publish = `<iq type='set' id='p'><pubsub xmlns='http://jabber.org/protocol/pubsub'>
		<publish node='urn:n'><item id='ID'><a xmlns='urn:a'/></item></publish></pubsub></iq>`
	published = `alice <- <iq type='result' id='p' from='*' to='*'><pubsub xmlns='http://jabber.org/protocol/pubsub'>
		<publish node='urn:n'><item id='ID'/></publish></pubsub></iq>
	`
	event = `<message from='alice@a.lit' to='zoe@b.lit/x' id='*' type='headline'>
		<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:n'><item id='ID'><a xmlns='urn:a'/>
		</item></items></event>LAST</message>
	`
	last = `<delay xmlns='urn:xmpp:delay' from='alice@a.lit' stamp='*'/>`
)

// send publishes an item; more is who hears of it before alice has her answer.
func send(w *imtest.World, id, more string) {
	w.T.Helper()
	w.Talk(strings.ReplaceAll("alice -> "+publish+"\n"+more+published, "ID", id))
}

// told is what zoe hears of an item.
func told(id, delay string) string {
	return strings.NewReplacer("ID", id, "LAST", delay).Replace("away <- " + event)
}

// TestContactElsewhere: a contact's client at another domain is asked once what
// its hash stands for, gets the last item, and then what is published, while it
// is there (XEP-0060 section 9.2, Filtered Notifications).
func TestContactElsewhere(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home")
		w.Do(remote)
		send(w, "one", "")
		query, c := info()
		w.Talk("away -> <presence from='zoe@b.lit/x' to='alice@a.lit'>" + c + "</presence>\n" +
			"alice <- <presence from='zoe@b.lit/x' to='alice@a.lit'>" + c + "</presence>\n" +
			"away <- <iq type='get' id='*' from='alice@a.lit' to='zoe@b.lit/x'>" +
			"<query xmlns='http://jabber.org/protocol/disco#info' node='*'/></iq>")
		answer(w, query, c)
		send(w, "two", told("two", ""))
		// The same again is nothing new; another resource needs no question.
		w.Talk("away -> <presence from='zoe@b.lit/x' to='alice@a.lit'>" + c + "<show>away</show></presence>\n" +
			"alice <- <presence from='zoe@b.lit/x' to='alice@a.lit'>" + c + "<show>away</show></presence>\n" +
			"away -> <presence from='zoe@b.lit/y' to='alice@a.lit'>" + c + "</presence>\n" +
			"alice <- <presence from='zoe@b.lit/y' to='alice@a.lit'>" + c + "</presence>\n" +
			strings.Replace(told("two", last), "zoe@b.lit/x", "zoe@b.lit/y", 1))
		w.Do("away -> <presence type='unavailable' from='zoe@b.lit/y' to='alice@a.lit'/>")
		send(w, "three", told("three", ""))
		// An event comes back: nobody is there (section 12.4, Handling
		// Notification-Related Errors).
		w.Do("away -> <message type='error' from='zoe@b.lit/x' to='alice@a.lit'><error type='cancel'>" +
			"<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>")
		send(w, "four", "")
	})
}

// answer lets zoe's client answer the server's question, whose id the world has
// not shown: it asks again for a second hash and is told what was asked.
func answer(w *imtest.World, query, c string) {
	w.T.Helper()
	// The question was matched; its id is only known to the router. A presence
	// with the same hash from another resource waits for the same answer, so the
	// first is let time out, and the next is asked.
	w.Send(imtest.Away, "<presence from='zoe@b.lit/x' to='alice@a.lit'>"+c+"</presence>")
	time.Sleep(31 * time.Second)
	w.Received("alice")
	for _, got := range w.Received(imtest.Away) {
		st := stanza.MustParse(got)
		if st.Kind != stanza.IQ {
			continue
		}
		w.Talk("away -> <iq type='result' id='" + st.ID + "' from='zoe@b.lit/x' to='alice@a.lit'>" + query +
			"</iq>\n" + told("one", last))
		return
	}
	w.T.Fatal("nobody was asked")
}

// TestNotAsked: strangers and rooms are not asked what they can do, so that
// nobody makes the server write to others.
func TestNotAsked(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Enter("alice", "alice@a.lit/home")
		w.Do(remote)
		_, c := info()
		for _, way := range [][2]string{{"eve@c.lit/x", "alice@a.lit"}, {"zoe@b.lit/x", "alice@a.lit/home"}} {
			w.Talk("away -> <presence from='" + way[0] + "' to='" + way[1] + "'>" + c + "</presence>\n" +
				"alice <- <presence from='" + way[0] + "' to='" + way[1] + "'>" + c + "</presence>")
		}
	})
}

// TestExpire: items go when their time is up (XEP-0060 section 16.4.4,
// pubsub#item_expire).
func TestExpire(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Login("alice", "alice@a.lit/home")
		const options = `<publish-options><x xmlns='jabber:x:data' type='submit'>
			<field var='pubsub#item_expire'><value>60</value></field></x></publish-options></pubsub></iq>`
		w.Do("alice -> " + strings.Replace(publish, "</pubsub></iq>", options, 1))
		items := func(inner string) {
			w.Talk(`alice -> <iq type='get' id='i'><pubsub xmlns='http://jabber.org/protocol/pubsub'>
				<items node='urn:n'/></pubsub></iq>
				alice <- <iq type='result' id='i' from='*' to='*'><pubsub xmlns='http://jabber.org/protocol/pubsub'>
				<items node='urn:n'>` + inner + `</items></pubsub></iq>`)
		}
		time.Sleep(59 * time.Second)
		items("<item id='ID'><a xmlns='urn:a'/></item>")
		time.Sleep(2 * time.Second)
		items("")
		time.Sleep(11 * time.Minute) // removed from the disk as well
		w.Talk(`alice -> <iq type='set' id='r'><pubsub xmlns='http://jabber.org/protocol/pubsub'>
			<retract node='urn:n'><item id='ID'/></retract></pubsub></iq>
			alice <- <iq type='error' id='r' from='*' to='*'><error type='cancel'>
			<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
	})
}
