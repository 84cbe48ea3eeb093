package s2s

import (
	"strings"
	"testing"
)

// TestDialbackKey: the examples of XEP-0185 section 3, Example, and of XEP-0220
// section 2, Protocol.
func TestDialbackKey(t *testing.T) {
	for _, c := range []struct{ secret, receiving, originating, id, want string }{
		{"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F",
			"37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643"},
		{"s3cr3tf0rd14lb4ck", "montague.example", "capulet.example", "D60000229F",
			"b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3"},
		{"d14lb4ck43v3r", "capulet.example", "montague.example", "417GAF25",
			"225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d"},
	} {
		if got := dialbackKey([]byte(c.secret), c.receiving, c.originating, c.id); got != c.want {
			t.Errorf("key for %s from %s in %s is %s, want %s",
				c.receiving, c.originating, c.id, got, c.want)
		}
	}
}

// TestKeyValid: a key holds for its stream, its domain pair and its secret only.
func TestKeyValid(t *testing.T) {
	secret := []byte("d14lb4ck43v3r")
	good := dialback{name: dbVerify, from: "capulet.example", to: "montague.example", id: "417GAF25",
		text: dialbackKey(secret, "capulet.example", "montague.example", "417GAF25")}
	if !keyValid(secret, good) {
		t.Fatal("our own key is not valid")
	}
	for name, change := range map[string]func(*dialback){
		"other stream":          func(d *dialback) { d.id = "417GAF26" },
		"other receiver":        func(d *dialback) { d.from = "evil.example" },
		"other domain of ours":  func(d *dialback) { d.to = "rooms.montague.example" },
		"domains swapped":       func(d *dialback) { d.from, d.to = d.to, d.from },
		"no key":                func(d *dialback) { d.text = "" },
		"shorter key":           func(d *dialback) { d.text = d.text[1:] },
		"other spelling of key": func(d *dialback) { d.text = strings.ToUpper(d.text) },
	} {
		bad := good
		change(&bad)
		if keyValid(secret, bad) {
			t.Errorf("%s: valid", name)
		}
	}
	if keyValid([]byte("other"), good) {
		t.Error("valid with another secret")
	}
}
