package store

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// addOutbound adds rows of an account.
func addOutbound(t *testing.T, db *DB, account int64, unsent bool, ids ...int64) {
	t.Helper()
	update(t, db, func(tx *Tx) error {
		for _, id := range ids {
			err := tx.AddOutbound(&Outbound{ID: id, Account: account, Unsent: unsent,
				Stamp: time.Unix(id, 0), Stanza: fmt.Sprintf("<message id='%d'/>", id)})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// outboundIDs are the ids of an account's rows.
func outboundIDs(t *testing.T, db *DB, account int64) (ids []int64) {
	t.Helper()
	for _, o := range must[[]Outbound](t)(db.AccountOutbound(t.Context(), account)) {
		ids = append(ids, o.ID)
	}
	return ids
}

func TestOutbound(t *testing.T) {
	db := openTest(t, Options{})
	addOutbound(t, db, 1, false, 1, 2, 3, 5, 6, 9)
	addOutbound(t, db, 2, false, 4, 7, 8)
	update(t, db, func(tx *Tx) error { return tx.DeleteOutbound([]int64{6, 2, 5, 3, 3, 4, 100}) })
	if got := outboundIDs(t, db, 1); !slices.Equal(got, []int64{1, 9}) {
		t.Errorf("of 1: %v", got)
	}
	accounts, last, err := db.OutboundLeft(t.Context())
	if !slices.Equal(accounts, []int64{1, 2}) || last != 9 || err != nil {
		t.Errorf("left: %v, %d, %v", accounts, last, err)
	}
	update(t, db, func(tx *Tx) error { return tx.DeleteAccountOutbound(1) })
	if got := append(outboundIDs(t, db, 1), outboundIDs(t, db, 2)...); !slices.Equal(got, []int64{7, 8}) {
		t.Errorf("of 2: %v", got)
	}
	o := must[[]Outbound](t)(db.AccountOutbound(t.Context(), 2))[0]
	want := Outbound{ID: 7, Account: 2, Stamp: time.Unix(7, 0).UTC(), Stanza: "<message id='7'/>"}
	if o != want {
		t.Errorf("got %+v, want %+v", o, want)
	}
}

// TestUnsent: what never went out is taken once, after the folder was closed.
func TestUnsent(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, Options{})
	addOutbound(t, db, 1, false, 1, 2, 3, 4)
	update(t, db, func(tx *Tx) error { return tx.MarkUnsent([]int64{4, 2, 100}) })
	closeTest(t, db)
	db = openIn(t, dir, Options{})
	for _, want := range [][]int64{{2, 4}, nil} {
		var got []int64
		update(t, db, func(tx *Tx) error {
			list, err := tx.TakeUnsent()
			got = nil
			for _, o := range list {
				got = append(got, o.ID)
			}
			return err
		})
		if !slices.Equal(got, want) {
			t.Errorf("unsent %v, want %v", got, want)
		}
	}
	if got := outboundIDs(t, db, 1); !slices.Equal(got, []int64{1, 2, 3, 4}) {
		t.Errorf("rows %v", got)
	}
}

// TestConfirmedIsSeen: a read sees what was confirmed before, though that is
// written late.
func TestConfirmedIsSeen(t *testing.T) {
	db := openTest(t, Options{})
	addOutbound(t, db, 1, false, 1, 2)
	db.WriteLater(func(tx *Tx) error { return tx.DeleteOutbound([]int64{1}) }, nil)
	if got := outboundIDs(t, db, 1); !slices.Equal(got, []int64{2}) {
		t.Errorf("rows %v", got)
	}
}

// TestSecondFixture holds what a database of version 2 has beyond the first.
func TestSecondFixture(t *testing.T) {
	db := openIn(t, fixture(t, 2), Options{})
	list := must[[]Outbound](t)(db.AccountOutbound(t.Context(), 1))
	if len(list) != 2 || list[0].Unsent || !list[1].Unsent ||
		list[1].Stanza != "<message><body>kept</body></message>" || list[1].Stamp.Unix() != 1700000004 {
		t.Errorf("rows %+v", list)
	}
}
