package xep_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/imtest"
	"parley/router"
	"parley/store"
	"parley/xep"
)

// question is an iq request and its answer: "" is an empty result, "!" and a
// type and a condition are an error, all else is the payload of a result.
type question struct{ who, typ, to, payload, want string }

func ask(w *imtest.World, list ...question) {
	w.T.Helper()
	for _, q := range list {
		to, answer := "", "type='result'>"+q.want
		if q.to != "" {
			to = " to='" + q.to + "'"
		}
		if e, ok := strings.CutPrefix(q.want, "!"); ok {
			typ, name, _ := strings.Cut(e, " ")
			answer = "type='error'>" + cond(typ, name)
		}
		w.Talk(fmt.Sprintf("%s -> <iq type='%s' id='1'%s>%s</iq>\n%s <- <iq id='1' from='*' to='*' %s</iq>",
			q.who, q.typ, to, q.payload, q.who, answer))
	}
}

// runSmall runs a test with juliet and her friend romeo, and iago, whom nobody
// knows.
func runSmall(t *testing.T, config string, test func(w *imtest.World)) {
	t.Helper()
	f := friends{"romeo@a.lit": {from: true}}
	imtest.Run(t, config, func(*router.Router) []router.Module {
		return []router.Module{
			new(presences), xep.NewDisco(f, nil), xep.Contact{}, xep.Ping{}, xep.Time{},
			xep.Version{Name: "Parley", Version: "1"}, xep.NewLast(f, time.Now().Add(-time.Minute)),
			new(xep.Private), new(xep.VCard),
		}
	}, func(w *imtest.World) {
		w.Login("juliet", "juliet@a.lit/balcony")
		w.Login("romeo", "romeo@a.lit/orchard")
		w.Login("iago", "iago@a.lit/x")
		test(w)
	})
}

const (
	info    = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
	items   = "<query xmlns='http://jabber.org/protocol/disco#items'/>"
	last    = "<query xmlns='jabber:iq:last'/>"
	vcard   = "<vCard xmlns='vcard-temp'/>"
	private = "<query xmlns='jabber:iq:private'><a xmlns='urn:a'/></query>"
)

// TestHidden holds that nobody learns from an answer whether an account exists:
// what hides from iago answers like what is not there.
func TestHidden(t *testing.T) {
	runSmall(t, "", func(w *imtest.World) {
		for _, who := range []string{"juliet@a.lit", "nobody@a.lit"} {
			ask(w,
				question{"iago", "get", who, info, "!cancel service-unavailable"},
				question{"iago", "get", who, items, items},
				question{"iago", "get", who, last, "!auth forbidden"},
				question{"iago", "get", who, vcard, "!cancel service-unavailable"},
				question{"iago", "set", who, vcard, "!auth forbidden"},
				question{"iago", "get", who, private, "!auth forbidden"},
				question{"iago", "set", who, private, "!auth forbidden"},
				question{"iago", "get", who, "<ping xmlns='urn:xmpp:ping'/>", "!cancel service-unavailable"},
			)
		}
		ask(w, question{"iago", "get", "juliet@a.lit/balcony", last, "!auth forbidden"})
	})
}

// What an account tells those who may see its presence.
func TestAccountInfo(t *testing.T) {
	const list = `<query xmlns='http://jabber.org/protocol/disco#info'>` +
		`<identity category='account' type='registered'/>` +
		`<feature var='http://jabber.org/protocol/disco#info'/>` +
		`<feature var='http://jabber.org/protocol/disco#items'/>` +
		`<feature var='jabber:iq:last'/><feature var='vcard-temp'/></query>`
	none := strings.Replace(info, "/>", " node='urn:none'/>", 1)
	runSmall(t, "", func(w *imtest.World) {
		ask(w,
			question{"juliet", "get", "", info, list},
			question{"romeo", "get", "juliet@a.lit", info, list},
			question{"romeo", "get", "juliet@a.lit", none, "!cancel item-not-found"},
			question{"romeo", "get", "juliet@a.lit", strings.Replace(none, "#info", "#items", 1),
				"!cancel item-not-found"},
			question{"romeo", "get", "juliet@a.lit", items, items},
		)
		w.Talk("juliet -> <presence/>")
		ask(w,
			question{"romeo", "get", "juliet@a.lit", items,
				strings.Replace(items, "/>", "><item jid='juliet@a.lit/balcony'/></query>", 1)},
			question{"iago", "get", "juliet@a.lit", items, items},
		)
	})
}

// The host lists what is below it, and what is below no domain.
func TestServices(t *testing.T) {
	runSmall(t, "", func(w *imtest.World) {
		w.Router.AddHost("b.lit", true)
		w.Router.AddHost("deep.a.lit", true)
		for _, domain := range []string{"chat.a.lit", "chat.b.lit", "chat.deep.a.lit", "sms.example"} {
			w.Router.AddHost(domain, false)
		}
		ask(w, question{"iago", "get", "a.lit", items, strings.Replace(items, "/>",
			"><item jid='chat.a.lit'/><item jid='sms.example'/></query>", 1)})
	})
}

