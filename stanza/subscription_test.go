package stanza

import "testing"

// TestSubscription: RFC 6121 section 2.1.2.5, Subscription Attribute.
func TestSubscription(t *testing.T) {
	tests := []struct {
		to, from bool
		want     string
	}{{false, false, "none"}, {true, false, "to"}, {false, true, "from"}, {true, true, "both"}}
	for _, test := range tests {
		if got := Subscription(test.to, test.from); got != test.want || !IsSubscription(got) {
			t.Errorf("to %t, from %t: %q", test.to, test.from, got)
		}
	}
	for _, name := range []string{"", "remove", "Both"} {
		if IsSubscription(name) {
			t.Errorf("%q names a state", name)
		}
	}
}
