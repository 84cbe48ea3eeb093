package stanza

import (
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzJID: an address is prepared to itself, the plain path is what
// preparation would do, and mellium.im/xmpp/jid agrees where it should.
func FuzzJID(f *testing.F) {
	for _, s := range []string{
		"juliet@example.com/balcony", "A@B/C", "a@[2001:DB8::1]", "a@1.2.3.4", "fu\u00DFball@example.com.",
		"\u03A3\u03C2@xn--bcher-kva.example/\u2163", "a_b@c_d", "a@b..c", "\u05D0@\u05D0.example/\u05D0",
		"a@\uFF21\u3002b/\u00A0", "\u0430@\u043F\u0440\u0438\u043C\u0435\u0440.\u0440\u0444", "a@b/\u1100\u1161",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		j, err := ParseJID(in)
		if plain, ok := canonical(in); ok {
			if slow, err := prepare(in); err != nil || slow != plain || plain != j {
				t.Fatalf("%q is plain, but prepared to %q (%v)", in, slow, err)
			}
		}
		compareMellium(t, in, j, err)
		if err != nil {
			if !j.IsZero() {
				t.Fatalf("%q: %v, yet %q", in, err, j)
			}
			return
		}
		checkJID(t, in, j)
	})
}

// checkJID checks what holds for every address.
func checkJID(t *testing.T, in string, j JID) {
	t.Helper()
	if again, err := ParseJID(j.String()); again != j {
		t.Fatalf("%q becomes %q, then %q (%v)", in, j, again, err)
	}
	if again, err := NewJID(j.Local(), j.Domain(), j.Resource()); again != j {
		t.Fatalf("%q becomes %q, from its parts %q (%v)", in, j, again, err)
	}
	if !utf8.ValidString(j.String()) {
		t.Fatalf("%q becomes %q", in, j)
	}
	for _, part := range []string{j.Local(), j.Domain(), j.Resource()} {
		if len(part) > maxPart {
			t.Fatalf("%.100q has a part of %d bytes", in, len(part))
		}
	}
	if j.Domain() == "" || strings.ContainsAny(j.Local(), forbidden) ||
		strings.ContainsAny(j.Domain(), "@/ \"&'<>") {
		t.Fatalf("%q becomes %q", in, j)
	}
}

// compareMellium compares with mellium.im/xmpp/jid, where that follows RFC
// 7622. It lets more domain names through and does not bring IPv6 addresses
// into one form; see TestMelliumOddities for the rest.
func compareMellium(t *testing.T, in string, j JID, err error) {
	t.Helper()
	other, otherErr := likeMellium(in)
	switch {
	case err == nil && otherErr != nil:
		if !strings.Contains(j.Domain(), "_") {
			t.Fatalf("%q: mellium refuses it: %v", in, otherErr)
		}
	case err == nil:
		if a, e := netip.ParseAddr(strings.Trim(j.Domain(), "[]")); e == nil && a.Is6() {
			return
		}
		if other != j.String() {
			if again, _ := likeMellium(other); again != j.String() {
				t.Fatalf("%q becomes %q, with mellium %q", in, j, other)
			}
		}
	case otherErr == nil:
		domain := domainOf(other)
		if _, e := prepareDomain(domain); e == nil && !strings.HasSuffix(domain, ".") {
			t.Fatalf("%q: %v, but mellium takes it: %q", in, err, other)
		}
	}
}

// domainOf is the domainpart of an address.
func domainOf(s string) string {
	s, _, _ = strings.Cut(s, "/")
	if _, d, ok := strings.Cut(s, "@"); ok {
		return d
	}
	return s
}
