// Command mutate shows that the tests bite: it negates conditions of rules that
// cite a specification, one at a time and chosen at random, and counts how many
// of the programs that come of it the tests refuse.
//
//	nice -n 19 go run ./internal/mutate -n 100 -seed 1
//
// A condition belongs to a rule if it stands in a function whose comment, or a
// comment inside of it, names an RFC or XEP. It works on a copy of the last
// commit, in which every such condition is a call that negates it or not as an
// environment variable says: each package is compiled once for all mutants.
//
// First the tests of the condition's own package run, then, if they notice
// nothing, those of the server, conversations with parked connections among
// them. A test that fails must do so twice. Each result is printed as it comes;
// -at file:line tries the conditions of one line. The exit status is 1 if less
// than nine tenths were caught.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
)

func main() {
	n := flag.Int("n", 100, "how many conditions to negate")
	seed := flag.Uint64("seed", 1, "of the random choice")
	at := flag.String("at", "", "negate the conditions at `file:line` instead")
	dir := flag.String("dir", ".", "choose in this `folder` only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	good, err := mutate(ctx, *dir, func(all []*condition) []*condition {
		if *at != "" {
			return slices.DeleteFunc(all, func(c *condition) bool { return c.where() != *at })
		}
		fmt.Printf("%d of %d conditions of cited rules, seed %d\n", min(*n, len(all)), len(all), *seed)
		return choose(all, *n, *seed)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

// choose takes n of the conditions at random.
func choose(all []*condition, n int, seed uint64) []*condition {
	r := rand.New(rand.NewPCG(seed, 0))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(n, len(all))]
}

// mutate tries the chosen conditions of those below dir and says whether nine
// tenths were caught.
func mutate(ctx context.Context, dir string, chosen func([]*condition) []*condition) (bool, error) {
	root, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(root)
	if err := checkout(ctx, root); err != nil {
		return false, err
	}
	all, err := conditions(root, dir)
	if err != nil {
		return false, err
	}
	if err := prepare(root, all); err != nil {
		return false, err
	}
	t := newTrial(root)
	for _, c := range chosen(all) {
		if err = t.try(ctx, c); err != nil {
			break
		}
	}
	return t.report(), err
}
