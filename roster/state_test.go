package roster

import (
	"strings"
	"testing"

	"parley/store"
)

var stateNames = map[string]state{
	"None": none, "None + Pending Out": noneOut, "None + Pending In": noneIn,
	"None + Pending Out+In": noneOutIn, "To": to, "To + Pending In": toIn,
	"From": from, "From + Pending Out": fromOut, "Both": both,
}

const same = "no state change"

// tables are those of RFC 6121 appendix A: the existing state, whether the
// stanza is routed (outbound) or delivered (inbound), the new state.
var tables = []struct {
	section, typ string
	in           bool
	rows         string
}{
	{"A.2.1", "subscribe", false, `
		None                  | MUST     | None + Pending Out
		None + Pending Out    | MUST     | no state change
		None + Pending In     | MUST     | None + Pending Out+In
		None + Pending Out+In | MUST     | no state change
		To                    | MUST     | no state change
		To + Pending In       | MUST     | no state change
		From                  | MUST     | From + Pending Out
		From + Pending Out    | MUST     | no state change
		Both                  | MUST     | no state change`},
	{"A.2.2", "unsubscribe", false, `
		None                  | MUST     | no state change
		None + Pending Out    | MUST     | None
		None + Pending In     | MUST     | no state change
		None + Pending Out+In | MUST     | None + Pending In
		To                    | MUST     | None
		To + Pending In       | MUST     | None + Pending In
		From                  | MUST     | no state change
		From + Pending Out    | MUST     | From
		Both                  | MUST     | From`},
	{"A.2.3", "subscribed", false, `
		None                  | MUST NOT | no state change
		None + Pending Out    | MUST NOT | no state change
		None + Pending In     | MUST     | From
		None + Pending Out+In | MUST     | From + Pending Out
		To                    | MUST NOT | no state change
		To + Pending In       | MUST     | Both
		From                  | MUST NOT | no state change
		From + Pending Out    | MUST NOT | no state change
		Both                  | MUST NOT | no state change`},
	{"A.2.4", "unsubscribed", false, `
		None                  | MUST NOT | no state change
		None + Pending Out    | MUST NOT | no state change
		None + Pending In     | MUST     | None
		None + Pending Out+In | MUST     | None + Pending Out
		To                    | MUST NOT | no state change
		To + Pending In       | MUST     | To
		From                  | MUST     | None
		From + Pending Out    | MUST     | None + Pending Out
		Both                  | MUST     | To`},
	{"A.3.1", "subscribe", true, `
		None                  | MUST     | None + Pending In
		None + Pending Out    | MUST     | None + Pending Out+In
		None + Pending In     | MUST NOT | no state change
		None + Pending Out+In | MUST NOT | no state change
		To                    | MUST     | To + Pending In
		To + Pending In       | MUST NOT | no state change
		From                  | MUST NOT | no state change
		From + Pending Out    | MUST NOT | no state change
		Both                  | MUST NOT | no state change`},
	{"A.3.2", "unsubscribe", true, `
		None                  | MUST NOT | no state change
		None + Pending Out    | MUST NOT | no state change
		None + Pending In     | MUST     | None
		None + Pending Out+In | MUST     | None + Pending Out
		To                    | MUST NOT | no state change
		To + Pending In       | MUST     | To
		From                  | MUST     | None
		From + Pending Out    | MUST     | None + Pending Out
		Both                  | MUST     | To`},
	{"A.3.3", "subscribed", true, `
		None                  | MUST NOT | no state change
		None + Pending Out    | MUST     | To
		None + Pending In     | MUST NOT | no state change
		None + Pending Out+In | MUST     | To + Pending In
		To                    | MUST NOT | no state change
		To + Pending In       | MUST NOT | no state change
		From                  | MUST NOT | no state change
		From + Pending Out    | MUST     | Both
		Both                  | MUST NOT | no state change`},
	{"A.3.4", "unsubscribed", true, `
		None                  | MUST NOT | no state change
		None + Pending Out    | MUST     | None
		None + Pending In     | MUST NOT | no state change
		None + Pending Out+In | MUST     | None + Pending In
		To                    | MUST     | None
		To + Pending In       | MUST     | None + Pending In
		From                  | MUST NOT | no state change
		From + Pending Out    | MUST     | From
		Both                  | MUST     | From`},
}

// itemIn is an item in a state, listed where the state shows in a roster.
func itemIn(s state) store.RosterItem {
	i := store.RosterItem{JID: "bob@b.lit", Listed: s != none && s != noneIn}
	setState(&i, s, "<presence/>")
	return i
}

