package stanza

import (
	"strings"
	"testing"

	"parley/stanza/xmlgen"
)

// FuzzParse: what Parse takes, encoding/xml takes with the same infoset, and
// what is written from it parses to the same again.
func FuzzParse(f *testing.F) {
	for _, e := range xmlgen.Elements {
		f.Add(e)
	}
	for _, c := range xmlgen.IllFormed {
		f.Add(c.XML)
	}
	f.Add(`<message xmlns='jabber:server'><body xmlns='jabber:server'>x</body></message>`)
	f.Fuzz(func(t *testing.T, in string) {
		s, err := Parse(in)
		if err != nil {
			return
		}
		root, err := parseInfoset("<r xmlns='jabber:client'>" + in + "</r>")
		if err != nil {
			t.Fatalf("accepted %q: %v", in, err)
		}
		want := root.elements()[0]
		checkStanza(t, s, want)
		ns := s.content
		again, err := Parse(string(s.Append(nil, nil, Out{NS: ns, XMLNS: true})))
		if err != nil {
			t.Fatalf("%q written as %q: %v", in, s.Append(nil, nil, Out{NS: ns, XMLNS: true}), err)
		}
		if again.Kind != s.Kind || elementString(again.Root()) != elementString(s.Root()) {
			t.Fatalf("%q written as %q", in, again.Raw)
		}
		if s.Kind != Other {
			checkReplies(t, s)
		}
	})
}

// checkReplies makes the two replies and reads the error back.
func checkReplies(t *testing.T, s *Stanza) {
	t.Helper()
	to, _ := s.Attr("to")
	if !s.BadTo {
		to = s.To.String()
	}
	r := s.ErrorReply(ItemNotFound.WithText(s.ID))
	from, _ := r.Attr("from")
	if from != to || r.To != s.From || r.ID != s.ID || r.Type != "error" || r.Kind != s.Kind {
		t.Fatalf("%q: reply %q", s.Raw, r.Raw)
	}
	if e := ParseError(r); e == nil || *e != *ItemNotFound.WithText(s.ID) {
		t.Fatalf("%q: reply %q is read as %v", s.Raw, r.Raw, e)
	}
	if r := s.Result("<x xmlns='urn:x'/>"); r.ID != s.ID || r.Type != "result" || !r.Has("urn:x", "x") {
		t.Fatalf("%q: result %q", s.Raw, r.Raw)
	}
}

// FuzzBuilder: whatever is put into text and attributes comes out again.
func FuzzBuilder(f *testing.F) {
	for _, v := range append(values, "\x00\uFFFE\xff", "]]>", "\r\n", "\u2028\U0001F600") {
		f.Add(v, v)
	}
	f.Fuzz(func(t *testing.T, value, text string) {
		var b Builder
		b.Start("message", "", "to", value).Attr("empty", "").Elem("body", "", text, "a", value).End()
		s, err := Parse(b.String())
		if err != nil {
			t.Fatalf("%q: %v", b.String(), err)
		}
		got, _ := s.Attr("to")
		if got != allowed(value) {
			t.Fatalf("%q: attribute %q, want %q", b.String(), got, allowed(value))
		}
		if v, ok := s.Attr("empty"); !ok || v != "" {
			t.Fatalf("%q: empty attribute %q, %v", b.String(), v, ok)
		}
		c, _ := s.Child("", "body")
		body := s.Element(c)
		if body.Text != allowed(text) || body.Attr("a") != allowed(value) {
			t.Fatalf("%q: %q %q", b.String(), body.Text, body.Attr("a"))
		}
		escaped := string(AppendEscaped(nil, text))
		if attrValue(escaped) != allowed(text) || charData(escaped) != allowed(text) {
			t.Fatalf("%q is escaped as %q", text, escaped)
		}
	})
}

// allowed is s with U+FFFD for what XML does not allow.
func allowed(s string) string {
	var b strings.Builder
	for _, r := range s {
		if !isChar(r) {
			r = '\uFFFD'
		}
		b.WriteRune(r)
	}
	return b.String()
}
