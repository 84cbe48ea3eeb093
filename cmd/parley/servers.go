package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"parley/internal/control"
)

// servers lists the streams to and from other servers, and the domains that
// cannot be reached.
func servers(ctx context.Context, inv *invocation) error {
	args, err := inv.parse(0, 1)
	if err != nil {
		return err
	}
	var ask control.ServersArgs
	if len(args) == 1 {
		ask.Domain = args[0]
	}
	var list []control.Peer
	if err := inv.ask(ctx, control.CmdServers, ask, &list); err != nil {
		return err
	}
	return inv.printServers(list)
}

// printServers prints a table, and below it why domains could not be reached.
func (inv *invocation) printServers(list []control.Peer) error {
	table := tabwriter.NewWriter(inv.stdout, 0, 0, 2, ' ', 0)
	streams := 0
	for _, s := range list {
		if s.Address != "" {
			streams++
		}
		fmt.Fprintf(table, "%s\t%s\t%s %s\t%s\t%s\t%s\tfor %s\t%s\n", s.Remote, s.Local,
			arrow(s.Direction), s.Address, s.State, proof(s), security(s), inv.ago(s.Since), waiting(s))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	told := map[string]bool{}
	for _, s := range list {
		if s.Error != "" && !told[s.Remote] {
			told[s.Remote] = true
			inv.say("%s failed last: %s\n", s.Remote, s.Error)
		}
	}
	inv.say("%d streams\n", streams)
	return nil
}

// arrow shows which way stanzas go: from us, to us, both.
func arrow(direction string) string {
	switch direction {
	case "out":
		return "->"
	case "in":
		return "<-"
	case "both":
		return "<->"
	}
	return "-"
}

// proof is how the peer has proven who it is.
func proof(s control.Peer) string {
	switch {
	case s.Proof != "":
		return s.Proof
	case s.Address == "":
		return "-"
	}
	return "not proven"
}

// security is TLS version and cipher.
func security(s control.Peer) string {
	switch {
	case s.TLS != "":
		return s.TLS + " " + s.Cipher
	case s.Address == "":
		return "-"
	}
	return "no TLS"
}

// waiting is what waits to be sent, and what the peer has not confirmed.
func waiting(s control.Peer) string {
	return fmt.Sprintf("%d bytes wait, %d unconfirmed", s.Queued, s.Unconfirmed)
}

// checkServer has the running server connect to another one.
func checkServer(ctx context.Context, inv *invocation) error {
	args, err := inv.parse(1, 1)
	if err != nil {
		return err
	}
	var steps []control.Step
	if err := inv.ask(ctx, control.CmdProbe, control.ProbeArgs{Domain: args[0]}, &steps); err != nil {
		return err
	}
	worst := levelGood
	for n, s := range steps {
		f := finding{levelGood, s.Result, s.Mend}
		switch {
		case s.OK:
		case n == len(steps)-1:
			f.level = levelRed // it ended with this
		default:
			f.level = levelWarn
		}
		worst = max(worst, inv.report(s.Name, []finding{f}))
	}
	if worst == levelRed {
		return errRed
	}
	return nil
}
