package stanza

import (
	"os"
	"strconv"
	"strings"
	"testing"
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

// TestEdits follows testdata/edits.txt.
func TestEdits(t *testing.T) {
	text, err := os.ReadFile("testdata/edits.txt")
	if err != nil {
		t.Fatal(err)
	}
	header, in, checked := "", "", 0
	var e *Edits
	outs := map[string]Out{
		"client": {}, "server": {NS: NSServer}, "component": {NS: NSComponent}, "alone": {XMLNS: true},
	}
	for n, line := range strings.Split(string(text), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch out, isOut := outs[word]; {
		case isOut:
			checked++
			s := read(t, header, in)
			if got := string(s.Append([]byte("> "), e, out)); got != "> "+rest {
				t.Errorf("line %d:\ngot  %s\nwant > %s", n+1, got, rest)
			}
		case word == "header":
			header = rest
		case word == "in":
			in, e = rest, nil
		case line != "" && word[0] != '#':
			if e == nil {
				e = new(Edits)
			}
			if !addEdit(e, word, rest) {
				t.Fatalf("line %d: %s", n+1, line)
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d outputs", checked)
	}
}

// addEdit adds the edit of one line.
func addEdit(e *Edits, word, rest string) bool {
	name, value, _ := strings.Cut(rest, " ")
	if v, err := strconv.Unquote(value); err == nil {
		value = v
	}
	switch word {
	case "set":
		e.Set(name, value)
	case "drop":
		e.Drop(name)
	case "cut":
		i, err := strconv.Atoi(rest)
		if err != nil {
			return false
		}
		e.Cut(i)
	case "first":
		e.First(rest)
	case "last":
		e.Last(rest)
	default:
		return false
	}
	return true
}

// A copy of complete edits may be changed without changing the original.
func TestEditsCopy(t *testing.T) {
	s := MustParse("<message/>")
	var e Edits
	for range 9 {
		e.Last("<x/>")
	}
	before := string(s.Append(nil, &e, Out{}))
	a, b := e, e
	a.Set("a", "1")
	b.Set("b", "2")
	a.Last("<a/>")
	b.Last("<b/>")
	if got := string(s.Append(nil, &e, Out{})); got != before {
		t.Errorf("a copy changed it to %s", got)
	}
	for want, c := range map[string]*Edits{"<a/></message>": &a, "<b/></message>": &b} {
		if got := string(s.Append(nil, c, Out{})); !strings.HasSuffix(got, want) {
			t.Errorf("%s, want %s at the end", got, want)
		}
	}
	for want, c := range map[string]*Edits{"<message a='1'>": &a, "<message b='2'>": &b} {
		if got := string(s.Append(nil, c, Out{})); !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s at the beginning", got, want)
		}
	}
}