func TestPrivateErrors(t *testing.T) {
	query := func(inside string) string { return "<query xmlns='jabber:iq:private'>" + inside + "</query>" }
	runSmall(t, "[messages]\nprivate_quota = 10000", func(w *imtest.World) {
		ask(w,
			question{"juliet", "get", "", query(""), "!modify bad-request"},
			question{"juliet", "get", "", query("<a/>"), "!modify not-acceptable"},
			question{"juliet", "get", "", query("<a xmlns='urn:a'/><b xmlns='urn:b'/>"), "!modify not-acceptable"},
			question{"juliet", "set", "", query(""), "!modify not-acceptable"},
			question{"juliet", "set", "", query("<a xmlns=''/>"), "!modify not-acceptable"},
			// What is asked with does not come back.
			question{"juliet", "get", "", query("<a xmlns='urn:a' x='y'><b/></a>"), query("<a xmlns='urn:a'/>")},
			question{"juliet", "set", "", query("<a xmlns='urn:a'>1</a><b xmlns='urn:a'>2</b>"), ""},
			question{"juliet", "get", "", query("<b xmlns='urn:a'/>"), query("<b xmlns='urn:a'>2</b>")},
			// All or nothing, also of what is too much.
			question{"juliet", "set", "", query("<a xmlns='urn:a'>3</a><b xmlns='urn:a'>" +
				strings.Repeat("x", 10000) + "</b>"), "!modify not-acceptable"},
			question{"juliet", "get", "", query("<a xmlns='urn:a'/>"), query("<a xmlns='urn:a'>1</a>")},
			question{"juliet", "set", "", "<vCard xmlns='vcard-temp'>" + strings.Repeat("x", 10000) + "</vCard>",
				"!modify not-acceptable"},
			question{"juliet", "get", "", vcard, "!cancel item-not-found"},
		)
	})
}

// When an account was last there.
func TestLast(t *testing.T) {
	at := func(seconds, status string) string {
		return "<query xmlns='jabber:iq:last' seconds='" + seconds + "'>" + status + "</query>"
	}
	runSmall(t, "", func(w *imtest.World) {
		a := w.Account("juliet@a.lit")
		ask(w,
			question{"iago", "get", "a.lit", last, at("60", "")},
			question{"romeo", "get", "juliet@a.lit", last, at("0", "")},
		)
		w.Logout("juliet")
		ask(w, question{"romeo", "get", "juliet@a.lit", last, "!cancel item-not-found"})
		err := w.Store.Update(context.Background(), func(tx *store.Tx) error {
			return tx.SetLastActivity(a.ID, time.Now().Add(-time.Hour), "bye")
		})
		if err != nil {
			t.Fatal(err)
		}
		ask(w, question{"romeo", "get", "juliet@a.lit", last, at("3600", "bye")})
	})
}

// The host's capabilities follow its configuration (XEP-0115 section 6.2,
// Discovering Capabilities).
func TestContactCaps(t *testing.T) {
	const config = "[contact]\nabuse = ['mailto:abuse@a.lit', 'xmpp:a@a.lit']\nsales = []"
	const form = `<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>` +
		`<value>http://jabber.org/network/serverinfo</value></field>` +
		`<field var='abuse-addresses' type='list-multi'><value>mailto:abuse@a.lit</value>` +
		`<value>xmpp:a@a.lit</value></field></x>`
	runSmall(t, config, func(w *imtest.World) {
		asked := func(node string) string { return strings.Replace(info, "/>", " node='"+node+"'/>", 1) }
		node := func() string {
			_, after, _ := strings.Cut(w.Host.StreamFeatures(), "ver='")
			ver, _, _ := strings.Cut(after, "'")
			if len(ver) != 28 {
				t.Errorf("the verification string is %q", ver)
			}
			return "urn:parley#" + ver
		}
		old := node()
		if got := answer(w, "iago", "get", "a.lit", asked(old)); !strings.Contains(got, form) {
			t.Errorf("%s has no %s", got, form)
		}
		next := *w.Router.Config()
		next.Contact = nil
		w.Router.SetConfig(&next)
		if now := node(); now == old {
			t.Error("the verification string does not change")
		} else if got := answer(w, "iago", "get", "a.lit", asked(now)); strings.Contains(got, "jabber:x:data") {
			t.Errorf("%s still has a form", got)
		}
		ask(w, question{"iago", "get", "a.lit", asked(old), "!cancel item-not-found"})
	})
}

// answer is the one stanza that comes back.
func answer(w *imtest.World, who, typ, to, payload string) string {
	w.T.Helper()
	if to != "" {
		to = " to='" + to + "'"
	}
	w.Send(who, "<iq type='"+typ+"' id='1'"+to+">"+payload+"</iq>")
	got := w.Received(who)
	if len(got) != 1 {
		w.T.Fatalf("%s got %d stanzas: %q", who, len(got), got)
	}
	return got[0]
}

// A writer leaves nothing behind for an account that is deleted before its
// write: nobody would ever delete it.
func TestDeletedMeanwhile(t *testing.T) {
	for _, payload := range []string{private, vcard} {
		runSmall(t, "", func(w *imtest.World) {
			a := w.Account("juliet@a.lit")
			err := w.Store.Update(context.Background(), func(tx *store.Tx) error {
				return tx.DeleteAccount(a.ID, time.Now())
			})
			if err != nil {
				t.Fatal(err)
			}
			ask(w, question{"juliet", "set", "", payload, "!cancel service-unavailable"})
			for _, key := range []string{"vcard", "{urn:a}a"} {
				if xml, err := w.Store.Private(context.Background(), a.ID, key); err == nil {
					t.Errorf("%s was kept", xml)
				}
			}
		})
	}
}
