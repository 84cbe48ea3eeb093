package store

import (
	"slices"
	"strings"
	"testing"
)

// TestPublicRooms: public rooms are found by name from both ends, hidden ones and
// those of other hosts are not among them.
func TestPublicRooms(t *testing.T) {
	db := openTest(t, Options{})
	for _, r := range []Room{
		{Local: "a", Config: `{"public":true}`}, {Local: "b", Config: `{"public":false}`},
		{Local: "c", Config: `{"public":true}`}, {Local: "d", Config: `{}`},
		{Local: "e", Config: `{"public":true}`},
		{Host: "other", Local: "f", Config: `{"public":true}`},
	} {
		if r.Host == "" {
			r.Host = "h"
		}
		err := db.Update(t.Context(), func(tx *Tx) error {
			_, err := tx.CreateRoom(&r)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		query RoomQuery
		want  []string
	}{
		{RoomQuery{Max: 9}, []string{"a", "c", "e"}},
		{RoomQuery{Max: 2}, []string{"a", "c"}},
		{RoomQuery{Max: 2, Backward: true}, []string{"c", "e"}},
		{RoomQuery{Max: 9, After: "a"}, []string{"c", "e"}},
		{RoomQuery{Max: 9, After: "b"}, []string{"c", "e"}},
		{RoomQuery{Max: 1, Before: "e", Backward: true}, []string{"c"}},
		{RoomQuery{Max: 9, After: "a", Before: "e"}, []string{"c"}},
		{RoomQuery{Max: 0}, nil},
		{RoomQuery{Max: 9, After: "e"}, nil},
	} {
		list, err := db.PublicRooms(t.Context(), "h", c.query)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range list {
			got = append(got, r.Local)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.query, got, c.want)
		}
	}
	if n, err := db.CountPublicRooms(t.Context(), "h"); n != 3 || err != nil {
		t.Errorf("%d public rooms, %v", n, err)
	}
}

// TestPublicRoomsIndex: the list is found by an index, however many hidden rooms
// there are.
func TestPublicRoomsIndex(t *testing.T) {
	db := openTest(t, Options{})
	plan := ""
	err := db.view(t.Context(), func(q querier) error {
		var id, parent, unused int
		return q.row(`EXPLAIN QUERY PLAN SELECT count(*) FROM room`+publicRooms,
			args("h"), &id, &parent, &unused, &plan)
	})
	if err != nil || !strings.HasSuffix(plan, "INDEX room_public (host=?)") {
		t.Errorf("the plan is %q (%v)", plan, err)
	}
}
