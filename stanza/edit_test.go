package stanza

import (
	"testing"

	"parley/stanza/xmlgen"
)

// read is the one stanza that follows a stream header.
func read(t *testing.T, header, in string) *Stanza {
	t.Helper()
	sc := NewScanner(Limits{})
	if tok, _, err := sc.Scan([]byte(header), nil); tok != Opened {
		t.Fatalf("%q: %v", header, err)
	}
	s := new(Stanza)
	if tok, n, err := sc.Scan([]byte(in), s); tok != Found || n != len(in) {
		t.Fatalf("%q: %v %d %v", in, tok, n, err)
	}
	return s
}

func edits(f func(*Edits)) *Edits {
	e := new(Edits)
	f(e)
	return e
}

// What one stanza becomes with each kind of edit.
func TestAppendEdits(t *testing.T) {
	const chat = `<message to='a@b' id="1" type='chat'><body>hi</body><x xmlns='urn:x'/><y xmlns='urn:y'>z</y></message>`
	const empty = `<presence  to='a@b' />`
	for _, c := range []struct {
		name, in string
		edits    *Edits
		want     string
	}{
		{"nothing", chat, nil, chat},
		{"no edits", chat, new(Edits), chat},
		{"from set where there was none", chat, edits(func(e *Edits) { e.Set("from", "c@d/e") }),
			`<message to='a@b' id="1" type='chat' from='c@d/e'><body>hi</body><x xmlns='urn:x'/><y xmlns='urn:y'>z</y></message>`},
		{"to replaced, escaped", chat, edits(func(e *Edits) { e.Set("to", "a@b/'<&>\"\t\n") }),
			`<message to='a@b/&apos;&lt;&amp;&gt;&quot;&#9;&#10;' id="1" type='chat'><body>hi</body><x xmlns='urn:x'/><y xmlns='urn:y'>z</y></message>`},
		{"the last set counts", chat, edits(func(e *Edits) { e.Set("id", "2"); e.Drop("id"); e.Set("id", "3"); e.Set("n", "1"); e.Set("n", "") }),
			`<message to='a@b' id='3' type='chat' n=''><body>hi</body><x xmlns='urn:x'/><y xmlns='urn:y'>z</y></message>`},
		{"attributes dropped", chat, edits(func(e *Edits) { e.Drop("to"); e.Drop("type"); e.Drop("none"); e.Set("x", "1"); e.Drop("x") }),
			`<message id="1"><body>hi</body><x xmlns='urn:x'/><y xmlns='urn:y'>z</y></message>`},
		{"a child cut", chat, edits(func(e *Edits) { e.Cut(1); e.Cut(7) }),
			`<message to='a@b' id="1" type='chat'><body>hi</body><y xmlns='urn:y'>z</y></message>`},
		{"all children cut", chat, edits(func(e *Edits) { e.Cut(2); e.Cut(0); e.Cut(1) }),
			`<message to='a@b' id="1" type='chat'></message>`},
		{"first and last", chat, edits(func(e *Edits) { e.Last("<l1/>"); e.First("<f1/>"); e.Last("<l2/>"); e.First("<f2/>") }),
			`<message to='a@b' id="1" type='chat'><f1/><f2/><body>hi</body><x xmlns='urn:x'/><y xmlns='urn:y'>z</y><l1/><l2/></message>`},
		{"an empty element", empty, edits(func(e *Edits) { e.Set("from", "c@d") }), `<presence  to='a@b'  from='c@d'/>`},
		{"an empty element opened", empty, edits(func(e *Edits) { e.Drop("to"); e.Last("<x/>") }), `<presence  ><x/></presence>`},
		{"more edits than fit", chat, edits(func(e *Edits) {
			for _, c := range "abcdefgh" {
				e.Set(string(c), "")
			}
			e.Cut(0)
			e.Cut(1)
		}), `<message to='a@b' id="1" type='chat' a='' b='' c='' d='' e='' f='' g='' h=''><y xmlns='urn:y'>z</y></message>`},
	} {
		s := read(t, xmlgen.PlainHeader, c.in)
		if got := string(s.Append([]byte("> "), c.edits, Out{})); got != "> "+c.want {
			t.Errorf("%s:\ngot  %s\nwant > %s", c.name, got, c.want)
		}
	}
}

