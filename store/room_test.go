package store

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// TestRooms: a room, its users and its archive are found again, and all of it
// goes with the room.
func TestRooms(t *testing.T) {
	db, ctx := openIn(t, t.TempDir(), Options{}), t.Context()
	r := Room{Host: "chat.lit", Local: "coven", Config: "{}", Secret: "s", Created: time.Unix(1, 0)}
	users := []RoomUser{{JID: "bad.lit", Affiliation: -1, Reason: "spam"},
		{JID: "crone@witch.lit", Affiliation: 3, Nick: "first"}}
	write := func(fn func(tx *Tx) error) error { return db.Update(ctx, fn) }
	err := write(func(tx *Tx) (err error) {
		if r.ID, err = tx.CreateRoom(&r); err != nil {
			return err
		}
		return errors.Join(tx.SetRoomUser(r.ID, users[0]), tx.SetRoomUser(r.ID, users[1]),
			tx.SetRoomSubject(r.ID, "<message/>"), tx.SetRoomConfig(r.ID, `{"name":"x"}`),
			tx.SetRoomVCard(r.ID, "<vCard/>"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := write(func(tx *Tx) error { _, err := tx.CreateRoom(&r); return err }); !errors.Is(err, ErrExists) {
		t.Errorf("a second one: %v", err)
	}
	r.Subject, r.Config, r.VCard = "<message/>", `{"name":"x"}`, "<vCard/>"
	if got := must[Room](t)(db.Room(ctx, "chat.lit", "coven")); got.Created.Unix() != 1 ||
		got.ID != r.ID || got.Subject != r.Subject || got.Config != r.Config || got.VCard != r.VCard {
		t.Errorf("room %+v, want %+v", got, r)
	}
	if got := must[[]RoomUser](t)(db.RoomUsers(ctx, r.ID)); !slices.Equal(got, users) {
		t.Errorf("users %+v, want %+v", got, users)
	}
	if n := must[int](t)(db.CountRooms(ctx, "chat.lit", "crone@witch.lit", 3)); n != 1 {
		t.Errorf("%d rooms owned, want 1", n)
	}
	if list := must[[]Room](t)(db.Rooms(ctx, "chat.lit", "", 0)); len(list) != 1 {
		t.Errorf("%d rooms, want 1", len(list))
	}
	if list := must[[]Room](t)(db.Rooms(ctx, "chat.lit", "coven", 0)); len(list) != 0 {
		t.Errorf("%d rooms behind the last", len(list))
	}
	users[0].Affiliation = 0
	if err := write(func(tx *Tx) error {
		return errors.Join(tx.SetRoomUser(r.ID, users[0]), tx.DeleteRoom(r.ID))
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Room(ctx, "chat.lit", "coven"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted room: %v", err)
	}
	if got := must[[]RoomUser](t)(db.RoomUsers(ctx, r.ID)); len(got) != 0 {
		t.Errorf("users %+v of a deleted room", got)
	}
}
