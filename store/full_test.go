package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// almostFull leaves room for a few pages more.
func almostFull(t *testing.T, db *DB) {
	t.Helper()
	update(t, db, func(tx *Tx) error {
		var pages, most int
		if err := tx.row("PRAGMA page_count", nil, &pages); err != nil {
			return err
		}
		return tx.row(fmt.Sprint("PRAGMA max_page_count = ", pages+20), nil, &most)
	})
}

// TestFullDisk: SQLite undoes the whole batch when one insert finds the disk
// full; its neighbours are run again.
func TestFullDisk(t *testing.T) {
	h := openHeld(t)
	var r results
	h.Write(func(tx *Tx) error {
		var most int
		return tx.row("PRAGMA max_page_count = 60", nil, &most)
	}, r.done("first"))
	<-h.entered
	large, runs := strings.Repeat("x", 1<<20), 0
	for i := range 10 {
		h.Write(func(tx *Tx) error {
			runs++
			if i == 4 {
				err := tx.SetSetting("4", large)
				tx.SetSetting("after", "x") // would be a transaction of its own
				if !errors.Is(err, ErrFull) {
					t.Errorf("error %v", err)
				}
				return err
			}
			return tx.SetSetting(fmt.Sprint(i), "x")
		}, r.done(fmt.Sprint(i)))
	}
	h.goOn(t)
	if got := strings.Join(r.get(), " "); got != "first 0 1 2 3 4 failed 5 6 7 8 9" {
		t.Errorf("done: %s", got)
	}
	n := number(t, h.DB, `SELECT count(*) FROM setting WHERE name BETWEEN '0' AND '9'`)
	if n != 9 || number(t, h.DB, `SELECT count(*) FROM setting`) != 9 {
		t.Errorf("%d rows", n)
	}
	if runs < 14 {
		t.Errorf("%d runs: SQLite did not undo the batch, and the test tests nothing", runs)
	}
	refused(t, h.DB, ErrFull, setting("large", large))
	update(t, h.DB, setting("small", "x"))
}

// TestFullDiskMissed: the promise to a sender who is told that the disk is
// full is that nobody got the message.
func TestFullDiskMissed(t *testing.T) {
	db := openTest(t, Options{})
	almostFull(t, db)
	stored, full := 0, 0
	for range 100 {
		err := db.Update(t.Context(), func(tx *Tx) error {
			body, err := tx.AddBody(strings.Repeat("x", 5000), "a@b/c", time.Unix(1, 0))
			if err == nil {
				_, err = tx.AddMissed(1, body, 1000)
			}
			return err
		})
		switch {
		case err == nil:
			stored++
		case errors.Is(err, ErrFull):
			full++
		default:
			t.Fatal(err)
		}
	}
	if n := must[int](t)(db.MissedCount(t.Context(), 1)); n != stored || stored == 0 || full == 0 {
		t.Errorf("%d stored, %d refused, %d there", stored, full, n)
	}
	checkMessages(t, db)
	update(t, db, func(tx *Tx) error {
		if n, err := tx.MissedCount(1); n != stored || err != nil {
			t.Errorf("the writer knows of %d, %v", n, err)
		}
		return tx.TakenUpTo(1, 1<<40, nil)
	})
	update(t, db, func(tx *Tx) error { return storeMessage(tx, 1, 10) })
}

// TestFailedCommit: everybody in the batch is told, nothing is kept, and the
// next batch is not concerned.
func TestFailedCommit(t *testing.T) {
	h := openHeld(t)
	var r results
	h.hold(t, r.done("first"))
	h.Write(func(tx *Tx) error { return storeMessage(tx, 1, 10) }, r.done("message"))
	h.Write(func(*Tx) error { return errOwn }, func(err error) {
		if !errors.Is(err, errOwn) {
			t.Errorf("not its own error: %v", err)
		}
	})
	h.Write(func(tx *Tx) error {
		_, err := tx.w.c.exec("ROLLBACK") // as SQLite does when the disk fails
		return err
	}, r.done("rollback"))
	h.goOn(t)
	if got := strings.Join(r.get(), " "); got != "first message failed rollback failed" {
		t.Errorf("done: %s", got)
	}
	update(t, h.DB, func(tx *Tx) error {
		if n, err := tx.MissedCount(1); n != 0 || err != nil {
			t.Errorf("the writer knows of %d messages, %v", n, err)
		}
		return storeMessage(tx, 1, 1)
	})
	checkMessages(t, h.DB)
}
