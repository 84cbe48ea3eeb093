package store

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"
)

// TestResumable: how far a session came is what its commits say, and what
// outlives them.
func TestResumable(t *testing.T) {
	ctx := context.Background()
	db := openTest(t, Options{})
	want := func(account int64, id string, n uint32, missing error) {
		t.Helper()
		if got, err := db.Resumable(ctx, account, id); got != n || !errors.Is(err, missing) {
			t.Errorf("%s of account %d: %d %v, want %d %v", id, account, got, err, n, missing)
		}
	}
	update(t, db, func(tx *Tx) error {
		return errors.Join(tx.AddResumable("a", 1), tx.AddResumable("b", 1), tx.AddResumable("c", 2))
	})
	want(1, "a", 0, nil)
	want(2, "a", 0, ErrNotFound) // somebody else's
	update(t, db, func(tx *Tx) error { tx.Handled("a", 4); tx.Handled("a", 1<<32-1); tx.Handled("x", 7); return nil })
	want(1, "a", 1<<32-1, nil)

	failed := errors.New("failed")
	if err := db.Update(ctx, func(tx *Tx) error {
		if err := tx.AddResumable("a", 1); err == nil {
			t.Error("the same id twice")
		}
		return failed
	}); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	want(1, "a", 1<<32-1, nil)

	now := time.Now()
	update(t, db, func(tx *Tx) error { tx.Handled("b", 2); return tx.EndResumable(1, "b", 9, now) })
	want(1, "b", 9, nil)
	update(t, db, func(tx *Tx) error { return tx.PruneResumable(now.Add(-time.Second)) })
	want(1, "b", 9, nil)
	update(t, db, func(tx *Tx) error { return tx.PruneResumable(now) })
	want(1, "b", 0, ErrNotFound)
	want(1, "a", 1<<32-1, nil) // it has not ended
	update(t, db, func(tx *Tx) error { return tx.DeleteResumable("a") })
	want(1, "a", 0, ErrNotFound)
	update(t, db, func(tx *Tx) error { return tx.DeleteAccountResumable(2) })
	want(2, "c", 0, ErrNotFound)
}

// TestResumableBound: of an account that loses sessions without end only the last
// ones are remembered.
func TestResumableBound(t *testing.T) {
	db := openTest(t, Options{})
	update(t, db, func(tx *Tx) error {
		errs := []error{tx.AddResumable("open", 1), tx.AddResumable("other", 2)}
		for i := range 2 * maxEnded {
			id := strconv.Itoa(i)
			errs = append(errs, tx.AddResumable(id, 1),
				tx.EndResumable(1, id, 0, time.Unix(int64(1000+i), 0)))
		}
		return errors.Join(errs...)
	})
	if n := number(t, db, `SELECT count(*) FROM resumable`); n != maxEnded+2 {
		t.Errorf("%d sessions, want %d", n, maxEnded+2)
	}
	for id, missing := range map[string]error{"open": nil, "0": ErrNotFound, "99": nil} {
		if _, err := db.Resumable(t.Context(), 1, id); !errors.Is(err, missing) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestPark: what is parked is taken out once; other sessions have ended.
func TestPark(t *testing.T) {
	ctx := context.Background()
	db := openTest(t, Options{})
	now := time.Now()
	var list []Parked
	if err := db.Update(ctx, func(tx *Tx) (err error) {
		if err := errors.Join(tx.AddResumable("a", 1), tx.AddResumable("b", 1),
			tx.Park(&Parked{"a", 1, "old"}), tx.Park(&Parked{"a", 1, "state"}),
			tx.Park(&Parked{"c", 2, "gone"}), tx.DeleteAccountResumable(2)); err != nil {
			return err
		}
		list, err = tx.Unpark(now)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0] != (Parked{"a", 1, "state"}) {
		t.Errorf("parked: %v", list)
	}
	if err := db.Update(ctx, func(tx *Tx) (err error) {
		list, err = tx.Unpark(now)
		return errors.Join(err, tx.PruneResumable(now))
	}); err != nil || len(list) != 0 {
		t.Fatal(list, err)
	}
	for _, id := range []string{"a", "b"} { // nobody has taken a back
		if _, err := db.Resumable(ctx, 1, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
}
