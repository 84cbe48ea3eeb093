// Command load puts a bounded load on an XMPP server and tells what an
// operation cost the server in CPU time, and a session in memory. Accounts are
// user0 with password0 and so on (see bench/accounts). It reads /proc, so it
// needs Linux.
//
//	load -pid PID login 1000      logins, each with roster and presence
//	load -pid PID idle 2000       sessions held for -settle
//	load -pid PID chat 50         pairs, -window messages under way in each
//	load -pid PID presence 20     groups of 20 mutual contacts; one in each changes status
//	load -pid PID rooms 10        rooms of -occupants; one in each speaks, as often as it is heard or -every
//
// With -to-addr, -to-domain and -to-pid the receivers of chat are at another
// server, and the cost is that of both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"time"
)

// options of all scenarios.
type options struct {
	place
	window       int
	occupants    int
	time, settle time.Duration
	every        time.Duration
	relay        bool

	to place // of those who receive, zero for the same
}

// place is a server.
type place struct {
	addr, domain string
	pid          int
}

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "127.0.0.1:5222", "server `address`")
	flag.StringVar(&o.domain, "domain", "localhost", "XMPP domain")
	flag.IntVar(&o.pid, "pid", 0, "server `process`")
	flag.IntVar(&o.window, "window", 4, "messages under way in a pair")
	flag.DurationVar(&o.time, "time", 10*time.Second, "how long chat, presence and rooms are measured")
	flag.IntVar(&o.occupants, "occupants", 50, "occupants of a room")
	flag.DurationVar(&o.every, "every", 0, "`interval` of the messages of a room, 0: the next when all have got the last")
	flag.BoolVar(&o.relay, "relay", false, "the rooms are those of bench/relay")
	flag.DurationVar(&o.settle, "settle", 60*time.Second, "how long sessions are idle before memory is read")
	flag.StringVar(&o.to.addr, "to-addr", "", "`address` of the receivers' server")
	flag.StringVar(&o.to.domain, "to-domain", "", "their domain")
	flag.IntVar(&o.to.pid, "to-pid", 0, "their server's `process`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, scenario, count string) error {
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 15000 {
		return errors.New("usage: load [flags] login|idle|chat|presence|rooms N")
	}
	switch scenario {
	case "login":
		return o.login(ctx, n)
	case "idle":
		return o.idle(ctx, n)
	case "chat":
		return o.chat(ctx, n)
	case "presence":
		return o.presence(ctx, n)
	case "rooms":
		return o.rooms(ctx, n)
	}
	return fmt.Errorf("no scenario %q", scenario)
}
