package stanza

import (
	"strings"
	"testing"

	"parley/stanza/xmlgen"
)

// receiver is a place that a stanza is written to.
type receiver struct {
	name          string
	out           Out
	before, after string
	ns            string // content namespace there
	depth         int    // how many elements there are around the stanza
}

// receivers are a client, a server and a component whose stream headers
// declare nothing of use, a WebSocket, and the inside of <forwarded/> in
// another stanza (a carbon, an archive page).
var receivers = []receiver{
	{"client", Out{}, plainHeader, "</stream:stream>", NSClient, 1},
	{"server", Out{NS: NSServer}, headerOf(NSServer), "</stream:stream>", NSServer, 1},
	{"component", Out{NS: NSComponent}, headerOf(NSComponent), "</stream:stream>", NSComponent, 1},
	{"websocket", Out{XMLNS: true}, "<r>", "</r>", NSClient, 1},
	{"forwarded", Out{XMLNS: true},
		headerOf(NSServer) + "<message xmlns:p='urn:outer'><forwarded xmlns='urn:xmpp:forward:0'>",
		"</forwarded></message></stream:stream>", NSClient, 3},
	{"room", Out{NS: NSClient, XMLNS: true}, headerOf(NSClient) + "<message>",
		"</message></stream:stream>", NSClient, 2},
}

func headerOf(ns string) string {
	return "<stream:stream xmlns='" + ns + "' xmlns:stream='http://etherx.jabber.org/streams'>"
}

// inserted is XML that edits insert, and its infoset.
var inserted = []string{
	"<delay xmlns='urn:xmpp:delay' from='a'>x &amp; y</delay>",
	"<i:i xmlns:i='urn:i'/>",
}

// values are values of attributes that edits set.
var values = []string{"", "a@b/c", "it's \"<&>\"", "a\tb", "\u0436"}

// program is a list of edits made from bytes, and what they do to an infoset.
type program struct {
	edits Edits
	apply []func(*node, []*node)
}

// newProgram reads the edits from code: what, and which.
func newProgram(code []byte) *program {
	p := new(program)
	names := []string{"to", "from", "type", "id", "xml:lang", "x"}
	for ; len(code) >= 2; code = code[2:] {
		arg := int(code[1])
		name, value := names[arg%len(names)], values[arg%len(values)]
		xml := inserted[arg%len(inserted)]
		expanded := "{}" + name
		if name == "xml:lang" {
			expanded = "{" + NSXML + "}lang"
		}
		switch code[0] % 5 {
		case 0:
			p.edits.Set(name, value)
			p.apply = append(p.apply, func(n *node, _ []*node) { n.setAttr(expanded, value) })
		case 1:
			p.edits.Drop(name)
			p.apply = append(p.apply, func(n *node, _ []*node) { n.dropAttr(expanded) })
		case 2:
			p.edits.Cut(arg % 8)
			p.apply = append(p.apply, func(n *node, kids []*node) { n.cut(kids, arg%8) })
		case 3:
			p.edits.First(xml)
		case 4:
			p.edits.Last(xml)
		}
	}
	return p
}

// cut removes child i of what were the children.
func (n *node) cut(kids []*node, i int) {
	if i >= len(kids) {
		return
	}
	old := n.Content
	n.Content = nil
	for _, c := range old {
		if c != any(kids[i]) {
			n.add(c)
		}
	}
}

// insert puts what the program inserts around the content of n.
func (p *program) insert(t *testing.T, n *node) {
	t.Helper()
	before, after := "", ""
	for i := range p.edits.len() {
		switch c := p.edits.at(i); c.op {
		case editFirst:
			before += c.text
		case editLast:
			after += c.text
		}
	}
	old := n.Content
	n.Content = nil
	for _, part := range []any{before, old, after} {
		if xml, ok := part.(string); ok {
			root, err := parseInfoset("<r>" + xml + "</r>")
			if err != nil {
				t.Fatal(err)
			}
			part = root.Content
		}
		for _, c := range part.([]any) {
			n.add(c)
		}
	}
}

