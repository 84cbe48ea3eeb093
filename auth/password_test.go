package auth

import (
	"strings"
	"testing"

	"github.com/xdg-go/stringprep"
)

func TestPreparePassword(t *testing.T) {
	for _, c := range []struct{ name, password, want string }{
		{"ASCII", "correct horse battery staple", "correct horse battery staple"},
		{"case is kept", "USER", "USER"},
		// RFC 4013 section 3, Examples.
		{"soft hyphen", "I\u00adX", "IX"},
		{"feminine ordinal", "\u00aa", "a"},
		{"roman nine", "\u2168", "IX"},
		// RFC 5802 section 3 names these two: NFC and NFKC differ.
		{"one half", "\u00bd", "1\u20442"},
		{"acute accent", "\u00b4", " \u0301"},
		{"composed and decomposed", "e\u0301", "\u00e9"},
		{"no-break space", "a\u00a0b", "a b"},
		{"ideographic space", "a\u3000b", "a b"},
		{"zero width space", "a\u200bb", "a b"},
		{"ogham space", "a\u1680b", "a b"},
		{"joiners and selectors", "a\u034f\u1806\u180b\u180d\u200c\u200d\u2060\ufe00\ufe0f\ufeffb", "ab"},
		{"full width", "ｐｅｎｃｉｌ", "pencil"},
		{"Cyrillic", "пароль", "пароль"},
		{"younger than Unicode 3.2", "🔑ключ", "🔑ключ"},
		{"Arabic with a digit", "سر1", "سر1"},
		{"ASCII space around", " a ", " a "},
	} {
		got, err := PreparePassword(c.password)
		if err != nil || got != c.want {
			t.Errorf("%s: %+q, %v; want %+q", c.name, got, err, c.want)
			continue
		}
		if again, err := PreparePassword(got); err != nil || again != got {
			t.Errorf("%s: prepared again it is %+q, %v", c.name, again, err)
		}
	}
}

func TestPreparePasswordRefuses(t *testing.T) {
	for name, password := range map[string]string{
		"empty":                  "",
		"nothing left":           "\u00ad\u200d",
		"not UTF-8":              "pass\xffword",
		"surrogate":              "\xed\xa0\x80",
		"NUL":                    "a\x00b",
		"ASCII control":          "a\u0007",
		"delete":                 "a\u007f",
		"line end":               "a\n",
		"C1 control":             "a\u0085",
		"private use":            "\ue000",
		"noncharacter":           "\ufdd0",
		"tag":                    "\U000e0001",
		"right-to-left override": "a\u202e",
		"unassigned":             "\u0378",
	} {
		got, err := PreparePassword(password)
		if err == nil {
			t.Errorf("%s: taken as %+q", name, got)
		} else if len(password) > 1 && strings.Contains(err.Error(), password) {
			t.Errorf("%s: the error tells the password: %v", name, err)
		}
	}
}

// TestPreparePasswordLikeSASLprep holds it against another implementation where
// that accepts the password.
func TestPreparePasswordLikeSASLprep(t *testing.T) {
	seen := 0
	for r := rune(0x20); r < 0x3400; r++ {
		password := "a" + string(r) + "b"
		want, err := stringprep.SASLprep.Prepare(password)
		// U+200B is both a space and nothing in RFC 4013 section 2.1; the other
		// implementation's table B.1 lacks U+1806.
		if err != nil || r == 0x200b || r == 0x1806 {
			continue
		}
		got, err := PreparePassword(password)
		if err != nil {
			continue // OpaqueString is narrower in places
		}
		if seen++; got != want {
			t.Errorf("%U: %+q, SASLprep gives %+q", r, got, want)
		}
	}
	if seen < 5000 {
		t.Errorf("only %d characters were compared", seen)
	}
}
