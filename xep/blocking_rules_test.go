package xep

import (
	"context"
	"strconv"
	"testing"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// oneContact knows romeo@a.lit, subscribed "from", in the group Lovers.
type oneContact struct{}

func (oneContact) Subscribed(_ context.Context, _ *router.Account, j stanza.JID) (to, from bool, err error) {
	return false, j.String() == "romeo@a.lit", nil
}

func (oneContact) Groups(_ context.Context, _ *router.Account, j stanza.JID) ([]string, error) {
	if j.String() == "romeo@a.lit" {
		return []string{"Friends", "Lovers"}, nil
	}
	return nil, nil
}

func (oneContact) HasGroup(context.Context, *router.Account, string) (bool, error) { return true, nil }

func (oneContact) Subscriptions(context.Context, *router.Account) ([]Subscription, error) {
	return nil, nil
}

func deny(typ, value string, kinds store.Kinds) store.Rule {
	return store.Rule{Type: typ, Value: value, Kinds: kinds}
}

func allow(typ, value string, kinds store.Kinds) store.Rule {
	return store.Rule{Type: typ, Value: value, Kinds: kinds, Allow: true}
}

// JID matching, kinds and order (XEP-0016 sections 2.1, Syntax and Semantics,
// and 2.2, Business Rules; XEP-0191 section 6, JID Matching).
func TestRules(t *testing.T) {
	const msg, iq, in, out, none = store.KindMessage, store.KindIQ, store.KindPresenceIn,
		store.KindPresenceOut, store.Kinds(0)
	tests := []struct {
		name  string
		rules []store.Rule
		jid   string
		kind  store.Kinds
		deny  bool
	}{
		{"no rules", nil, "romeo@a.lit/x", msg, false},
		{"user", []store.Rule{deny("jid", "romeo@a.lit", 0)}, "romeo@a.lit", msg, true},
		{"user, any resource", []store.Rule{deny("jid", "romeo@a.lit", 0)}, "romeo@a.lit/x", msg, true},
		{"another user", []store.Rule{deny("jid", "romeo@a.lit", 0)}, "romea@a.lit/x", msg, false},
		{"user at another domain", []store.Rule{deny("jid", "romeo@a.lit", 0)}, "romeo@b.lit", msg, false},
		{"resource", []store.Rule{deny("jid", "romeo@a.lit/x", 0)}, "romeo@a.lit/x", msg, true},
		{"another resource", []store.Rule{deny("jid", "romeo@a.lit/x", 0)}, "romeo@a.lit/y", msg, false},
		{"resource, bare", []store.Rule{deny("jid", "romeo@a.lit/x", 0)}, "romeo@a.lit", msg, false},
		{"domain", []store.Rule{deny("jid", "a.lit", 0)}, "a.lit", msg, true},
		{"domain, user", []store.Rule{deny("jid", "a.lit", 0)}, "romeo@a.lit/x", msg, true},
		{"domain, resource", []store.Rule{deny("jid", "a.lit", 0)}, "a.lit/x", msg, true},
		{"domain, subdomain", []store.Rule{deny("jid", "a.lit", 0)}, "sub.a.lit", msg, false},
		{"domain resource", []store.Rule{deny("jid", "a.lit/x", 0)}, "a.lit/x", msg, true},
		{"domain resource, domain", []store.Rule{deny("jid", "a.lit/x", 0)}, "a.lit", msg, false},
		{"domain resource, user's", []store.Rule{deny("jid", "a.lit/x", 0)}, "romeo@a.lit/x", msg, false},

		{"group", []store.Rule{deny("group", "Lovers", 0)}, "romeo@a.lit/x", iq, true},
		{"another group", []store.Rule{deny("group", "Enemies", 0)}, "romeo@a.lit/x", iq, false},
		{"from", []store.Rule{deny("subscription", "from", 0)}, "romeo@a.lit/x", iq, true},
		{"both is not from", []store.Rule{deny("subscription", "both", 0)}, "romeo@a.lit/x", iq, false},
		{"none", []store.Rule{deny("subscription", "none", 0)}, "iago@b.lit/x", iq, true},
		{"fall-through", []store.Rule{deny("", "", 0)}, "iago@b.lit/x", none, true},

		{"first rule counts", []store.Rule{allow("jid", "romeo@a.lit", 0), deny("", "", 0)},
			"romeo@a.lit/x", msg, false},
		{"first rule counts, deny", []store.Rule{deny("jid", "a.lit", 0), allow("jid", "romeo@a.lit", 0)},
			"romeo@a.lit/x", msg, true},
		{"the others fall through", []store.Rule{allow("jid", "romeo@a.lit", 0), deny("", "", 0)},
			"iago@a.lit/x", msg, true},

		{"message", []store.Rule{deny("", "", msg)}, "romeo@a.lit", msg, true},
		{"message, iq", []store.Rule{deny("", "", msg)}, "romeo@a.lit", iq, false},
		{"message, outbound", []store.Rule{deny("", "", msg)}, "romeo@a.lit", none, false},
		{"presence in and iq", []store.Rule{deny("", "", in|iq)}, "romeo@a.lit", in, true},
		{"presence in, out", []store.Rule{deny("", "", in)}, "romeo@a.lit", out, false},
		{"presence out", []store.Rule{deny("", "", out)}, "romeo@a.lit", out, true},
		{"every kind by name is not all", []store.Rule{deny("", "", msg|iq|in|out)}, "romeo@a.lit", none, false},
		{"kinds, then the rest", []store.Rule{allow("jid", "romeo@a.lit", msg), deny("jid", "a.lit", 0)},
			"romeo@a.lit", iq, true},
	}
	for _, test := range tests {
		q := query{t.Context(), oneContact{}, nil, stanza.MustJID(test.jid), test.kind}
		denied, err := compile(test.rules).denies(&q)
		if denied != test.deny || err != nil {
			t.Errorf("%s: denied %v, want %v: %v", test.name, denied, test.deny, err)
		}
	}
}

// What a stanza is in the eyes of a rule.
func TestKinds(t *testing.T) {
	tests := []struct {
		stanza  string
		in, out store.Kinds
	}{
		{"<message/>", store.KindMessage, 0},
		{"<iq type='get' id='1'/>", store.KindIQ, 0},
		{"<presence/>", store.KindPresenceIn, store.KindPresenceOut},
		{"<presence type='unavailable'/>", store.KindPresenceIn, store.KindPresenceOut},
		{"<presence type='subscribe'/>", 0, 0},
		{"<presence type='unsubscribed'/>", 0, 0},
		{"<presence type='probe'/>", store.KindPresenceOut, 0},
	}
	for _, test := range tests {
		st := stanza.MustParse(test.stanza)
		if in, out := kindIn(st), kindOut(st); in != test.in || out != test.out {
			t.Errorf("%s: %v %v", test.stanza, in, out)
		}
	}
}

// A long blocklist costs those who are not on it nothing.
func TestRulesAllocate(t *testing.T) {
	var rules []store.Rule
	for i := range 1000 {
		rules = append(rules, deny("jid", "spam"+strconv.Itoa(i)+"@b.lit", 0))
	}
	for _, l := range []*ruleList{compile(rules), compile(append(rules, deny("subscription", "both", 0)))} {
		for _, j := range []stanza.JID{stanza.MustJID("romeo@a.lit/x"), stanza.MustJID("spam999@b.lit/y")} {
			n := testing.AllocsPerRun(100, func() {
				q := query{context.Background(), oneContact{}, nil, j, store.KindMessage}
				if _, err := l.denies(&q); err != nil {
					t.Fatal(err)
				}
			})
			if n != 0 {
				t.Errorf("%v allocations for %s", n, j)
			}
		}
	}
}
