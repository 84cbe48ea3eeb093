package stanza

import (
	"strings"
	"testing"

	mellium "mellium.im/xmpp/jid"
)

// Addresses and what they are prepared to (RFC 7622 section 3.5, Examples, and
// what is often got wrong).
func TestParseJID(t *testing.T) {
	long := strings.Repeat("a", 1023)
	longHost := strings.Repeat(strings.Repeat("a", 63)+".", 15) + strings.Repeat("a", 63)
	for in, want := range map[string]string{
		"juliet@example.com":                 "juliet@example.com",
		"juliet@example.com/foo":             "juliet@example.com/foo",
		"juliet@example.com/foo bar":         "juliet@example.com/foo bar",
		"juliet@example.com/foo@bar":         "juliet@example.com/foo@bar",
		"juliet@example.com/foo@bar/baz":     "juliet@example.com/foo@bar/baz",
		"foo\\20bar@example.com":             "foo\\20bar@example.com",
		"fussball@example.com":               "fussball@example.com",
		"fu\u00DFball@example.com":           "fu\u00DFball@example.com",
		"\u03C0@example.com":                 "\u03C0@example.com",
		"\u03A3@example.com/foo":             "\u03C3@example.com/foo",
		"\u03C3@example.com/foo":             "\u03C3@example.com/foo",
		"king@example.com/\u265A":            "king@example.com/\u265A",
		"example.com":                        "example.com",
		"example.com/foobar":                 "example.com/foobar",
		"a.example.com/b@example.net":        "a.example.com/b@example.net",
		"JULIET@Example.COM/Balcony":         "juliet@example.com/Balcony",
		"example.com.":                       "example.com",
		"juliet@example.com./x":              "juliet@example.com/x",
		"juliet@EXAMPLE.com.":                "juliet@example.com",
		"a_b@under_score.example":            "a_b@under_score.example",
		"a@B_c.example":                      "a@b_c.example",
		"192.0.2.1":                          "192.0.2.1",
		"a@192.0.2.1/x":                      "a@192.0.2.1/x",
		"[2001:DB8::1]":                      "[2001:db8::1]",
		"a@[2001:db8:0:0::1]/x":              "a@[2001:db8::1]/x",
		"a@xn--bcher-kva.example":            "a@b\u00FCcher.example",
		"a@B\u00DCCHER.example":              "a@b\u00FCcher.example",
		"a@b\u0075\u0308cher.example":        "a@b\u00FCcher.example",
		"a@example\u3002com":                 "a@example.com",
		"a@\u05D0.example":                   "a@\u05D0.example",
		"a@example.com/\u00A0x":              "a@example.com/ x",
		"\uFF21@example.com":                 "a@example.com",
		"u\u0308@example.com":                "\u00FC@example.com",
		"a@example.com/u\u0308":              "a@example.com/\u00FC",
		"a@example.com/\u2163":               "a@example.com/\u2163",
		"a@localhost":                        "a@localhost",
		"a@1.2.3":                            "a@1.2.3",
		"a!#$%()*+,-.;=?[\\]^_`{|}~@b":       "a!#$%()*+,-.;=?[\\]^_`{|}~@b",
		long + "@example.com":                long + "@example.com",
		"a@example.com/" + long:              "a@example.com/" + long,
		longHost:                             longHost,
		"a@example.com/\U0001F600":           "a@example.com/\U0001F600",
		"a@b/ x":                             "a@b/ x",
		"\u0430@\u043F\u0440.\u0440\u0444":   "\u0430@\u043F\u0440.\u0440\u0444",
		"\u0410@\u041F\u0420.\u0420\u0424/A": "\u0430@\u043F\u0440.\u0440\u0444/A",
	} {
		j, err := ParseJID(in)
		if err != nil || j.String() != want {
			t.Errorf("%.60q is %.60q, want %.60q (%v)", in, j, want, err)
			continue
		}
		if again, err := ParseJID(j.String()); again != j {
			t.Errorf("%.60q is not stable: %v, %v", in, again, err)
		}
	}
}

