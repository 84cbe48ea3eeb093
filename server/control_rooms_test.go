package server

import (
	"strings"
	"testing"

	"parley/internal/control"
)

// TestControlRooms: an admin sees the rooms, page by page, and removes one; who
// is inside is told why (XEP-0045 section 10.9, Destroying a Room).
func TestControlRooms(t *testing.T) {
	l := startLive(t, false)
	l.account("localhost", "alice")
	alice := l.login("localhost", "alice", "a")
	for _, name := range []string{"coven", "heath"} {
		alice.send("<presence to='" + name + "@conference.localhost/crone'>" +
			"<x xmlns='http://jabber.org/protocol/muc'/></presence>")
		alice.until("<subject/>")
	}
	ask := control.RoomsArgs{Max: 1}
	list := must[[]control.Room](t)(call[[]control.Room](l, control.CmdRooms, ask))
	if len(list) != 1 || list[0] != (control.Room{JID: "coven@conference.localhost", Occupants: 1}) {
		t.Fatalf("rooms: %+v", list)
	}
	ask.After = list[0].JID
	list = must[[]control.Room](t)(call[[]control.Room](l, control.CmdRooms, ask))
	if len(list) != 1 || list[0].JID != "heath@conference.localhost" {
		t.Fatalf("rooms behind the first: %+v", list)
	}
	ask = control.RoomsArgs{Host: "conference.elsewhere", Max: 10}
	if list = must[[]control.Room](t)(call[[]control.Room](l, control.CmdRooms, ask)); len(list) != 0 {
		t.Errorf("rooms elsewhere: %+v", list)
	}
	gone := control.DestroyArgs{JID: "coven@conference.localhost", Reason: "spam"}
	must[control.None](t)(call[control.None](l, control.CmdDestroy, gone))
	alice.until("<reason>spam</reason>")
	if _, err := call[control.None](l, control.CmdDestroy, gone); err == nil ||
		!strings.Contains(err.Error(), "no such room") {
		t.Errorf("destroyed twice: %v", err)
	}
	if _, err := call[[]control.Room](l, control.CmdRooms, control.RoomsArgs{After: "@"}); err == nil {
		t.Error("a page behind no address")
	}
}
