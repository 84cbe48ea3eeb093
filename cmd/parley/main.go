// Command parley is the XMPP server and everything its admin needs: it sets
// itself up (quickstart), serves, checks its surroundings, describes its
// configuration and talks to the server that runs. Each subcommand has a file;
// commands.go has the table.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for streams to close
	code := run(ctx, system(), os.Args[1:])
	stop()
	os.Exit(code)
}
