package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/internal/control"
)

// errNotRunning is what subcommands say that need the server.
var errNotRunning = errors.New("the server is not running; start it with: parley serve")

// ask loads the configuration and asks the server of its data folder.
func (inv *invocation) ask(ctx context.Context, command string, args, result any) error {
	c, err := inv.load()
	if err != nil {
		return err
	}
	err = control.Call(ctx, c.Data, command, args, result)
	if errors.Is(err, control.ErrNotRunning) {
		return errNotRunning
	}
	return err
}

// status prints how the server is doing.
func status(ctx context.Context, inv *invocation) error {
	if _, err := inv.parse(0, 0); err != nil {
		return err
	}
	var s control.Status
	if err := inv.ask(ctx, control.CmdStatus, control.None{}, &s); err != nil {
		return err
	}
	inv.say("version   %s, process %d\n", s.Version, s.PID)
	inv.say("running   %s, since %s\n", inv.ago(s.Started), s.Started.Format(time.DateTime))
	inv.say("config    %s\n", s.Config)
	inv.say("domains   %s\n", strings.Join(s.Domains, ", "))
	for _, addr := range slices.Sorted(maps.Keys(s.Listen)) {
		inv.say("listen    %s %s\n", addr, s.Listen[addr])
	}
	inv.say("sessions  %d\n", s.Sessions)
	if s.Accounts >= 0 {
		inv.say("accounts  %d\n", s.Accounts)
	}
	if s.Servers > 0 {
		inv.say("servers   %d streams: parley s2s\n", s.Servers)
	}
	for _, note := range s.Notes {
		inv.say("note      %s\n", note)
	}
	return nil
}

// ago is how long ago t was, in two units at most.
func (inv *invocation) ago(t time.Time) string {
	if t.IsZero() {
		return "?"
	}
	d := inv.now().Sub(t)
	days, hours := int(d.Hours())/24, int(d.Hours())%24
	minutes, seconds := int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d s", max(seconds, 0))
}
