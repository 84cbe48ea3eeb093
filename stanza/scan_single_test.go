package stanza

import (
	"slices"
	"strings"
	"testing"

	"parley/stanza/xmlgen"
)

// dripLimits are near what the inputs of these tests need, so that many reach
// one of them.
var dripLimits = []Limits{
	{},
	{Bytes: 300, Tag: 120, Depth: 4, Attrs: 5, Children: 3},
	{Bytes: 300, Tag: 200, Depth: 3, Attrs: 1, Children: 1},
}

// dripInputs are elements that go on after all that can be passed over, most
// of them wrong.
func dripInputs() []string {
	in := []string{
		"<m to=\"a'b\" id='a\"b' xml:lang='\u0436'><body>\u0436\u00e9 \u20ac</body ></m>",
		"<m a='1' b='2' c='3' d='4' e='5' f='6'/>",
		"<m a='' b='' c='' d='' e='' f=''/>",
		"<m><a/><b/><c/><d/></m>", "<a><b><c><d><e/></d></c></b></a>",
		"<m a:b='' xmlns:a='urn:a'><a:b><a:c/></a:b></m>",
		"<m><![CDATA[a]]b ]]>c]]</m>", "<m>a]]></m>", "<abc></abd>", "<abc></abcd>", "<abc></ab>",
		"<m  a = 'b'\n\tc='d'\r\n/ >", "<m/x>", "<m a='b'c=''/>", "<m a='b'/c>", "<m></ m>", "</m>",
		"<m><a>b</a><c d='e'>f</c><g xmlns='urn:h' i='j' /><a><b>\u0436</b><c/></a></m>",
		"<m><a>b</a></n>", "<m><a>b</a>]]></m>", "<m>'\"<a>b</a>&amp;<b c='\"' d=\"'\">e</b></m>",
		"<m><a></a ><b/>c<d e='f'e='g'>", "<m><a>b</a><c:d/>", "<m><a xmlns='jabber:client'>",
		"<m><a>" + strings.Repeat("x", 110) + "</a><b c='" + strings.Repeat("y", 210) + "'/></m>",
		"<m><a/>" + strings.Repeat("x", 110) + "<" + strings.Repeat("y", 210) + "/></m>",
		"<m>" + strings.Repeat("x", 400) + "</m>", "<m a='" + strings.Repeat("x", 400) + "'/>",
		"<m " + strings.Repeat("a", 400) + "=''/>", "<" + strings.Repeat("m", 400) + "/>",
	}
	stops := []string{"<", ">", "&", "&lt;", "'", "\"", "/", "=", ":", " ", "\t", "-", "-n ", "a",
		"]]>", "\x01", "\u00e9", "\xc3", "\xc3(", "\x80", "\u20ac", "\uffff", "<a", "</m", "a:"}
	for _, start := range []string{"<", "<m", "<m:", "<m ", "<m a", "<m a:", "<m a:b", "<m a=",
		"<m a='", "<m a=\"", "<m a='b", "<m a=\"b", "<m a=''", "<m a=\"\"", "<m a='' ", "<m/", "<m>",
		"<m>b", "<m><", "<m></", "<m><b></", "<m><b></b", "<m><![CDATA[", "<m><![CDATA[b", "<m>&amp;b",
		"<m a='&amp;b"} {
		for _, s := range stops {
			in = append(in, start+s+"n", start+s+"='n'>")
		}
	}
	for _, c := range xmlgen.IllFormed {
		in = append(in, c.XML)
	}
	return slices.Concat(in, xmlgen.Elements)
}

