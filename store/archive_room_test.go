package store

import (
	"errors"
	"testing"
	"time"
)

// TestArchiveResource: what somebody said under a nickname is found by it, whoever
// it was, also within times.
func TestArchiveResource(t *testing.T) {
	db := openTest(t, Options{})
	history(t, db, -1, 6, "ann@a.lit/witch", "bea@a.lit/hag", "cat@a.lit/witch")
	history(t, db, -2, 3, "ann@a.lit/witch")
	at := func(i int) time.Time { return time.Unix(1e9+int64(i), 0) }
	for want, q := range map[string]ArchiveQuery{
		"0 2 3 5": {Max: 9, Resource: "witch"},
		"0 2 +":   {Max: 2, Resource: "witch"},
		"3 5 +":   {Max: 2, Resource: "witch", Backward: true},
		"2 3":     {Max: 9, Resource: "witch", Start: at(1), End: at(4)},
		"1 4":     {Max: 9, Resource: "hag"},
		"":        {Max: 9, Resource: "Hag"},
	} {
		page, err := db.ArchivePage(t.Context(), -1, q)
		if got := page.texts(); err != nil || got != want {
			t.Errorf("%+v: %q, %v, want %q", q, got, err, want)
		}
	}
}

// TestArchived: a write reads a message of one archive, and of no other.
func TestArchived(t *testing.T) {
	db := openTest(t, Options{})
	ids := history(t, db, -1, 2, "ann@a.lit/witch")
	update(t, db, func(tx *Tx) error {
		m, err := tx.Archived(-1, ids[1])
		if err != nil || m.ID != ids[1] || m.Body != "<message>1</message>" ||
			m.From != "ann@a.lit/witch" || m.Stamp.Unix() != 1e9+1 {
			t.Errorf("%+v, %v", m, err)
		}
		if _, err := tx.Archived(-2, ids[1]); !errors.Is(err, ErrNotFound) {
			t.Errorf("in the archive of another room: %v", err)
		}
		return nil
	})
}