func TestAppendixA(t *testing.T) {
	rows := 0
	for _, tab := range tables {
		for line := range strings.Lines(strings.TrimSpace(tab.rows)) {
			f := strings.Split(line, "|")
			name := strings.TrimSpace(f[0])
			old, ok := stateNames[name]
			if !ok {
				t.Fatalf("no state %q", name)
			}
			want := old
			if n := strings.TrimSpace(f[2]); n != same {
				want = stateNames[n]
			}
			e := sent(tab.typ, itemIn(old))
			if tab.in {
				e = received(tab.typ, itemIn(old), "<presence/>")
			}
			if pass := strings.TrimSpace(f[1]) == "MUST"; e.pass != pass {
				t.Errorf("%s %s in %s: passes %v", tab.section, tab.typ, name, e.pass)
			}
			if got := stateOf(&e.item); got != want {
				t.Errorf("%s %s in %s: state %d, want %d", tab.section, tab.typ, name, got, want)
			}
			rows++
		}
	}
	if rows != 4*2*int(states) {
		t.Errorf("%d rows", rows)
	}
}

func TestStatesRoundTrip(t *testing.T) {
	for name, s := range stateNames {
		i := itemIn(s)
		if got := stateOf(&i); got != s {
			t.Errorf("%s: %d", name, got)
		}
	}
}

// TestAnswers holds what the server answers on the user's behalf (RFC 6121
// sections 3.1.3 and 3.4.2, appendix A.3.1 and A.3.2).
func TestAnswers(t *testing.T) {
	for name, s := range stateNames {
		hasFrom := s == from || s == fromOut || s == both
		asked := s == noneIn || s == noneOutIn || s == toIn
		want := map[string]string{subscribe: "", unsubscribe: "", subscribed: "", unsubscribed: ""}
		if hasFrom {
			want[subscribe] = subscribed
		}
		if hasFrom || asked {
			want[unsubscribe] = unsubscribed
		}
		for typ, answer := range want {
			if e := received(typ, itemIn(s), "<presence/>"); e.answer != answer {
				t.Errorf("%s in %s answered %q, want %q", typ, name, e.answer, answer)
			}
		}
	}
}

// TestPreApproval holds RFC 6121 section 3.4.2.
func TestPreApproval(t *testing.T) {
	for name, s := range stateNames {
		i := itemIn(s)
		e := sent(subscribed, i)
		note := s == none || s == noneOut || s == to
		if e.item.Approved != note {
			t.Errorf("%s: approved %v", name, e.item.Approved)
		}
		if !e.item.Listed && (note || e.item.From) {
			t.Errorf("%s: not listed", name)
		}
		if !note {
			continue
		}
		r := received(subscribe, e.item, "<presence/>")
		if r.pass || r.answer != subscribed || !r.item.From || r.item.Pending != "" ||
			r.item.Approved || r.item.To != i.To || r.item.Ask != i.Ask {
			t.Errorf("%s: request gives %+v", name, r)
		}
		if c := sent(unsubscribed, e.item); c.item.Approved || c.pass || !c.visible() {
			t.Errorf("%s: cancellation gives %+v", name, c)
		}
	}
}

// TestListing holds what enters the roster that clients see: nobody does by
// asking (RFC 6121 section 3.1.3).
func TestListing(t *testing.T) {
	empty := store.RosterItem{JID: "bob@b.lit"}
	for _, c := range []struct {
		effect         effect
		listed, change bool
	}{
		{sent(subscribe, empty), true, true},
		{sent(subscribed, empty), true, true},
		{sent(unsubscribe, empty), false, false},
		{sent(unsubscribed, empty), false, false},
		{received(subscribe, empty, "<presence/>"), false, true},
		{received(subscribed, empty, ""), false, false},
		{received(unsubscribe, empty, ""), false, false},
		{received(unsubscribed, empty, ""), false, false},
		{sent(subscribed, itemIn(noneIn)), true, true},
		{sent(unsubscribed, itemIn(noneIn)), false, true},
	} {
		if c.effect.item.Listed != c.listed || c.effect.changed() != c.change {
			t.Errorf("listed %v, changed %v: %+v", c.effect.item.Listed, c.effect.changed(), c.effect)
		}
	}
}

// TestRequestKept: the first of several requests is kept, with all it contains.
func TestRequestKept(t *testing.T) {
	e := received(subscribe, store.RosterItem{}, "first")
	e = received(subscribe, e.item, "second")
	if e.item.Pending != "first" || e.changed() {
		t.Errorf("%+v", e)
	}
}