// expect changes the infoset of a stanza to what the receiver shall see.
func (p *program) expect(t *testing.T, n *node, lang, from, to string) {
	t.Helper()
	if !n.hasAttr("{"+NSXML+"}lang") && lang != "" {
		n.setAttr("{"+NSXML+"}lang", lang)
	}
	kids := n.elements()
	for _, f := range p.apply {
		f(n, kids)
	}
	rename(n, from, to)
	p.insert(t, n)
}

// rename changes the content namespace.
func rename(n *node, from, to string) {
	if n.streamNS && n.NS == from {
		n.NS = to
	}
	for _, c := range n.elements() {
		rename(c, from, to)
	}
}

// FuzzEdit writes whatever stanzas are accepted from a stream to every kind of
// receiver with whatever edits: what comes out is well-formed there, for
// encoding/xml and for our scanner, and the same but for the edits.
func FuzzEdit(f *testing.F) {
	for i, s := range xmlgen.Streams() {
		f.Add([]byte(s), []byte{byte(i), byte(i / 5), byte(i + 1), 1, 3, byte(i)})
	}
	f.Add([]byte(xmlgen.Headers[2]+xmlgen.Elements[10]),
		[]byte{2, 0, 2, 1, 0, 4, 1, 1, 4, 0, 4, 1, 3, 0, 3, 1})
	for _, text := range []string{"]<a/>]>", "]]<a/>>", "]<a/>]<b/>>", "\r<a/>\n", "\r<a/><b/>\n"} {
		f.Add([]byte(xmlgen.PlainHeader+"<message>"+text+"</message>"), []byte{2, 0, 2, 1})
	}
	f.Fuzz(func(t *testing.T, in, code []byte) {
		p := newProgram(code)
		header := ""
		scanAll(in, Limits{}, whole, func(sc *Scanner, s *Stanza, token []byte) {
			switch {
			case s.Raw == "" && sc.state == inStream && strings.Contains(string(token), "stream"):
				header = string(token)
			case s.Raw != "" && sc.Header().ContentNS != NSStream && sc.Header().ContentNS != "":
				for _, r := range receivers {
					checkEdit(t, sc, s, header, p, r)
				}
			}
		})
	})
}

// checkEdit writes one stanza to one receiver.
func checkEdit(t *testing.T, sc *Scanner, s *Stanza, header string, p *program, r receiver) {
	t.Helper()
	root, err := parseInfoset(header + s.Raw + "</" + sc.end + ">")
	if err != nil {
		t.Fatalf("%q: %v", s.Raw, err)
	}
	want := root.elements()[0]
	p.expect(t, want, sc.Header().Lang, sc.Header().ContentNS, r.ns)
	text := string(s.Append(nil, &p.edits, r.out))
	doc := r.before + text + r.after
	root, err = parseInfoset(doc)
	if err != nil {
		t.Fatalf("%s: %q\nfrom %q after %q: %v", r.name, doc, s.Raw, header, err)
	}
	got := root
	for range r.depth {
		got = got.elements()[0]
	}
	if got.String() != want.String() {
		t.Fatalf("%s: %q\nfrom %q after %q\ngot  %s\nwant %s", r.name, text, s.Raw, header, got, want)
	}
	checkReread(t, s, text, r)
}

// checkReread has our own scanner read what was written.
func checkReread(t *testing.T, s *Stanza, text string, r receiver) {
	t.Helper()
	switch r.name {
	case "client", "server", "component":
		sc := NewScanner(Limits{Tag: 1 << 18})
		if tok, n, err := sc.Scan([]byte(r.before), nil); tok != Opened || n != len(r.before) {
			t.Fatal(tok, n, err)
		}
		var again Stanza
		if tok, n, err := sc.Scan([]byte(text), &again); tok != Found || n != len(text) ||
			s.Kind != Other && again.Kind != s.Kind {
			t.Fatalf("%s: %q: %v %d %v %v", r.name, text, tok, n, again.Kind, err)
		}
	default:
		if again, err := Parse(text); err != nil || s.Kind != Other && again.Kind != s.Kind {
			t.Fatalf("%s: %q: %v", r.name, text, err)
		}
	}
}
