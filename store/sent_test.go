package store

import (
	"fmt"
	"testing"
	"time"
)

func TestSentTo(t *testing.T) {
	db := openTest(t, Options{})
	now := time.Now()
	days := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	note := func(jid string, when time.Time) {
		t.Helper()
		update(t, db, func(tx *Tx) error { return tx.SentTo(1, jid, when) })
	}
	note("old@x", days(40))
	note("recent@x", days(10))
	note("again@x", days(40))
	note("again@x", now)
	note("back@x", now)
	note("back@x", days(40)) // a clock that went back takes nothing away
	for jid, want := range map[string]bool{
		"old@x": false, "recent@x": true, "again@x": true, "back@x": true, "never@x": false,
	} {
		if got := must[bool](t)(db.HasSentTo(t.Context(), 1, jid, days(30))); got != want {
			t.Errorf("%s: %v", jid, got)
		}
		if must[bool](t)(db.HasSentTo(t.Context(), 2, jid, days(30))) {
			t.Errorf("%s: known to another account", jid)
		}
	}
}

// TestSentToIsWrittenOnceADay: and still nobody becomes a stranger too early.
func TestSentToIsWrittenOnceADay(t *testing.T) {
	db := openTest(t, Options{})
	start := time.Now().Add(-20 * time.Hour)
	stamps := make(map[int]bool)
	for i := range 20 {
		when := start.Add(time.Duration(i) * time.Hour)
		update(t, db, func(tx *Tx) error { return tx.SentTo(1, "a@b", when) })
		stamps[number(t, db, `SELECT stamp FROM sent_to`)] = true
	}
	if len(stamps) != 1 {
		t.Errorf("%d rows written", len(stamps))
	}
	update(t, db, func(tx *Tx) error { return tx.SentTo(1, "c@d", start) })
	update(t, db, func(tx *Tx) error { return tx.SentTo(1, "c@d", start.Add(sentEvery)) })
	if n := number(t, db, `SELECT max(stamp) - min(stamp) FROM sent_to`); n != 24*3600*1e6 {
		t.Errorf("renewed after a day: %d µs later", n)
	}
	last := start.Add(19 * time.Hour)
	if !must[bool](t)(db.HasSentTo(t.Context(), 1, "a@b", last.Add(-time.Second))) {
		t.Error("the last message does not count")
	}
}

func TestSentToIsPruned(t *testing.T) {
	db := openTest(t, Options{})
	now := time.Now()
	write := func(account int64, name string, when time.Time) {
		update(t, db, func(tx *Tx) error {
			for i := range pruneEvery {
				if err := tx.SentTo(account, fmt.Sprint(name, i, "@x"), when); err != nil {
					return err
				}
			}
			return nil
		})
	}
	count := func() int { return number(t, db, `SELECT count(*) FROM sent_to`) }
	write(1, "old", now.AddDate(0, 0, -40))
	write(2, "old", now.AddDate(0, 0, -40))
	write(1, "new", now)
	if n := count(); n != 3*pruneEvery {
		t.Errorf("%d rows: nobody asked yet, and some are gone", n)
	}
	must[bool](t)(db.HasSentTo(t.Context(), 1, "a@b", now.AddDate(0, 0, -30)))
	must[bool](t)(db.HasSentTo(t.Context(), 1, "a@b", now.AddDate(0, 0, -3)))
	update(t, db, func(tx *Tx) error { return tx.SentTo(1, "newer0@x", now) })
	if n := count(); n != 3*pruneEvery+1 {
		t.Errorf("%d rows: they are not pruned now and then, but at once", n)
	}
	write(1, "newer", now)
	if n := count(); n != 3*pruneEvery {
		t.Errorf("%d rows: the account's old ones are not gone, or others are", n)
	}
	must[bool](t)(db.HasSentTo(t.Context(), 1, "a@b", time.Time{}))
	write(2, "newer", now)
	if n := count(); n != 4*pruneEvery {
		t.Errorf("%d rows: somebody asked for all times, and some are gone", n)
	}
}
