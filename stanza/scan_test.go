package stanza

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/stanza/xmlgen"
)

// lastError is the condition that ended a scan, "" if it ended in More.
func lastError(in string, l Limits, pieces int) string {
	sc := NewScanner(l)
	have := 0
	for {
		have = min(have+pieces, len(in))
		for {
			var s Stanza
			tok, n, err := sc.Scan([]byte(in[:have]), &s)
			var e *StreamError
			if errors.As(err, &e) {
				return e.Condition
			}
			if tok == More {
				break
			}
			in, have = in[n:], have-n
		}
		if have == len(in) {
			return ""
		}
	}
}

// What is not well-formed, or not allowed in XMPP, ends the stream with the
// condition that RFC 6120 section 4.9.3 names, however it comes in.
func TestScanRefuses(t *testing.T) {
	for _, c := range xmlgen.IllFormed {
		t.Run(c.Name, func(t *testing.T) {
			for _, pieces := range []int{1 << 20, 1, 2, 3, 7} {
				if got := lastError(xmlgen.PrefixHeader+c.XML, Limits{}, pieces); got != c.Condition {
					t.Errorf("%q in pieces of %d: %q, want %s", c.XML, pieces, got, c.Condition)
				}
			}
		})
	}
}

func TestScanRefusesHeaders(t *testing.T) {
	for _, c := range xmlgen.IllHeaders {
		t.Run(c.Name, func(t *testing.T) {
			for _, pieces := range []int{1 << 20, 1, 3} {
				if got := lastError(c.XML, Limits{}, pieces); got != c.Condition {
					t.Errorf("%q in pieces of %d: %q, want %s", c.XML, pieces, got, c.Condition)
				}
			}
		})
	}
}

// What is strange but right is accepted.
func TestScanAccepts(t *testing.T) {
	for _, h := range xmlgen.Headers {
		if got := lastError(h, Limits{}, 1); got != "" {
			t.Errorf("%q: %s", h, got)
		}
	}
	for _, e := range xmlgen.Elements {
		if got := lastError(xmlgen.PrefixHeader+e, Limits{}, 1); got != "" {
			t.Errorf("%q: %s", e, got)
		}
	}
}

// After an error the scanner says the same again and again.
func TestScanStaysFailed(t *testing.T) {
	sc := NewScanner(Limits{})
	for range 3 {
		if _, n, err := sc.Scan([]byte("x"), new(Stanza)); !errors.Is(err, StreamNotWellFormed) || n != 0 {
			t.Fatal(n, err)
		}
	}
	sc.Reset()
	if tok, _, err := sc.Scan([]byte(plainHeader), nil); tok != Opened || err != nil {
		t.Fatal(tok, err)
	}
}

