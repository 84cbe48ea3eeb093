package stanza

import (
	"math/rand/v2"
	"testing"

	"parley/stanza/xmlgen"
)

// FuzzEditGenerated is FuzzEdit with stream headers and stanzas that a
// generator makes from the input.
func FuzzEditGenerated(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		tape := make([]byte, 40+r.IntN(200))
		for i := range tape {
			tape[i] = byte(r.Uint32())
		}
		f.Add(tape, tape[:r.IntN(12)])
	}
	f.Fuzz(func(t *testing.T, tape, code []byte) {
		g := xmlgen.New(tape)
		checkStream(t, g.Header(), g.Element(), newProgram(code))
	})
}

// checkStream reads one header and one element, and writes that to all
// receivers.
func checkStream(t *testing.T, header, element string, p *program) {
	t.Helper()
	sc := NewScanner(Limits{})
	if tok, n, err := sc.Scan([]byte(header), nil); tok != Opened || n != len(header) {
		if err == nil {
			t.Fatalf("%q: %v %d", header, tok, n)
		}
		return
	}
	var s Stanza
	tok, n, err := sc.Scan([]byte(element), &s)
	if err != nil {
		return
	}
	if tok != Found || n != len(element) {
		t.Fatalf("%q after %q: %v %d", element, header, tok, n)
	}
	checkToken(t, sc, &s, element, header)
	for _, r := range receivers {
		checkEdit(t, sc, &s, header, p, r)
	}
}

// Most of what the generator makes must be accepted, or it tests little.
func TestGeneratedStreams(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	accepted, rewritten, inherited := 0, 0, 0
	for range 1000 {
		tape := make([]byte, 300)
		for i := range tape {
			tape[i] = byte(r.Uint32())
		}
		g := xmlgen.New(tape)
		header, element := g.Header(), g.Element()
		checkStream(t, header, element, newProgram(tape[:2*r.IntN(6)]))
		sc, s := NewScanner(Limits{}), new(Stanza)
		if tok, _, _ := sc.Scan([]byte(header), nil); tok != Opened {
			continue
		}
		if tok, _, _ := sc.Scan([]byte(element), s); tok == Found && !s.empty {
			accepted++
			if s.extra != nil {
				rewritten += min(1, len(s.extra.redeclared))
				inherited += min(1, len(s.extra.decls))
			}
		}
	}
	if accepted < 200 || rewritten < 10 || inherited < 20 {
		t.Errorf("%d accepted, %d with content namespaces to rewrite, %d with inherited prefixes",
			accepted, rewritten, inherited)
	}
}
