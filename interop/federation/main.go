// Federation plays conversations between our server and others, each a process on
// its own loopback address: by certificates, by dialback, by TLS from the start,
// and while one of them is killed. See run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

// run plays the rounds.
func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("federation", flag.ContinueOnError)
	r := &runner{}
	flags.StringVar(&r.dir, "dir", "", "`folder` for configurations, data and logs")
	flags.StringVar(&r.parley, "parley", "parley", "the `program` under test")
	flags.StringVar(&r.ours, "ours", "parley",
		"`server` in the place of Parley, to try this test itself")
	peers := flags.String("peers", "prosody,ejabberd", "`servers` to federate with")
	only := flags.String("only", "", "a `word` that the names of steps must contain")
	flags.BoolVar(&r.quick, "quick", false, "less of everything")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r.peers, r.only = strings.Split(*peers, ","), *only
	for i, way := range rounds() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.round(ctx, i, way); err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
	}
	fmt.Printf("%d passed, %d failed\n", r.passed, r.failed)
	if r.failed > 0 || r.passed == 0 {
		return fmt.Errorf("logs are in %s", r.dir)
	}
	return nil
}

type runner struct {
	dir, parley, ours string
	peers             []string
	only              string
	quick             bool
	passed, failed    int
}

// round is one way of proving who is who and of connecting.
type round struct {
	name   string
	proof  proof
	policy string
	direct bool // DNS tells only of listeners with TLS from the start
}

func rounds() []round {
	return []round{
		{"certificates", signed, "certificate", false},
		{"dialback", selfSigned, "dialback", false},
		{"direct TLS", signed, "certificate", true},
	}
}

// round starts all servers and plays the steps with each peer.
func (r *runner) round(ctx context.Context, number int, way round) error {
	l, err := newLab(filepath.Join(r.dir, fmt.Sprint(number)), r.parley)
	if err != nil {
		return err
	}
	with := settings{proof: way.proof, policy: way.policy}
	var all []*server
	defer func() {
		for _, s := range all {
			s.kill()
		}
		l.dns.close()
	}()
	for i, kind := range append([]string{r.ours}, r.peers...) {
		with.clients = i == 0
		s, err := l.add(kind, 1+i, with, way.direct)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	if err := startAll(ctx, all...); err != nil {
		return err
	}
	for _, peer := range all[1:] {
		t := &trial{runner: r, lab: l, way: way, ours: all[0], peer: peer}
		if t.run(ctx) && peer == all[1] && number == 0 {
			t.step(ctx, "nobody there", func(ctx context.Context) error {
				return absent(ctx, l, t.duo.ours)
			})
		}
	}
	return nil
}
