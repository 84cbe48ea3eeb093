package pubsub_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/imtest"
)

const limits = `
[pubsub]
nodes = 2
items = 5
bytes = 10000
item = 10000
subscriptions = 2
`

// try sends a request to a place and compares the condition of the error that
// comes, "" for none.
func try(w *imtest.World, who, to, inner, want string) {
	w.T.Helper()
	if to != "" {
		to = " to='" + to + "'"
	}
	w.Send(who, "<iq type='set' id='i'"+to+"><pubsub xmlns='http://jabber.org/protocol/pubsub'>"+
		inner+"</pubsub></iq>")
	all := strings.Join(w.Received(who), "\n")
	if ok := strings.Contains(all, "type='result'"); ok != (want == "") || !strings.Contains(all, want) {
		w.T.Errorf("%s: %q expected, this came:\n%s", inner, want, all)
	}
}

func items(node string, ids ...string) string {
	text := "<publish node='" + node + "'>"
	for _, id := range ids {
		text += "<item id='" + id + "'><a xmlns='urn:a'/></item>"
	}
	return text + "</publish>"
}

const max = `<publish-options><x xmlns='jabber:x:data' type='submit'>
	<field var='pubsub#max_items'><value>max</value></field></x></publish-options>`

// TestLimits: what one user may have, on the account and at the service, each
// for itself.
func TestLimits(t *testing.T) {
	imtest.Run(t, limits, modules, func(w *imtest.World) {
		w.Login("alice", "alice@a.lit/home")
		for _, to := range []string{"", "pubsub.a.lit"} {
			try(w, "alice", to, items("a", "1", "2", "3")+max, "")
			try(w, "alice", to, items("b", "1", "2", "3")+max, "resource-constraint")
			try(w, "alice", to, items("b", "1", "2")+max, "")
			try(w, "alice", to, items("b", "1"), "") // the same again is not more
			try(w, "alice", to, items("c", "1"), "max-nodes-exceeded")
			try(w, "alice", to, "<create node='c'/>", "max-nodes-exceeded")
			try(w, "alice", to, "<publish node='b'><item id='1'><a xmlns='urn:a'>"+
				strings.Repeat("x", 9990)+"</a></item></publish>", "payload-too-big")
			try(w, "alice", to, "<publish node='b'><item id='1'><a xmlns='urn:a'>"+
				strings.Repeat("x", 9970)+"</a></item></publish>", "resource-constraint")
			try(w, "alice", to, "<retract node='a'><item id='1'/></retract>", "")
			try(w, "alice", to, items("b", "3"), "")
			try(w, "alice", to, "<create node='"+strings.Repeat("n", 1024)+"'/>", "not-acceptable")
			try(w, "alice", to, items("b", strings.Repeat("n", 1024)), "not-acceptable")
		}
	})
}

// TestBatchLimit: one request is about so many items, and no more.
func TestBatchLimit(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Login("alice", "alice@a.lit/home")
		var ids []string
		for n := range 501 {
			ids = append(ids, fmt.Sprint(n))
		}
		retract := func(ids []string) string {
			return "<retract node='a'><item id='" + strings.Join(ids, "'/><item id='") + "'/></retract>"
		}
		try(w, "alice", "", items("a", ids...)+max, "max-items-exceeded")
		try(w, "alice", "", items("a", ids[:500]...)+max, "")
		try(w, "alice", "", retract(ids), "max-items-exceeded")
		try(w, "alice", "", retract(ids[:500]), "")
	})
}

func TestSubscriptionLimit(t *testing.T) {
	imtest.Run(t, limits, modules, func(w *imtest.World) {
		w.Login("alice", "alice@a.lit/home")
		w.Login("bob", "bob@a.lit/home")
		try(w, "alice", "pubsub.a.lit", "<create node='a'/>", "")
		for i, want := range []string{"", "", "too-many-subscriptions"} {
			try(w, "bob", "pubsub.a.lit",
				fmt.Sprintf("<subscribe node='a' jid='bob@a.lit/%d'/>", i), want)
		}
		// The one that is there is no new one.
		try(w, "bob", "pubsub.a.lit", "<subscribe node='a' jid='bob@a.lit/1'/>", "")
	})
}
