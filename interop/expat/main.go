// Command expat has libexpat, through Python's pyexpat with namespaces, check
// what package stanza lets through: every stream header and stanza that the
// scanner accepts, and every form in which it is written to another stream,
// must be well-formed for expat too, and mean the same. It reads the tables of
// xmlgen, the fuzz corpus, generated stanzas and mutations of them all.
//
// It ends with status 1 when expat refuses something: run interop/expat/run.
package main

import (
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"

	"parley/stanza/xmlgen"
)

func main() {
	python := flag.String("python", "/usr/bin/python3", "interpreter with pyexpat")
	script := flag.String("script", "interop/expat/check.py", "the checking script")
	corpus := flag.String("corpus", "stanza/testdata/fuzz", "folder of the fuzz corpus")
	n := flag.Int("n", 20000, "how many mutated and how many generated streams")
	seed := flag.Uint64("seed", 1, "of the random choices")
	flag.Parse()
	findings, err := run(*python, *script, *corpus, *n, *seed)
	if err != nil {
		log.Fatal(err)
	}
	if findings > 0 {
		os.Exit(1)
	}
}

// run checks everything and says how often expat disagreed.
func run(python, script, corpus string, n int, seed uint64) (findings int, err error) {
	streams, tapes, err := readCorpus(corpus)
	if err != nil {
		return 0, fmt.Errorf("read corpus: %w", err)
	}
	streams = append(streams, xmlgen.Streams()...)
	for _, t := range tapes {
		g := xmlgen.New(t)
		streams = append(streams, g.Header()+g.Element())
	}
	p, err := start(python, script)
	if err != nil {
		return 0, fmt.Errorf("start expat: %w", err)
	}
	for _, s := range streams {
		p.checkStream(s)
	}
	r := rand.New(rand.NewPCG(seed, 1))
	for range n {
		p.checkStream(mutate(r, streams[r.IntN(len(streams))]))
		g := xmlgen.New(randomTape(r))
		p.checkStream(g.Header() + g.Element())
	}
	findings, err = p.finish()
	fmt.Printf("%d streams, %d documents read by expat, %d findings\n",
		len(streams)+2*n, p.sent, findings)
	return findings, err
}

// randomTape is a tape for the generator.
func randomTape(r *rand.Rand) []byte {
	tape := make([]byte, 20+r.IntN(200))
	for i := range tape {
		tape[i] = byte(r.Uint32())
	}
	return tape
}
