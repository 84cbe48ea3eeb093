package imtest

import (
	"slices"
	"strings"
	"testing"

	"parley/stanza"
)

const nsStanzaID = "urn:xmpp:sid:0" // XEP-0359

// split cuts what a client received into stanzas.
func split(t testing.TB, text string) []string {
	t.Helper()
	sc := stanza.NewScanner(stanza.Limits{})
	header := "<stream:stream xmlns='jabber:client' version='1.0' " +
		"xmlns:stream='http://etherx.jabber.org/streams'>"
	text = header + text
	var list []string
	for text != "" {
		var st stanza.Stanza
		tok, n, err := sc.Scan([]byte(text), &st)
		if err != nil || tok == stanza.More {
			t.Fatalf("not well-formed: %q: %v", text, err)
		}
		if tok == stanza.Found {
			list = append(list, strings.Clone(text[:n]))
		}
		text = text[n:]
	}
	return list
}

// matches compares two stanzas.
func matches(t testing.TB, want, got string) bool {
	t.Helper()
	return same(root(t, want), root(t, got))
}

func root(t testing.TB, xml string) *stanza.Element {
	t.Helper()
	st, err := stanza.Parse(xml)
	if err != nil {
		t.Fatalf("%s: %v", xml, err)
	}
	return st.Root()
}

func same(want, got *stanza.Element) bool {
	if want.Name == "error" && want.Child(stanza.NSStanzas, "text") == nil {
		got.Children = slices.DeleteFunc(got.Children, func(e *stanza.Element) bool {
			return e.Name == "text"
		})
	}
	if got.Name == "message" && want.Child(nsStanzaID, "stanza-id") == nil {
		// Where the message is in the receiver's own archive.
		bare, _, _ := strings.Cut(got.Attr("to"), "/")
		got.Children = slices.DeleteFunc(got.Children, func(e *stanza.Element) bool {
			return e.Name == "stanza-id" && e.NS == nsStanzaID && e.Attr("by") == bare
		})
	}
	if want.Name != got.Name || want.NS != got.NS || want.Text != got.Text ||
		len(want.Children) != len(got.Children) {
		return false
	}
	if !sameAttrs(want.Attrs, got.Attrs) {
		return false
	}
	for i := range want.Children {
		if !same(want.Children[i], got.Children[i]) {
			return false
		}
	}
	return true
}

func sameAttrs(want, got []stanza.Attr) bool {
	order := func(a, b stanza.Attr) int { return strings.Compare(a.NS+" "+a.Name, b.NS+" "+b.Name) }
	slices.SortFunc(want, order)
	slices.SortFunc(got, order)
	return slices.EqualFunc(want, got, func(a, b stanza.Attr) bool {
		return a.NS == b.NS && a.Name == b.Name && (a.Value == b.Value || a.Value == "*")
	})
}
