// Command oracle plays the conversations of server/testdata against another
// server over the network, and holds what differs against a list that says who
// is right and why. It fails when a difference is not in the list. Other
// servers judge our scripts so: what we got wrong in a script and in the server
// alike, they find.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok, err := run(ctx, os.Args[1:])
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(2)
	case !ok:
		os.Exit(1)
	}
}

// run says whether every difference was in the list.
func run(ctx context.Context, args []string) (bool, error) {
	flags := flag.NewFlagSet("oracle", flag.ContinueOnError)
	p := &peer{}
	flags.StringVar(&p.addr, "server", "127.0.0.1:5222", "`address` of the client port")
	flags.StringVar(&p.direct, "direct", "127.0.0.1:5223", "`address` of the port with direct TLS")
	flags.StringVar(&p.domain, "domain", "localhost", "`domain` of the accounts that are made")
	name := flags.String("name", "Prosody", "the server's `column` in the list")
	list := flags.String("list", "interop/oracle/differences.md", "`file` with the list")
	folder := flags.String("scripts", "server/testdata", "`folder` of the scripts")
	can := flags.String("can", "", "`words` of needs: lines that this server fulfils")
	jobs := flags.Int("jobs", 24, "scripts that run at a time; most only wait")
	if err := flags.Parse(args); err != nil {
		return false, err
	}
	p.dialect = dialects()[*name]
	known, err := readList(*list, *name)
	if err != nil {
		return false, err
	}
	scripts, err := readScripts(*folder, flags.Args())
	if err != nil {
		return false, err
	}
	o := &oracle{peer: p, known: known, can: words(*can)}
	o.play(ctx, scripts, *jobs)
	return o.report(os.Stdout, *name), ctx.Err()
}

// words is a set of the words of a text.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		set[w] = true
	}
	return set
}
