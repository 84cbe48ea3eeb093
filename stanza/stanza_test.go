package stanza

import (
	"errors"
	"strings"
	"testing"

	"parley/stanza/xmlgen"
)

func TestStanzaLooksInside(t *testing.T) {
	s := read(t, xmlgen.PrefixHeader, `<iq id='1' p:id='2' a="x&#10;y">`+
		`<error/><p:q z='1'/><error xmlns='urn:e'/><q xmlns='urn:p'/></iq>`)
	if c, ok := s.Child("urn:p", "q"); !ok || s.Raw[c.Start:c.End] != "<p:q z='1'/>" {
		t.Error(c, ok)
	}
	if c, ok := s.Payload(); !ok || c.Name != "q" {
		t.Error("payload", c, ok)
	}
	for _, c := range []Child{{"error", "", 0, 0}, {"error", NSClient, 0, 0}, {"error", "urn:e", 0, 0}} {
		if !s.Has(c.NS, c.Name) {
			t.Errorf("no {%s}%s", c.NS, c.Name)
		}
	}
	if s.Has("", "q") || s.Has("urn:p", "error") {
		t.Error("wrong children")
	}
	for name, want := range map[string]string{"id": "1", "a": "x\ny"} {
		if got, ok := s.Attr(name); !ok || got != want {
			t.Errorf("%s is %q, %v", name, got, ok)
		}
	}
	for _, name := range []string{"p:id", "to", ""} {
		if got, ok := s.Attr(name); ok {
			t.Errorf("%s is %q", name, got)
		}
	}
	if c, ok := MustParse("<iq><error/></iq>").Payload(); ok {
		t.Error("an error is no payload:", c)
	}
	other := MustParse("<iq xmlns='jabber:server'><error/><error xmlns='jabber:client'/></iq>")
	if c, ok := other.Payload(); !ok || c.NS != NSClient {
		t.Error(c, ok)
	}
}

// A tree has what was written, with references and CDATA resolved and names in
// their namespaces, wherever those were declared.
func TestElement(t *testing.T) {
	s := read(t, xmlgen.PrefixHeader, `<iq xmlns:r='urn:r'><q xmlns='urn:q' p:a='1&lt;' r:a="2" a = '3'>`+
		"one \r\n<i/>&amp;two<![CDATA[<three>\r]]><p:i xmlns:p='urn:other' p:a=''>\r</p:i><r:i></r:i ></q></iq>")
	e := s.Element(s.ChildAt(0))
	if e.Name != "q" || e.NS != "urn:q" || e.Text != "one \n&two<three>\n" || len(e.Children) != 3 {
		t.Errorf("%+v", e)
	}
	if c := s.ChildAt(0); e.Raw != s.Raw[c.Start:c.End] {
		t.Error(e.Raw)
	}
	want := []Attr{{"urn:p", "a", "1<"}, {"urn:r", "a", "2"}, {"", "a", "3"}}
	for i, a := range want {
		if e.Attrs[i] != a {
			t.Errorf("attribute %v, want %v", e.Attrs[i], a)
		}
	}
	if e.Attr("a") != "3" || e.Attr("b") != "" {
		t.Error("a is", e.Attr("a"))
	}
	if i := e.Child("", "i"); i == nil || i.NS != "urn:q" || i.Raw != "<i/>" {
		t.Errorf("%+v", i)
	}
	if i := e.Child("urn:other", "i"); i == nil || i.Attrs[0] != (Attr{"urn:other", "a", ""}) {
		t.Errorf("%+v", i)
	}
	if text := e.ChildText("urn:other", "i"); text != "\n" {
		t.Errorf("%q", text)
	}
	if e.Child("urn:r", "i") == nil || e.Child("urn:q", "j") != nil || e.ChildText("", "j") != "" {
		t.Error("wrong children")
	}
	none := e.Child("", "j")
	if none.Child("", "x") != nil || none.Attr("a") != "" || none.ChildText("", "x") != "" {
		t.Error("nothing has something")
	}
	root := s.Root()
	if root.Name != "iq" || root.NS != NSClient || len(root.Children) != 1 || root.Raw != s.Raw {
		t.Errorf("%+v", root)
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"<message/>":                                 NSClient,
		"<message xmlns='jabber:client'/>":           NSClient,
		"<message xmlns='jabber:server'/>":           NSServer,
		"<message xmlns='jabber:component:accept'/>": NSComponent,
	} {
		s, err := Parse(in)
		if err != nil || s.Kind != Message || s.NS != want || s.Raw != in || s.Lang != "" {
			t.Errorf("%s: %+v, %v", in, s, err)
		}
	}
	for _, in := range []string{
		"<r xmlns='urn:x'/>", "<message xmlns='urn:x'/>", "<message xmlns=''/>", "<body/>",
	} {
		if s, err := Parse(in); err != nil || s.Kind != Other {
			t.Errorf("%s: %+v, %v", in, s, err)
		}
	}
	for _, in := range []string{
		"", "<", "x", " <message/>", "<message/> ", "<message/><message/>", "<message>", "</message>",
		"<p:x/>", "<!-- -->", "<![CDATA[x]]>", "<?xml version='1.0'?><message/>", "<message></iq>",
		"<stream:error/>",
	} {
		if s, err := Parse(in); err == nil || s != nil {
			t.Errorf("%q is taken for %+v", in, s)
		}
	}
	if _, err := Parse("<message><!-- --></message>"); !errors.Is(err, StreamRestrictedXML) {
		t.Error(err)
	}
	// Text of our own may be larger and deeper than a stream's limits.
	deep := strings.Repeat("<a>", 200) + strings.Repeat("x", 1<<20) + strings.Repeat("</a>", 200)
	if s, err := Parse(deep); err != nil || s.Root().Children[0].Name != "a" {
		t.Error(err)
	}
	deep = strings.Repeat("<a>", 5000) + strings.Repeat("</a>", 5000)
	if _, err := Parse(deep); !errors.Is(err, StreamPolicyViolation) {
		t.Error("too deep:", err)
	}
}

func TestMustParsePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	MustParse("<message>")
}

// More children and attributes than a stanza has room for are kept all the
// same.
func TestManyChildren(t *testing.T) {
	var b Builder
	b.Start("message", "")
	for _, c := range "abcdefghijklmnop" {
		b.Attr(string(c), string(c))
	}
	for _, c := range "abcdefghijklmnop" {
		b.Start(string(c), "urn:"+string(c)).End()
	}
	s := b.End().Stanza()
	for _, c := range "abcdefghijklmnop" {
		if v, _ := s.Attr(string(c)); v != string(c) || !s.Has("urn:"+string(c), string(c)) {
			t.Errorf("%c is %q", c, v)
		}
	}
}

// Namespaces that are not in the text as they read: with references, and
// declared by the header of the stream.
func TestChildNamespaces(t *testing.T) {
	sc := NewScanner(Limits{})
	in := []byte("<stream:stream xmlns='jabber:client' xmlns:stream='" + NSStream + "' xmlns:p='urn:p'>")
	if tok, _, err := sc.Scan(in, nil); tok != Opened {
		t.Fatal(tok, err)
	}
	var s Stanza
	text := "<message><a/><p:b/><c xmlns='urn:&amp;'/><xml:d/><e xmlns='urn:e'/></message>"
	if tok, _, err := sc.Scan([]byte(text), &s); tok != Found {
		t.Fatal(tok, err)
	}
	want := []Child{{Name: "a", NS: NSClient}, {Name: "b", NS: "urn:p"}, {Name: "c", NS: "urn:&"},
		{Name: "d", NS: NSXML}, {Name: "e", NS: "urn:e"}}
	if s.ChildCount() != len(want) {
		t.Fatalf("%d children", s.ChildCount())
	}
	for i, c := range s.Children() {
		if c.Name != want[i].Name || c.NS != want[i].NS || !s.Has(c.NS, c.Name) {
			t.Errorf("child %d is {%s}%s, want %v", i, c.NS, c.Name, want[i])
		}
	}
}

// Equal addresses one behind the other are the same as if each stood alone.
func TestSameAddress(t *testing.T) {
	sc := openStream(t)
	for _, c := range []struct{ to, want string }{
		{"a@b.lit/c", "a@b.lit/c"}, {"a@b.lit/c", "a@b.lit/c"}, {"A@b.lit", "a@b.lit"},
		{"A@b.lit", "a@b.lit"}, {"a@b.lit", "a@b.lit"}, {"", ""}, {"@", ""}, {"@", ""},
		{"a@b.lit", "a@b.lit"},
	} {
		var s Stanza
		tok, _, err := sc.Scan([]byte("<message to='"+c.to+"'/>"), &s)
		if tok != Found || s.To.String() != c.want || s.BadTo != (c.want == "") {
			t.Errorf("%q: %v %v %q, bad %v", c.to, tok, err, s.To, s.BadTo)
		}
		if c.want != "" && s.To != MustJID(c.want) {
			t.Errorf("%q is not the address %s", c.to, c.want)
		}
	}
}

// Replies swap the addresses and keep the id (RFC 6120 sections 8.2.3, IQ
// Semantics, and 8.3.1, Rules).
func TestReplies(t *testing.T) {
	get := MustParse(`<iq from='A@example.com/x' to='example.com' type='get' id='&apos;1'>` +
		`<ping xmlns='urn:xmpp:ping'/></iq>`)
	malformed := MustParse(`<presence to='ch@r@cters@example.com' from='a@b' id='2'/>`)
	const head = `<iq from='example.com' to='a@example.com/x' id='&apos;1'`
	for _, c := range []struct {
		got  *Stanza
		want string
	}{
		{get.Result(""), head + ` type='result'/>`},
		{get.Result("<q xmlns='urn:q'/>"), head + ` type='result'><q xmlns='urn:q'/></iq>`},
		{get.ErrorReply(ServiceUnavailable), head + ` type='error'>` +
			`<error type='cancel'><service-unavailable` + inStanzas + `/></error></iq>`},
		// RFC 6120 section 8.3.3.8 (jid-malformed): the address as it was written.
		{malformed.ErrorReply(JIDMalformed), `<presence from='ch@r@cters@example.com' to='a@b' id='2' ` +
			`type='error'><error type='modify'><jid-malformed` + inStanzas + `/></error></presence>`},
		{MustParse(`<message/>`).ErrorReply(Gone), `<message type='error'>` +
			`<error type='cancel'><gone` + inStanzas + `/></error></message>`},
	} {
		if c.got.Raw != c.want || describe(c.got) != describe(MustParse(c.want)) {
			t.Errorf("got  %s\nwant %s", c.got.Raw, c.want)
		}
	}
}
