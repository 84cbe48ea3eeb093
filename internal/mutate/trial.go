package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// trial counts what becomes of mutants.
type trial struct {
	root          string
	suites        map[string]*suite
	tried, caught map[string]int // by package
}

func newTrial(root string) *trial {
	return &trial{
		root: root, suites: map[string]*suite{}, tried: map[string]int{}, caught: map[string]int{},
	}
}

// try negates one condition and prints who noticed.
func (t *trial) try(ctx context.Context, c *condition) error {
	start := time.Now()
	var failed failure
	reached, where := false, ""
	for _, pkg := range slices.Compact([]string{c.dir(), "server"}) {
		s, err := t.suite(ctx, pkg)
		if err != nil {
			return err
		}
		reached = reached || s.reached[c.number]
		if failed, err = s.notices(ctx, c); err != nil {
			return err
		}
		if failed.test != "" {
			where = pkg
			break
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	t.tried[c.dir()]++
	verdict := "SURVIVED"
	switch {
	case failed.hangs:
		t.caught[c.dir()]++
		verdict = "hangs in " + where + " " + failed.test
	case failed.test != "":
		t.caught[c.dir()]++
		verdict = "caught by " + where + " " + failed.test
	case !reached:
		verdict = "SURVIVED, no test comes here"
	}
	text := strings.Join(strings.Fields(c.text), " ")
	fmt.Printf("%s: %s: %s (%.1f s)\n", c.where(), text, verdict, time.Since(start).Seconds())
	return nil
}

// suite is the tests of a package, made when they are first needed.
func (t *trial) suite(ctx context.Context, pkg string) (*suite, error) {
	if s, ok := t.suites[pkg]; ok {
		return s, nil
	}
	var args []string
	if pkg == "server" { // each conversation once
		args = []string{"-test.skip=^TestConversations$/^blocking$|^TestConversationsBetweenServers$"}
	}
	s, err := newSuite(ctx, t.root, pkg, args...)
	t.suites[pkg] = s
	return s, err
}

// report prints the counts and says whether they are good enough.
func (t *trial) report() bool {
	caught, tried := 0, 0
	for _, pkg := range slices.Sorted(maps.Keys(t.tried)) {
		fmt.Printf("%-10s %3d of %3d\n", pkg, t.caught[pkg], t.tried[pkg])
		caught, tried = caught+t.caught[pkg], tried+t.tried[pkg]
	}
	fmt.Printf("%d of %d mutants caught\n", caught, tried)
	return tried > 0 && caught*10 >= tried*9
}
