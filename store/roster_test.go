package store

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func put(t testing.TB, db *DB, item RosterItem) (version int64) {
	t.Helper()
	update(t, db, func(tx *Tx) (err error) {
		version, err = tx.PutRosterItem(1, item)
		return err
	})
	return version
}

func remove(t testing.TB, db *DB, jid string) (version int64) {
	t.Helper()
	update(t, db, func(tx *Tx) (err error) {
		version, err = tx.DeleteRosterItem(1, jid)
		return err
	})
	return version
}

func TestRosterItemIsKeptWhole(t *testing.T) {
	db := openTest(t, Options{})
	for i, item := range []RosterItem{
		{},
		{Name: "Ü <&", Groups: []string{"a"}, To: true},
		{Groups: []string{"b\nc", " ", "a,b"}, From: true},
		{Groups: []string{""}, Ask: true}, {Groups: []string{"", "x"}, Approved: true},
		{Pending: "<presence type='subscribe'/>"}, {Listed: true},
		{Name: "all", To: true, From: true, Ask: true, Approved: true, Listed: true},
	} {
		item.JID = fmt.Sprint(i, "@example.net")
		item.Version = put(t, db, item)
		for range 2 {
			update(t, db, func(tx *Tx) error {
				got, ok, err := tx.RosterItem(1, item.JID)
				if !ok || !reflect.DeepEqual(got, item) {
					t.Errorf("%+v, want %+v", got, item)
				}
				return err
			})
			item.Name = "" // and again over the old one
			item.Version = put(t, db, item)
		}
	}
	update(t, db, func(tx *Tx) error {
		if item, ok, err := tx.RosterItem(2, "0@example.net"); ok || err != nil {
			t.Errorf("another account has %+v, %v", item, err)
		}
		n, err := tx.CountRoster(1)
		if n != 2 {
			t.Errorf("%d listed", n)
		}
		list, version, err2 := tx.Roster(1)
		if len(list) != 8 || version != 24 {
			t.Errorf("%d items, version %d", len(list), version)
		}
		return errors.Join(err, err2)
	})
}

func TestEmptyRoster(t *testing.T) {
	db := openTest(t, Options{})
	list, version, err := db.Roster(t.Context(), 1)
	if len(list) != 0 || version != 0 || err != nil {
		t.Errorf("%v, %d, %v", list, version, err)
	}
	if got := since(t, db, 0); got != "" {
		t.Errorf("changes: %s", got)
	}
	if got := since(t, db, 1); got != "all" {
		t.Errorf("an unknown version: %s", got)
	}
	refused(t, db, ErrNotFound, func(tx *Tx) error {
		_, err := tx.DeleteRosterItem(1, "a@b")
		return err
	})
	if _, version, _ := db.Roster(t.Context(), 1); version != 0 {
		t.Errorf("version %d after a removal of nothing", version)
	}
}

// since is what RosterChanges says, and checks that RosterSince agrees.
func since(t *testing.T, db *DB, version int64) string {
	t.Helper()
	list, ok, err := db.RosterChanges(t.Context(), 1, version)
	changed, removed, ok2, err2 := db.RosterSince(t.Context(), 1, version)
	if err != nil || err2 != nil || ok != ok2 || len(list) != len(changed)+len(removed) {
		t.Fatalf("%v %v, %v %v %v", list, err, changed, removed, err2)
	}
	if !ok {
		return "all"
	}
	s := ""
	for _, i := range list {
		if i.Listed {
			s += fmt.Sprint(" +", i.JID, i.Version)
		} else {
			s += fmt.Sprint(" -", i.JID, i.Version)
		}
	}
	return s
}

func TestRosterVersions(t *testing.T) {
	db := openTest(t, Options{})
	a, b := RosterItem{JID: "a", Listed: true}, RosterItem{JID: "b", Listed: true}
	c := RosterItem{JID: "c"}
	steps := []struct {
		do   func() int64
		want string // changes since version 2
	}{
		{func() int64 { return put(t, db, a) }, "all"},
		{func() int64 { return put(t, db, b) }, ""},
		{func() int64 { return put(t, db, c) }, ""}, // in no roster that a client sees
		{func() int64 { return put(t, db, a) }, " +a4"},
		{func() int64 { return remove(t, db, "b") }, " +a4 -b5"},
		{func() int64 { return remove(t, db, "c") }, " +a4 -b5"},
		{func() int64 { a.Listed = false; return put(t, db, a) }, " -b5 -a7"},
		{func() int64 { return put(t, db, b) }, " -a7 +b8"},
		{func() int64 { return remove(t, db, "a") }, " -a7 +b8"},
		{func() int64 { a.Listed = true; return put(t, db, a) }, " +b8 +a10"},
		{func() int64 { return remove(t, db, "a") }, " +b8 -a11"},
	}
	for i, step := range steps {
		if version := step.do(); version != int64(i+1) {
			t.Errorf("step %d: version %d", i+1, version)
		}
		if got := since(t, db, 2); got != step.want {
			t.Errorf("step %d: changes %q, want %q", i+1, got, step.want)
		}
	}
	update(t, db, func(tx *Tx) error { return tx.DeleteRoster(1) })
	if got := since(t, db, 2); got != "all" {
		t.Errorf("an emptied roster: %q", got)
	}
}

// TestRemovalsAreBounded: who knows a version before the removals that are
// remembered gets the whole roster, all others the right changes.
func TestRemovalsAreBounded(t *testing.T) {
	db := openTest(t, Options{})
	const n = maxRemoved + 20
	update(t, db, func(tx *Tx) (err error) {
		for i := 0; i < n && err == nil; i++ {
			jid := fmt.Sprintf("%04d", i)
			_, err1 := tx.PutRosterItem(1, RosterItem{JID: jid, Listed: true})
			_, err2 := tx.DeleteRosterItem(1, jid)
			err = errors.Join(err1, err2)
		}
		return err
	})
	if rows := number(t, db, `SELECT count(*) FROM roster_removed`); rows != maxRemoved {
		t.Errorf("%d removals", rows)
	}
	// Item i was removed with version 2i+2; 0 to 19 are forgotten.
	for version, want := range map[int64]int{
		39: -1, 40: maxRemoved, 41: maxRemoved, 42: maxRemoved - 1,
		2*n - 1: 1, 2 * n: 0, 2*n + 1: -1,
	} {
		_, removed, ok, err := db.RosterSince(t.Context(), 1, version)
		if err != nil || ok != (want >= 0) || ok && len(removed) != want || !slices.IsSorted(removed) {
			t.Errorf("since %d: %d, %v, %v", version, len(removed), ok, err)
		}
	}
}

// TestRosterIsOneState: items and version are read at the same moment.
func TestRosterIsOneState(t *testing.T) {
	db := openTest(t, Options{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := range 300 {
			db.Update(t.Context(), func(tx *Tx) error {
				_, err := tx.PutRosterItem(1, RosterItem{JID: fmt.Sprint(i), Name: strings.Repeat("x", 100)})
				return err
			})
		}
	}()
	for going := true; going; {
		select {
		case <-ended:
			going = false
		default:
		}
		list, version, err := db.Roster(t.Context(), 1)
		if err != nil || int64(len(list)) != version {
			t.Fatalf("%d items in version %d, %v", len(list), version, err)
		}
	}
}
