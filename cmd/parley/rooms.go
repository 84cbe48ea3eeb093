package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"parley/internal/control"
	"parley/stanza"
)

// roomsAtOnce is how many rooms the server is asked for at a time.
const roomsAtOnce = 1000

// rooms lists the rooms, or destroys one.
func rooms(ctx context.Context, inv *invocation) error {
	destroy := inv.flags.String("destroy", "", "remove this room and all that was said there (`JID`)")
	reason := inv.flags.String("reason", "", "what those inside are told when it is destroyed")
	args, err := inv.parse(0, 1)
	if err != nil {
		return err
	}
	if *destroy != "" {
		return destroyRoom(ctx, inv, *destroy, *reason)
	}
	ask := control.RoomsArgs{Max: roomsAtOnce}
	if len(args) == 1 {
		ask.Host = args[0]
	}
	return inv.printRooms(ctx, ask)
}

// destroyRoom removes a room.
func destroyRoom(ctx context.Context, inv *invocation, text, reason string) error {
	jid, err := stanza.ParseJID(text)
	if err != nil || jid.Local() == "" || jid.IsFull() {
		return fmt.Errorf("%q is no address of a room", text)
	}
	ask := control.DestroyArgs{JID: jid.String(), Reason: reason}
	if err := inv.ask(ctx, control.CmdDestroy, ask, nil); err != nil {
		return err
	}
	inv.say("destroyed %s\n", jid)
	return nil
}

// printRooms prints a table, a page at a time.
func (inv *invocation) printRooms(ctx context.Context, ask control.RoomsArgs) error {
	n := 0
	for {
		var list []control.Room
		if err := inv.ask(ctx, control.CmdRooms, ask, &list); err != nil {
			return err
		}
		table := tabwriter.NewWriter(inv.stdout, 0, 0, 2, ' ', 0)
		for _, r := range list {
			public := "hidden"
			if r.Public {
				public = "public"
			}
			fmt.Fprintf(table, "%s\t%d inside\t%s\t%s\n", r.JID, r.Occupants, public, r.Name)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		n += len(list)
		if len(list) < ask.Max {
			break
		}
		ask.After = list[len(list)-1].JID
	}
	inv.say("%d rooms\n", n)
	return nil
}
