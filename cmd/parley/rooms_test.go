package main

import (
	"context"
	"strings"
	"testing"

	"parley/internal/control"
)

func TestRooms(t *testing.T) {
	w := newWorld(t)
	w.config(`domains = ["example.org"]`)
	var asked control.RoomsArgs
	var gone control.DestroyArgs
	w.serve(map[string]control.Handler{
		control.CmdRooms: control.Handle(
			func(_ context.Context, a control.RoomsArgs) ([]control.Room, error) {
				asked = a
				return []control.Room{{JID: "coven@rooms.lit", Name: "A Dark Cave", Public: true},
					{JID: "heath@rooms.lit", Occupants: 12}}, nil
			}),
		control.CmdDestroy: control.Handle(
			func(_ context.Context, a control.DestroyArgs) (control.None, error) {
				gone = a
				return control.None{}, nil
			})})
	w.want("coven@rooms.lit  0 inside   public  A Dark Cave\n"+
		"heath@rooms.lit  12 inside  hidden  \n2 rooms\n", "rooms", "rooms.lit")
	if asked.Host != "rooms.lit" || asked.After != "" {
		t.Errorf("asked for %+v", asked)
	}
	w.want("destroyed coven@rooms.lit\n", "rooms", "--destroy", "Coven@rooms.lit", "--reason", "spam")
	if gone != (control.DestroyArgs{JID: "coven@rooms.lit", Reason: "spam"}) {
		t.Errorf("destroyed %+v", gone)
	}
	if r := w.run("rooms", "--destroy", "rooms.lit"); r.code != 1 ||
		!strings.Contains(r.stderr, "is no address of a room") {
		t.Errorf("%+v", r)
	}
}