// What is no address (RFC 7622 sections 3.2 to 3.5).
func TestParseJIDRefuses(t *testing.T) {
	for _, in := range []string{
		"", "@", "/", "@/", "a@", "@b", "a@/x", "/x", "b/", "a@b/", "@b/x",
		"\"juliet\"@example.com", "foo bar@example.com", "henry\u2163@example.com", "\u265A@example.com",
		"juliet@", "/foobar", "a&b@c", "a'b@c", "a:b@c", "a<b@c", "a>b@c", "a@b@c",
		"a b", "a@b c", "a@b..c", "a@.b", "a@b..", ".", "a@.", "..", "a@-b.example", "a@b-.example",
		"a@" + strings.Repeat("x", 64) + ".example", "a@ex!ample", "a@b:5222", "a@exa%mple", "a@[::1", "a@::1",
		"a@[1.2.3.4]", "a@[::1]x", "a@[::1%eth0]", "a@[]",
		"a@[fe80::1%25x]", "a@xn--", "a@xn--a", "a@\u2260.example", "a@xn--1ch.example",
		"a@xn--bcher-kva\u00FC", "a@a\u05D0.example", "a@\u0300a",
		strings.Repeat("a", 1024) + "@b", "a@b/" + strings.Repeat("a", 1024),
		strings.Repeat(strings.Repeat("a", 63)+".", 16) + "b",
		strings.Repeat("\u00E4", 512) + "@b", "a@b/\x00", "a@b/\u007F", "a\x01@b", "a@b/\n", "a@b/\tx",
		"\xff@b", "a@\xff", "a@b/\xff", "a@b/\xed\xa0\x80", "a@b\x00", "a\u200Db@c", "\u05D0a@b", "\u3000@b",
		"a@b/\uFFFE", "a@b/\U000E0001",
	} {
		if j, err := ParseJID(in); err == nil || !j.IsZero() {
			t.Errorf("%.60q is %q, should be refused", in, j)
		}
	}
}

func TestJIDParts(t *testing.T) {
	for _, c := range []struct{ in, local, domain, resource string }{
		{"a@b/c", "a", "b", "c"}, {"a@b", "a", "b", ""}, {"b", "", "b", ""}, {"b/c", "", "b", "c"},
		{"b/c@d/e", "", "b", "c@d/e"}, {"A@[::1]/x", "a", "[::1]", "x"},
	} {
		j := MustJID(c.in)
		if j.Local() != c.local || j.Domain() != c.domain || j.Resource() != c.resource {
			t.Errorf("%s: %q %q %q", c.in, j.Local(), j.Domain(), j.Resource())
		}
		bare, host := MustJID(strings.TrimSuffix(j.String(), "/"+c.resource)), MustJID(c.domain)
		if c.resource == "" {
			bare = j
		}
		if j.Bare() != bare || j.Host() != host || j.Bare().Bare() != bare {
			t.Errorf("%s: bare %s, host %s", c.in, j.Bare(), j.Host())
		}
		isHost := c.local == "" && c.resource == ""
		if j.IsFull() != (c.resource != "") || j.IsHost() != isHost || j.IsZero() {
			t.Errorf("%s: full %v, host %v", c.in, j.IsFull(), j.IsHost())
		}
		made, err := NewJID(c.local, c.domain, c.resource)
		if err != nil || made != j || made.Clone() != j {
			t.Errorf("%s: made %s, %v", c.in, made, err)
		}
		other, err := j.WithResource("Other")
		if err != nil || other != MustJID(bare.String()+"/Other") {
			t.Errorf("%s: %s, %v", c.in, other, err)
		}
	}
	var zero JID
	if !zero.IsZero() || zero.IsFull() || zero.IsHost() || zero.Local()+zero.Domain()+zero.Resource() != "" ||
		zero.Bare() != zero || zero.Host() != zero {
		t.Error("the zero address has parts")
	}
	if _, err := zero.WithResource("x"); err == nil {
		t.Error("a resource alone is an address")
	}
	if _, err := NewJID("a/b", "c", ""); err == nil {
		t.Error("a localpart with a slash")
	}
	if _, err := NewJID("a", "b/c", ""); err == nil {
		t.Error("a domainpart with a slash")
	}
	if _, err := MustJID("a@b").WithResource("\x00"); err == nil {
		t.Error("a resource with a null")
	}
}

// likeMellium says whether an independent implementation agrees, and what it
// says. It is right except where the table in TestMelliumOddities says why not.
func likeMellium(in string) (string, error) {
	j, err := mellium.Parse(in)
	return j.String(), err
}

// Where this package and mellium.im/xmpp/jid differ on purpose.
func TestMelliumOddities(t *testing.T) {
	for _, c := range []struct {
		in          string
		ours, other bool // accepted
		why         string
	}{
		{"a@b..c", false, true, "a label is not empty (RFC 1034 section 3.1)"},
		{"a@" + strings.Repeat("x", 64), false, true, "a label has at most 63 bytes"},
		{"a@under_score.example", true, false, "there are such hosts"},
	} {
		_, err := ParseJID(c.in)
		_, other := likeMellium(c.in)
		if (err == nil) != c.ours || (other == nil) != c.other {
			t.Errorf("%.60q: ours %v, other %v; %s", c.in, err, other, c.why)
		}
	}
}
