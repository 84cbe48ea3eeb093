package auth

import (
	"regexp"
	"testing"
)

// TestBindingNames: every ASCII character where it may and may not be (RFC 5802
// section 7, Formal Syntax, cb-name).
func TestBindingNames(t *testing.T) {
	grammar := regexp.MustCompile(`^[a-zA-Z0-9.-]+$`)
	for r := rune(1); r < 0x100; r++ {
		for _, name := range []string{string(r), string(r) + "a", "a" + string(r)} {
			var m clientFirst
			if got, want := m.setFlag("p="+name), grammar.MatchString(name); got != want {
				t.Errorf("%q: %v, want %v", name, got, want)
			} else if got && (m.flag != 'p' || m.binding != name) {
				t.Errorf("%q is read as %c %q", name, m.flag, m.binding)
			}
		}
	}
}

func TestNonces(t *testing.T) {
	grammar := regexp.MustCompile(`^[!-~]+$`)
	for r := rune(1); r < 0x100; r++ {
		nonce := "a" + string(r)
		if got, want := isNonce(nonce), grammar.MatchString(nonce); got != want {
			t.Errorf("%q: %v, want %v", nonce, got, want)
		}
	}
}

func TestSASLName(t *testing.T) {
	for attr, want := range map[string]string{
		"n=user": "user", "n==2C": ",", "n==3D": "=", "n=a=2Cb=3Dc": "a,b=c", "n==3D2C": "=2C",
		"n==3D=2C=3D": "=,=", "n=ж": "ж", "n=\x7f": "\x7f", "n= ": " ",
	} {
		if got, ok := saslname(attr, "n="); got != want || !ok {
			t.Errorf("%q: %q, %v; want %q", attr, got, ok, want)
		}
	}
	for _, attr := range []string{
		"", "n", "n=", "N=user", "a=user", "n==", "n==2", "n==2c", "n==3d", "n==2D", "n=a=", "n==3D=",
	} {
		if got, ok := saslname(attr, "n="); ok {
			t.Errorf("%q: %q", attr, got)
		}
	}
}

// TestExtensions: an attribute at the end is unknown, mandatory or out of place.
func TestExtensions(t *testing.T) {
	for r := rune(1); r < 0x80; r++ {
		want := error(errSyntax)
		switch {
		case r == 'm':
			want = errExtension
		case isAlpha(r) && !regexp.MustCompile("[anrcsipve]").MatchString(string(r)):
			want = nil
		}
		if got := checkExtensions("x=y," + string(r) + "=z"); got != want {
			t.Errorf("%q: %v, want %v", r, got, want)
		}
	}
}
