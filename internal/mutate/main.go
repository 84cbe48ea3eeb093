// Command mutate shows that the tests bite: it negates conditions of rules that
// cite a specification, one at a time and chosen at random, and counts how many
// of the programs that come of it the tests refuse.
//
//	go run ./internal/mutate -n 100 -seed 1
//
// A condition belongs to a rule if it stands in a function whose comment, or a
// comment inside of it, names an RFC or XEP. First the tests of the condition's
// own package run, then, if they notice nothing, the conversations with a whole
// server. The sources are left alone: go build's -overlay puts the changed file
// in place. What survives is printed with file and line; the exit status is 1
// if less than nine tenths were caught.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"
)

func main() {
	n := flag.Int("n", 100, "how many conditions to negate")
	seed := flag.Uint64("seed", 1, "of the random choice")
	only := flag.String("dir", ".", "choose in this `folder` only")
	limit := flag.Duration("timeout", 3*time.Minute, "for the tests of one mutant; one that hangs is caught")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	caught, tried, err := run(ctx, *only, *n, *seed, *limit)
	fmt.Printf("%d of %d mutants caught\n", caught, tried)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
	if tried == 0 || caught*10 < tried*9 {
		os.Exit(1)
	}
}

// run tries n conditions below dir.
func run(ctx context.Context, dir string, n int, seed uint64, limit time.Duration) (caught, tried int, err error) {
	all, err := conditions(dir)
	if err != nil {
		return 0, 0, err
	}
	r := rand.New(rand.NewPCG(seed, 0))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	fmt.Printf("%d conditions of cited rules\n", len(all))
	for _, c := range all {
		if tried == n || ctx.Err() != nil {
			break
		}
		verdict, err := c.try(ctx, limit)
		if err != nil {
			return caught, tried, err
		}
		switch verdict {
		case broken:
			continue
		case refused:
			caught++
		case survived:
			fmt.Printf("SURVIVED %s: %s\n", c.where, c.text)
		}
		tried++
	}
	return caught, tried, ctx.Err()
}