// A conversation of one side: what the scanner says to each piece.
func TestScanStream(t *testing.T) {
	sc := NewScanner(Limits{})
	for _, step := range []struct {
		in   string
		tok  Token
		rest string // not consumed
		txt  string
	}{
		{"", More, "", ""},
		{"  \r\n", Space, "", ""},
		{"<stream:stream to='a' ", More, "all", ""},
		{"<stream:stream to='a' from='b&apos;c' id='x' version='1.0' xml:lang='de' xmlns='jabber:client' " +
			"xmlns:stream='http://etherx.jabber.org/streams' xmlns:p='urn:p'> <", Opened, " <",
			"stream http://etherx.jabber.org/streams a b'c x 1.0 de jabber:client map[p:urn:p]"},
		{" <", Space, "<", ""},
		{"<", More, "all", ""},
		{"<message to='a@b/c'", More, "all", ""},
		{"<message to='a@b/c'>\xd0", More, "all", ""},
		{"<message to='a@b/c'>\xd0\x96</message><iq/>", Found, "<iq/>",
			`"<message to='a@b/c'>Ж</message>" kind=1 {jabber:client}message type="" id="" ` +
				`lang="de" to="a@b/c" from="" bad=false,false []`},
		{"<iq xml:lang='' type='get' id='&lt;1' from='a@'><p:x/></iq>", Found, "",
			`"<iq xml:lang='' type='get' id='&lt;1' from='a@'><p:x/></iq>" kind=3 {jabber:client}iq ` +
				`type="get" id="<1" lang="" to="" from="" bad=false,true [{x urn:p 48 54}]`},
		{"<presence xmlns='jabber:client'/>", Found, "",
			`"<presence xmlns='jabber:client'/>" kind=2 {jabber:client}presence type="" id="" ` +
				`lang="de" to="" from="" bad=false,false []`},
		{"<presence xmlns='jabber:server'/>", Found, "",
			`"<presence xmlns='jabber:server'/>" kind=0 {jabber:server}presence type="" id="" ` +
				`lang="de" to="" from="" bad=false,false []`},
		{"<r xmlns='urn:xmpp:sm:3'/>", Found, "",
			`"<r xmlns='urn:xmpp:sm:3'/>" kind=0 {urn:xmpp:sm:3}r type="" id="" ` +
				`lang="de" to="" from="" bad=false,false []`},
		{"<message p:to='x' p:type='y'/>", Found, "",
			`"<message p:to='x' p:type='y'/>" kind=1 {jabber:client}message type="" id="" ` +
				`lang="de" to="" from="" bad=false,false []`},
		{"</stream:st", More, "all", ""},
		{"</stream:stream\n", More, "all", ""},
		{"</stream:stream\n>\n", Closed, "\n", ""},
		{"\n", Space, "", ""},
	} {
		var s Stanza
		tok, n, err := sc.Scan([]byte(step.in), &s)
		rest := step.in[n:]
		if rest == step.in && rest != "" {
			rest = "all"
		}
		if err != nil || tok != step.tok || rest != step.rest {
			t.Fatalf("%q: %v, rest %q, %v", step.in, tok, rest, err)
		}
		txt := ""
		switch h := sc.Header(); tok {
		case Found:
			txt = describe(&s)
		case Opened:
			txt = fmt.Sprint(h.Name, " ", h.NS, " ", h.To, " ", h.From, " ", h.ID, " ", h.Version,
				" ", h.Lang, " ", h.ContentNS, " ", h.Prefixes)
		}
		if txt != step.txt {
			t.Errorf("%q:\ngot  %s\nwant %s", step.in, txt, step.txt)
		}
	}
	if _, _, err := sc.Scan([]byte("<message/>"), new(Stanza)); !errors.Is(err, StreamNotWellFormed) {
		t.Error("after the end:", err)
	}
}

// A header may leave the content namespace to each stanza (RFC 6120 section
// 4.8.2, Content Namespace).
func TestScanWithoutContentNamespace(t *testing.T) {
	for _, header := range xmlgen.Headers[4:] {
		sc := NewScanner(Limits{})
		if tok, n, err := sc.Scan([]byte(header), nil); tok != Opened || n != len(header) {
			t.Fatal(header, tok, err)
		}
		if sc.Header().ContentNS != "" && sc.Header().ContentNS != NSStream {
			continue
		}
		for in, kind := range map[string]Kind{
			`<message xmlns='jabber:client'><body/></message>`: Message,
			`<message xmlns='jabber:server'/>`:                 Message,
			`<message/>`:                                       Other,
			`<message xmlns='urn:x'/>`:                         Other,
		} {
			var s Stanza
			tok, _, err := sc.Scan([]byte(in), &s)
			if tok != Found || s.Kind != kind {
				t.Errorf("%s after %s: %v %v %v", in, header, tok, s.Kind, err)
			}
			if kind == Message && s.Has("", "body") != strings.Contains(in, "<body") {
				t.Errorf("%s: body not in the content namespace", in)
			}
		}
	}
}

// White space between stanzas comes as one token, and holds no memory.
func TestScanSpaceReleases(t *testing.T) {
	sc := openStream(t)
	in := "<presence/>" + strings.Repeat(" \n", 5000)
	if tok, n, err := sc.Scan([]byte(in), new(Stanza)); tok != Found || n != 11 || err != nil {
		t.Fatal(tok, n, err)
	}
	if tok, n, err := sc.Scan([]byte(in[11:]), nil); tok != Space || n != 10000 || err != nil {
		t.Fatal(tok, n, err)
	}
	if tok, n, _ := sc.Scan(nil, nil); tok != More || n != 0 || sc.work != nil {
		t.Fatal("an idle scanner holds its work")
	}
}
