package stanza

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"parley/stanza/xmlgen"
)

// event is one result of a scanner, for comparison.
type event struct {
	tok Token
	n   int
	txt string
}

// scanAll scans a stream that comes in pieces of the sizes that next returns.
// The last event is the error, or More.
func scanAll(in []byte, l Limits, next func() int, each func(*Scanner, *Stanza, []byte)) []event {
	sc := NewScanner(l)
	var out []event
	have := min(next(), len(in))
	for {
		var s Stanza
		// Each call has a buffer of its own that is overwritten afterwards:
		// nothing may be kept that points into it.
		buf := bytes.Clone(in[:have])
		tok, n, err := sc.Scan(buf, &s)
		for i := range buf {
			buf[i] = '!'
		}
		if err != nil {
			return append(out, event{txt: err.Error() + ": " + err.(*StreamError).Text})
		}
		if tok == More {
			if have == len(in) {
				return append(out, event{tok: More})
			}
			have = min(have+max(next(), 1), len(in))
			continue
		}
		e := event{tok: tok, n: n}
		switch tok {
		case Found:
			e.txt = describe(&s)
		case Opened:
			e.txt = fmt.Sprintf("%+v", *sc.Header())
		case Space: // how much of it comes at once depends on the pieces
			if last := len(out) - 1; last >= 0 && out[last].tok == Space {
				out[last].n += n
				e.n = 0
			}
		}
		if e.n > 0 {
			out = append(out, e)
		}
		if each != nil {
			each(sc, &s, in[:n])
		}
		in, have = in[n:], have-n
	}
}

// describe is all that is to be seen of a stanza.
func describe(s *Stanza) string {
	list := []Child{}
	for _, c := range s.Children() {
		list = append(list, c)
	}
	return fmt.Sprintf("%q kind=%d {%s}%s type=%q id=%q lang=%q to=%q from=%q bad=%v,%v %v", s.Raw,
		s.Kind, s.NS, s.Name, s.Type, s.ID, s.Lang, s.To, s.From, s.BadTo, s.BadFrom, list)
}

func whole() int { return 1 << 30 }

// FuzzScan scans a stream in one piece, byte by byte and in random pieces,
// with the same results wherever it is cut off; what is accepted, encoding/xml accepts with the same
// infoset.
func FuzzScan(f *testing.F) {
	for _, s := range xmlgen.Streams() {
		f.Add([]byte(s), uint64(1), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64, tight bool) {
		var l Limits
		if tight {
			l = Limits{Bytes: 300, Tag: 120, Depth: 4, Attrs: 5, Children: 3}
		}
		read := ""
		once := scanAll(in, l, whole, func(sc *Scanner, s *Stanza, token []byte) {
			read = checkToken(t, sc, s, string(token), read)
		})
		r := rand.New(rand.NewPCG(seed, 1))
		checkPieces(t, in, l, r, once)
		in = in[:r.IntN(len(in)+1)]
		checkPieces(t, in, l, r, scanAll(in, l, whole, nil))
	})
}

// checkPieces scans a stream in pieces, with the results it had in one.
func checkPieces(t *testing.T, in []byte, l Limits, r *rand.Rand, once []event) {
	t.Helper()
	for name, next := range map[string]func() int{
		"byte by byte":     func() int { return 1 },
		"in random pieces": func() int { return 1 + r.IntN(20) },
		"mostly in bytes":  func() int { return 1 + max(0, r.IntN(80)-60) },
	} {
		if got := scanAll(in, l, next, nil); fmt.Sprint(got) != fmt.Sprint(once) {
			t.Fatalf("%q\nin one piece %v\n%s %v", in, once, name, got)
		}
	}
}

// checkToken compares what has been accepted with encoding/xml's view. read is
// the stream header; the new one is returned.
func checkToken(t *testing.T, sc *Scanner, s *Stanza, token, read string) string {
	t.Helper()
	switch {
	case strings.Contains(token, "stream") && s.Raw == "" && strings.TrimSpace(token) != "":
		if sc.state != inStream {
			return read
		}
		root, err := parseInfoset(token + "</" + sc.end + ">")
		if err != nil {
			t.Fatalf("header %q: %v", token, err)
		}
		if root.NS != NSStream || root.Name != "stream" {
			t.Fatalf("header %q is {%s}%s", token, root.NS, root.Name)
		}
		return token
	case s.Raw == "":
		return read
	}
	root, err := parseInfoset(read + s.Raw + "</" + sc.end + ">")
	if err != nil {
		t.Fatalf("accepted %q in %q: %v", s.Raw, read, err)
	}
	checkStanza(t, s, root.elements()[0])
	return read
}

// checkStanza compares a stanza with encoding/xml's view of it.
func checkStanza(t *testing.T, s *Stanza, want *node) {
	t.Helper()
	if got := elementString(s.Root()); got != want.textFirst().String() {
		t.Fatalf("%q\ngot  %s\nwant %s", s.Raw, got, want.textFirst())
	}
	if s.Name != want.Name || s.NS != want.NS {
		t.Fatalf("%q is {%s}%s, want {%s}%s", s.Raw, s.NS, s.Name, want.NS, want.Name)
	}
	kids := want.elements()
	if len(kids) != s.ChildCount() {
		t.Fatalf("%q has %d children, want %d", s.Raw, s.ChildCount(), len(kids))
	}
	for i, c := range s.Children() {
		if c.Name != kids[i].Name || c.NS != kids[i].NS {
			t.Fatalf("%q: child %v, want {%s}%s", s.Raw, c, kids[i].NS, kids[i].Name)
		}
		if got := elementString(s.Element(c)); got != kids[i].textFirst().String() {
			t.Fatalf("%q: child %s, want %s", s.Raw, got, kids[i].textFirst())
		}
		if s.Raw[c.Start] != '<' || s.Raw[c.End-1] != '>' {
			t.Fatalf("%q: child %v is %q", s.Raw, c, s.Raw[c.Start:c.End])
		}
	}
	for name, got := range map[string]string{"type": s.Type, "id": s.ID} {
		if strings.Map(blank, got) != want.attr("{}"+name) {
			t.Fatalf("%q: %s is %q, want %q", s.Raw, name, got, want.attr("{}"+name))
		}
	}
}