// What a stanza takes from its stream goes with it to others.
func TestAppendContext(t *testing.T) {
	const header = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' ` +
		`xmlns:p='urn:p?&amp;' xmlns:q='urn:q' xml:lang='de'>`
	server, alone := Out{NS: NSServer}, Out{XMLNS: true}
	for _, c := range []struct {
		name, in string
		out      Out
		want     string
	}{
		{"language", `<message/>`, Out{}, `<message xml:lang='de'/>`},
		{"own language", `<message xml:lang='en'/>`, Out{}, `<message xml:lang='en'/>`},
		{"no language", `<message xml:lang=''/>`, Out{}, `<message xml:lang=''/>`},
		{"prefix of a child", `<message xml:lang=''><p:x/></message>`, Out{},
			`<message xml:lang='' xmlns:p='urn:p?&amp;'><p:x/></message>`},
		{"prefix of a deep attribute", `<message xml:lang=''><a><b q:c=''/></a></message>`, Out{},
			`<message xml:lang='' xmlns:q='urn:q'><a><b q:c=''/></a></message>`},
		{"prefix of the root's attribute", `<message xml:lang='' q:c=''/>`, Out{}, `<message xml:lang='' q:c='' xmlns:q='urn:q'/>`},
		{"prefix that means something else inside", `<message xml:lang=''><a xmlns:p='urn:other'><p:x/></a></message>`, Out{},
			`<message xml:lang=''><a xmlns:p='urn:other'><p:x/></a></message>`},
		{"prefix that means both", `<message xml:lang=''><p:x xmlns:q='urn:other' q:a=''><p:y xmlns:p='urn:z'/></p:x></message>`, Out{},
			`<message xml:lang='' xmlns:p='urn:p?&amp;'><p:x xmlns:q='urn:other' q:a=''><p:y xmlns:p='urn:z'/></p:x></message>`},
		{"stream prefix", `<stream:error xml:lang=''/>`, Out{},
			`<stream:error xml:lang='' xmlns:stream='http://etherx.jabber.org/streams'/>`},
		{"to a server", `<message xml:lang=''><body/></message>`, server, `<message xml:lang=''><body/></message>`},
		{"own namespace", `<message xmlns='jabber:client' xml:lang=''/>`, Out{}, `<message xml:lang=''/>`},
		{"own namespace to a server", `<message xml:lang='' xmlns="jabber:client"><body/></message>`, server, `<message xml:lang=''><body/></message>`},
		{"on its own", `<message xml:lang=''/>`, alone, `<message xml:lang='' xmlns='jabber:client'/>`},
		{"on its own as a server's", `<message xml:lang='' xmlns='jabber:client'/>`, Out{NS: NSServer, XMLNS: true},
			`<message xml:lang='' xmlns='jabber:server'/>`},
		{"another root on its own", `<r xml:lang='' xmlns='urn:xmpp:sm:3'/>`, alone, `<r xml:lang='' xmlns='urn:xmpp:sm:3'/>`},
		{"no namespace", `<r xml:lang='' xmlns=''/>`, alone, `<r xml:lang='' xmlns=''/>`},
		{"prefixed root on its own", `<p:r xml:lang=''><x/></p:r>`, alone,
			`<p:r xml:lang='' xmlns='jabber:client' xmlns:p='urn:p?&amp;'><x/></p:r>`},
		{"declared again", `<message xml:lang=''><body xmlns='jabber:client'>x</body></message>`, server,
			`<message xml:lang=''><body xmlns='jabber:server'>x</body></message>`},
		{"declared again, no change", `<message xml:lang=''><body xmlns='jabber:client'>x</body></message>`, Out{},
			`<message xml:lang=''><body xmlns='jabber:client'>x</body></message>`},
		{"declared again by reference", `<message xml:lang=''><body xmlns='jabber:clien&#116;'/></message>`, server,
			`<message xml:lang=''><body xmlns='jabber:server'/></message>`},
		{"forwarded", `<message xml:lang=''><f xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'>` +
			`<body xmlns='jabber:client'/></message></f><error xmlns='jabber:client'/></message>`, server,
			`<message xml:lang=''><f xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'>` +
				`<body xmlns='jabber:client'/></message></f><error xmlns='jabber:server'/></message>`},
		{"in a prefixed element", `<message xml:lang=''><p:f><message xmlns='jabber:client'/><message/></p:f></message>`, server,
			`<message xml:lang='' xmlns:p='urn:p?&amp;'><p:f><message xmlns='jabber:client'/><message/></p:f></message>`},
		{"a server's namespace inside", `<message xml:lang=''><x xmlns='jabber:server'><y xmlns='jabber:client'/></x></message>`, server,
			`<message xml:lang=''><x xmlns='jabber:server'><y xmlns='jabber:client'/></x></message>`},
	} {
		s := read(t, header, c.in)
		if got := string(s.Append(nil, nil, c.out)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
	s := read(t, header, "<message/>")
	for _, c := range []struct {
		edits *Edits
		want  string
	}{
		{edits(func(e *Edits) { e.Set("xml:lang", "fr") }), `<message xml:lang='fr'/>`},
		{edits(func(e *Edits) { e.Drop("xml:lang") }), `<message/>`},
	} {
		if got := string(s.Append(nil, c.edits, Out{})); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// A cut child does not take a rewritten declaration of its neighbours along.
func TestAppendCutRedeclared(t *testing.T) {
	s := read(t, xmlgen.PlainHeader, `<message><a xmlns='jabber:client'/><b xmlns='jabber:client'/><c xmlns='jabber:client'/></message>`)
	got := string(s.Append(nil, edits(func(e *Edits) { e.Cut(1) }), Out{NS: NSServer}))
	if want := `<message><a xmlns='jabber:server'/><c xmlns='jabber:server'/></message>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A copy of complete edits may be changed without changing the original.
func TestEditsCopy(t *testing.T) {
	s := MustParse("<message/>")
	e := edits(func(e *Edits) {
		for range 7 {
			e.Last("<x/>")
		}
	})
	before := string(s.Append(nil, e, Out{}))
	a, b := *e, *e
	a.Last("<a/>")
	b.Last("<b/>")
	if got := string(s.Append(nil, e, Out{})); got != before {
		t.Errorf("a copy changed it to %s", got)
	}
}
