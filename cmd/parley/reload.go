package main

import (
	"context"
	"strings"

	"parley/internal/control"
)

// reload asks the server to read its configuration and certificates again.
func reload(ctx context.Context, inv *invocation) error {
	if _, err := inv.parse(0, 0); err != nil {
		return err
	}
	var r control.Reloaded
	if err := inv.ask(ctx, control.CmdReload, control.None{}, &r); err != nil {
		return err
	}
	inv.say("certificates read again\n")
	if len(r.Applied) > 0 {
		inv.say("applied: %s\n", strings.Join(r.Applied, ", "))
	}
	if len(r.NeedRestart) > 0 {
		inv.say("after a restart: %s\n", strings.Join(r.NeedRestart, ", "))
	}
	return nil
}
