package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"parley/internal/control"
	"parley/stanza"
)

// maxSessions bounds the list that is printed.
const maxSessions = 10000

// sessions lists who is logged in, or ends sessions.
func sessions(ctx context.Context, inv *invocation) error {
	kick := inv.flags.String("kick", "", "end this session, or all of this account (`JID`)")
	args, err := inv.parse(0, 1)
	if err != nil {
		return err
	}
	if *kick != "" {
		return kickSessions(ctx, inv, *kick)
	}
	ask := control.SessionsArgs{Max: maxSessions}
	if len(args) == 1 {
		ask.JID = args[0]
	}
	var list []control.Session
	if err := inv.ask(ctx, control.CmdSessions, ask, &list); err != nil {
		return err
	}
	return inv.printSessions(list)
}

// kickSessions ends one session or all of an account.
func kickSessions(ctx context.Context, inv *invocation, text string) error {
	jid, err := stanza.ParseJID(text)
	if err != nil {
		return fmt.Errorf("%q is no address: %w", text, err)
	}
	var n control.Count
	if err := inv.ask(ctx, control.CmdKick, control.KickArgs{JID: jid.String()}, &n); err != nil {
		return err
	}
	if n.Count == 0 {
		return fmt.Errorf("%s is not logged in", jid)
	}
	inv.say("ended %d of %s\n", n.Count, jid)
	return nil
}

// printSessions prints a table.
func (inv *invocation) printSessions(list []control.Session) error {
	table := tabwriter.NewWriter(inv.stdout, 0, 0, 2, ' ', 0)
	for _, s := range list {
		presence := "unavailable"
		if s.Available {
			presence = fmt.Sprintf("priority %d", s.Priority)
		}
		tls := s.TLS
		switch {
		case s.Detached:
			tls = "no connection"
		case tls == "":
			tls = "no TLS"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\tfor %s, quiet for %s\t%s\t%s\n", s.JID, s.Address, presence,
			inv.ago(s.Since), inv.ago(s.LastSeen), tls, s.Mechanism)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	inv.say("%d sessions\n", len(list))
	return nil
}
