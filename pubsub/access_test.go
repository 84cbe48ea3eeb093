package pubsub

import (
	"errors"
	"strings"
	"testing"

	"parley/stanza"
)

// what is an error's condition and the condition of its own, or "yes".
func what(err error) string {
	var e *stanza.Error
	if !errors.As(err, &e) {
		return "yes"
	}
	switch e {
	case errPresence:
		return "presence"
	case errGroup:
		return "group"
	case errClosed:
		return "closed"
	case errUnread:
		return "unsubscribed"
	case errPending:
		return "pending"
	}
	return e.Condition
}

// people are all that somebody can be to a node.
var people = []struct {
	name string
	standing
}{
	{"owner", standing{affiliation: owner}},
	{"publisher", standing{affiliation: publisher}},
	{"publish-only", standing{affiliation: publishOnly, from: true, groups: []string{"Friends"}}},
	{"member", standing{affiliation: member}},
	{"outcast", standing{affiliation: outcast, from: true, groups: []string{"Friends"}, state: subscribed}},
	{"stranger", standing{}},
	{"subscriber", standing{state: subscribed}},
	{"pending", standing{state: pending}},
	{"contact", standing{from: true, groups: []string{"Family"}}},
	{"friend", standing{from: true, groups: []string{"Family", "Friends"}}},
	{"in group only", standing{groups: []string{"Friends"}}},
}

// TestAccess goes through access models and people: who may read (XEP-0060
// sections 4.1, 4.5 and 6.5.9) and what subscribing leads to (section 6.1).
func TestAccess(t *testing.T) {
	// In the order of people; a subscription's state where it differs.
	read := map[string]string{
		accessOpen: "yes yes forbidden yes forbidden " +
			"yes yes yes yes yes yes",
		accessPresence: "yes yes forbidden yes forbidden " +
			"presence presence presence yes yes presence",
		accessRoster: "yes yes forbidden yes forbidden " +
			"group group group group yes group",
		accessAuthorize: "yes yes forbidden yes forbidden " +
			"unsubscribed yes unsubscribed unsubscribed unsubscribed unsubscribed",
		accessWhitelist: "yes yes forbidden yes forbidden " +
			"closed closed closed closed closed closed",
	}
	for model, list := range read {
		want := strings.Fields(list)
		c := Config{Access: model, Groups: []string{"Friends"}, Subscribe: true}
		for i, who := range people {
			if got := what(who.access(&c)); got != want[i] {
				t.Errorf("%s reads %s: %s, not %s", who.name, model, got, want[i])
			}
			state, err := who.subscribe(&c)
			got, expect := what(err), want[i]
			switch {
			case who.state == pending:
				expect = "pending"
			case who.state == subscribed && !who.is(outcast):
				expect = "yes"
			case model == accessAuthorize && expect == "unsubscribed":
				expect = "yes"
				if state != pending {
					t.Errorf("%s subscribes to %s: %s", who.name, model, state)
				}
			}
			if got != expect {
				t.Errorf("%s subscribes to %s: %s, not %s", who.name, model, got, expect)
			}
		}
	}
}

func TestMayPublish(t *testing.T) {
	want := map[string]string{ // one letter for each of people
		"publishers":  "yyynnnnnnnn",
		"subscribers": "yyynnnynnnn",
		"open":        "yyyynyyyyyy",
	}
	for model, letters := range want {
		for i, who := range people {
			c := Config{Publish: model}
			if got := who.publish(&c) == nil; got != (letters[i] == 'y') {
				t.Errorf("%s publishes at %s: %v", who.name, model, got)
			}
		}
	}
}

// TestMayRetract: owners delete any item, publishers their own (XEP-0060
// section 4.1, note on table 1).
func TestMayRetract(t *testing.T) {
	me, you := stanza.MustJID("me@a.lit"), stanza.MustJID("you@a.lit")
	c := Config{Publish: "publishers"}
	for i, who := range people {
		mine := who.retract(&c, me, stanza.MustJID("me@a.lit/x")) == nil
		yours := who.retract(&c, me, you) == nil
		if mine != (i < 3) || yours != (i < 1) {
			t.Errorf("%s: own %v, others' %v", who.name, mine, yours)
		}
	}
}
