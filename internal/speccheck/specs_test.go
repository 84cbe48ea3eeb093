package speccheck

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write doc/specs.md and doc/musts.md anew")

// TestIndex: doc/specs.md says what the sources say.
func TestIndex(t *testing.T) {
	sections, err := LoadSections()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := Texts("../..")
	if err != nil {
		t.Fatal(err)
	}
	upToDate(t, "../../doc/specs.md", Index(sections, texts))
}

// upToDate compares what follows Marker in a document, or writes it.
func upToDate(t *testing.T, path, made string) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	hand, _, ok := strings.Cut(string(old), Marker)
	if !ok {
		t.Fatalf("%s has no line %q", path, Marker)
	}
	want := hand + Marker + "\n" + made
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(old) != want {
		t.Errorf("%s is out of date: go test ./internal/speccheck -update", path)
	}
}

// TestConditions: every condition with which a stream can end, a login fail or a
// stanza be answered has a script, or doc/specs.md says why there is none.
func TestConditions(t *testing.T) {
	specs, err := os.ReadFile("../../doc/specs.md")
	if err != nil {
		t.Fatal(err)
	}
	sections, err := LoadSections()
	if err != nil {
		t.Fatal(err)
	}
	shown, err := scriptText("../../server/testdata")
	if err != nil {
		t.Fatal(err)
	}
	for number, name := range sections["RFC 6120"] {
		var asked, or string
		switch {
		case strings.HasPrefix(number, "4.9.3."):
			asked = "stream ends with " + name + "\n"
		case strings.HasPrefix(number, "6.5."):
			asked = "xmpp-sasl'><" + name + "/>"
			or = "<" + name + " xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>" // XEP-0388
		case strings.HasPrefix(number, "8.3.3."):
			asked = "<" + name + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><more/>"
		default:
			continue
		}
		reason := "| " + number + " " + name + " |"
		there := strings.Contains(shown, asked) || or != "" && strings.Contains(shown, or)
		if there == strings.Contains(string(specs), reason) {
			t.Errorf("%s %s: a script or a reason in doc/specs.md, not both and not neither", number, name)
		}
	}
}
