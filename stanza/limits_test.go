package stanza

import (
	"strings"
	"testing"
)

// Limits end the stream while the element is still coming in, at the same byte
// in whatever pieces it comes.
func TestLimits(t *testing.T) {
	l := Limits{Bytes: 100, Tag: 40, Depth: 3, Attrs: 3, Children: 2}
	fits := []string{
		"<message>" + strings.Repeat("x", 100-9-10) + "</message>",
		"<a b='" + strings.Repeat("x", 40-9) + "'/>",
		"<a><b><c/></b></a>",
		"<a b='' c='' d=''/>",
		"<a><b/><c/></a>",
		"<a><b/><c><d/><e/><f/></c></a>",
	}
	exceed := []string{
		"<message>" + strings.Repeat("x", 100-9-10+1) + "</message>",
		"<message>" + strings.Repeat("x", 100),
		"<message>" + strings.Repeat(" ", 100),
		"<message>" + strings.Repeat("\u00e4", 50),
		"<message><![CDATA[" + strings.Repeat("]", 100),
		"<message></message" + strings.Repeat(" ", 100),
		"<a b='" + strings.Repeat("x", 40-9+1) + "'/>",
		"<a b='" + strings.Repeat("x", 40),
		"<" + strings.Repeat("x", 40),
		"<a " + strings.Repeat(" ", 40),
		"<a " + strings.Repeat("b", 40),
		"<a b=" + strings.Repeat(" ", 40),
		"<a b " + strings.Repeat(" ", 40),
		"<a><b><c><d",
		"<a b='' c='' d='' e",
		"<a><b/><c/><d/>",
		"</stream:stream" + strings.Repeat(" ", 100),
	}
	for _, pieces := range []int{1 << 20, 1, 3} {
		for _, in := range fits {
			if got := scanLimited(t, l, in, pieces); got != "" {
				t.Errorf("%q in pieces of %d: %s", in, pieces, got)
			}
		}
		for _, in := range exceed {
			if strings.HasSuffix(in, "<d") {
				in += "/>" // the depth counts when the tag is complete
			}
			if got := scanLimited(t, l, in, pieces); got != "policy-violation" {
				t.Errorf("%q in pieces of %d: %q", in, pieces, got)
			}
		}
	}
}

// scanLimited reads in on an open stream and returns the condition it ended
// with.
func scanLimited(t *testing.T, l Limits, in string, pieces int) string {
	t.Helper()
	sc := NewScanner(Limits{})
	if tok, _, err := sc.Scan([]byte(plainHeader), nil); tok != Opened {
		t.Fatal(tok, err)
	}
	sc.SetLimits(l)
	for have := min(pieces, len(in)); ; have = min(have+pieces, len(in)) {
		tok, _, err := sc.Scan([]byte(in[:have]), new(Stanza))
		switch {
		case err != nil:
			return err.(*StreamError).Condition
		case tok != More:
			return ""
		case have == len(in):
			return "more"
		}
	}
}

// A header is bounded too.
func TestHeaderLimits(t *testing.T) {
	l := Limits{Bytes: 300, Tag: 200, Attrs: 4}
	for _, in := range []string{
		"<stream:stream a='" + strings.Repeat("x", 300),
		"<?xml version='1.0'?>" + strings.Repeat(" ", 300),
		"<stream:stream a='' b='' c='' d='' e='",
	} {
		for _, pieces := range []int{1 << 20, 1} {
			if got := lastError(in, l, pieces); got != "policy-violation" {
				t.Errorf("%.40q: %q", in, got)
			}
		}
	}
	in := "<stream:stream" + strings.Repeat(" ", 100) + plainHeader[len("<stream:stream"):]
	if got := lastError(in, Limits{Bytes: 300, Tag: 240}, 1); got != "" {
		t.Errorf("%q: %s", in, got)
	}
}

// A tag of 256 kB that comes byte by byte is read once: if every byte made the
// scanner begin again, this would take hours.
func TestBigTagByteByByte(t *testing.T) {
	value := strings.Repeat("a&#x62;\u0436 ", 32<<10)
	for _, in := range []string{
		"<message to='" + value + "'/>",
		"<message><body>" + value + "</body></message>",
		"<message><![CDATA[" + value + "]]></message>",
		"<" + strings.Repeat("n", 256<<10) + "/>",
		"<m " + strings.Repeat("n", 256<<10) + "=''/>",
		"<m" + strings.Repeat(" ", 256<<10) + "/>",
		"<" + strings.Repeat("n", 128<<10) + "></" + strings.Repeat("n", 128<<10) + ">",
		"<m></m" + strings.Repeat(" ", 256<<10) + ">",
	} {
		sc := openStream(t)
		tok, n := More, 0
		for have := 0; tok == More && have < len(in); {
			have++
			var err error
			if tok, n, err = sc.Scan(bytesOf(in)[:have], new(Stanza)); err != nil {
				t.Fatalf("%.20q: %v at %d", in, err, have)
			}
		}
		if tok != Found || n != len(in) {
			t.Errorf("%.20q: %v after %d of %d", in, tok, n, len(in))
		}
	}
}

// What the data path does with a usual stanza allocates its text and nothing
// else; writing it and reading addresses allocate nothing.
func TestAllocations(t *testing.T) {
	for _, s := range samples[:3] {
		sc, in := openStream(t), []byte(s.xml)
		var dst Stanza
		if n := testing.AllocsPerRun(100, func() { _, _, _ = sc.next(in) }); n != 0 {
			t.Errorf("%s: scanning allocates %v times", s.name, n)
		}
		if n := testing.AllocsPerRun(100, func() { _, _, _ = sc.Scan(in, &dst) }); n != 1 {
			t.Errorf("%s: Scan allocates %v times", s.name, n)
		}
		var e Edits
		e.Set("from", "a@example.com/x")
		e.Set("to", "b@example.com/y")
		e.Cut(0)
		e.Last("<x/>")
		buf := make([]byte, 0, 8192)
		write := func() { buf = dst.Append(buf[:0], &e, Out{NS: NSServer}) }
		if n := testing.AllocsPerRun(100, write); n != 0 {
			t.Errorf("%s: Append allocates %v times", s.name, n)
		}
	}
	for _, s := range []string{"juliet@example.com/balcony 1", "example.com", "a_b@x-1.example.org"} {
		if n := testing.AllocsPerRun(100, func() { _ = MustJID(s).Bare().Host() }); n != 0 {
			t.Errorf("%s allocates %v times", s, n)
		}
	}
}