// After each byte that comes alone the scanner has said what one says that gets
// all of them at once: nothing that is wrong is found later, nothing that is
// complete is kept.
func TestScanByteByByte(t *testing.T) {
	said := map[string]bool{}
	for _, l := range dripLimits {
		for _, in := range dripInputs() {
			for n := 1; n <= len(in); n++ {
				once, ended := scanInPieces(t, in[:n], l, n)
				for _, size := range []int{1, 2} {
					if got, _ := scanInPieces(t, in[:n], l, size); got != once {
						t.Fatalf("%+v %q\nin one piece %s\nin pieces of %d %s", l, in[:n], once, size, got)
					}
				}
				if ended {
					said[once] = true
					break
				}
			}
		}
	}
	for _, err := range []*StreamError{errSyntax, errName, errChar, errLess, errSpace, errBrackets,
		errMismatch, errDuplicate, errPrefix, errUTF8, errBytes, errTag, errDepth, errAttrs,
		errChildren} {
		if !said[err.Error()+err.Text] {
			t.Error("no input leads to", err.Text)
		}
	}
}

// scanInPieces says what a scanner with an open stream says to in, and whether
// that ended the stream.
func scanInPieces(t *testing.T, in string, l Limits, size int) (said string, ended bool) {
	t.Helper()
	sc := NewScanner(Limits{})
	if tok, _, err := sc.Scan([]byte(xmlgen.PrefixHeader), nil); tok != Opened {
		t.Fatal(tok, err)
	}
	sc.SetLimits(l)
	for have := min(size, len(in)); ; {
		var s Stanza
		tok, n, err := sc.Scan([]byte(in[:have]), &s)
		switch {
		case err != nil:
			return said + err.Error() + err.(*StreamError).Text, true
		case tok == Found:
			said += describe(&s)
		case tok == More && have == len(in):
			return said, false
		case tok == More:
			have = min(have+size, len(in))
		}
		in, have = in[n:], have-n
	}
}

// What has been passed over counts for its own element only.
func TestDripEnds(t *testing.T) {
	sc := openStream(t)
	const start = "<m>xx"
	if tok, _, err := sc.Scan([]byte(start), new(Stanza)); tok != More || err != nil {
		t.Fatal(tok, err)
	}
	const wrong = "<b>\x01xx" // a byte longer than start
	in := []byte(start + "</m>" + wrong)
	tok, n, err := sc.Scan(in, new(Stanza))
	if tok != Found || n != len(in)-len(wrong) {
		t.Fatal(tok, n, err)
	}
	if tok, _, err := sc.Scan(in[n:], new(Stanza)); err == nil {
		t.Error("a wrong character after an element:", tok)
	}
	sc = openStream(t)
	for _, in := range []string{start, start + "x\x01", start + "x"} {
		tok, _, err = sc.Scan([]byte(in), new(Stanza))
	}
	if err == nil {
		t.Error("after an error:", tok)
	}
}

// Nearly all bytes of usual stanzas are passed over, or their coming alone
// costs much.
func TestDripPasses(t *testing.T) {
	for _, s := range samples {
		checkPasses(t, s.name, s.xml)
	}
	checkPasses(t, "text", "<message><body>"+strings.Repeat("x", 70000)+"</body></message>")
	checkPasses(t, "value", "<message to='"+strings.Repeat("x", 60000)+"'/>")
}

func checkPasses(t *testing.T, name, in string) {
	t.Helper()
	sc, asked, read := openStream(t), 0, 0
	sc.SetLimits(Limits{})
	for n := 1; n < len(in); n++ {
		if sc.Passes(bytesOf(in)[:n]) {
			continue
		}
		asked++
		if tok, _, err := sc.Scan(bytesOf(in)[:n], nil); tok != More || err != nil {
			t.Fatalf("%s after %d bytes: %v, %v", name, n, tok, err)
		}
		if sc.work != nil && sc.work.pos == n {
			read++
		}
	}
	if most := 3*strings.Count(in, ">") + len(in)/500; read > most {
		t.Errorf("%s: %d of %d bytes are read", name, read, len(in))
	}
	if most := 5*strings.Count(in, ">") + len(in)/500; asked > most {
		t.Errorf("%s: for %d of %d bytes Scan is called", name, asked, len(in))
	}
}
