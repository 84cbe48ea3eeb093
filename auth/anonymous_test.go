package auth

import (
	"regexp"
	"strings"
	"testing"
)

func TestAnonymous(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	a := newTestAuthenticator(t)
	seen := map[string]bool{}
	for name, trace := range map[string][]byte{
		"no response":  nil,
		"no trace":     {},
		"a token":      []byte("sirhc"),
		"an address":   []byte("sirhc@example.org"),
		"255 letters":  []byte(strings.Repeat("ж", maxTrace)),
		"not a prefix": []byte("user\u00a0name"),
	} {
		x := start(t, a, anonymous, secureConn())
		challenge, done, err := x.Step(t.Context(), trace)
		if challenge != nil || !done || err != nil {
			t.Errorf("%s: %q, %v, %v", name, challenge, done, err)
		}
		got := x.Result()
		if !uuid.MatchString(got.JID.Local()) || got.JID.Domain() != testDomain ||
			!got.Anonymous || got.Mechanism != anonymous || x.Account() != got.JID {
			t.Errorf("%s: authenticated %+v", name, got)
		}
		if seen[got.JID.String()] {
			t.Errorf("%s: %v was given twice", name, got.JID)
		}
		seen[got.JID.String()] = true
	}
}

func TestAnonymousRefuses(t *testing.T) {
	a := newTestAuthenticator(t)
	for name, trace := range map[string]string{
		"256 letters": strings.Repeat("ж", maxTrace+1),
		"not UTF-8":   "sirhc\xff",
		"NUL":         "sirhc\x00",
		"control":     "sirhc\u0085",
	} {
		t.Run(name, func(t *testing.T) {
			x := start(t, a, anonymous, secureConn())
			_, _, err := x.Step(t.Context(), []byte(trace))
			wantFailure(t, x, err, MalformedRequest)
		})
	}
}

func TestAnonymousOnDomainThatIsNone(t *testing.T) {
	x := start(t, newTestAuthenticator(t), anonymous, ConnInfo{Domain: "no domain"})
	_, _, err := x.Step(t.Context(), nil)
	wantFailure(t, x, err, TemporaryAuthFailure)
}
