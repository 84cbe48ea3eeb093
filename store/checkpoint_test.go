package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/stanza"
)

// fill writes n new rows of about a page each, in one transaction each.
func fill(t *testing.T, db *DB, n int) {
	t.Helper()
	for range n {
		update(t, db, func(tx *Tx) error {
			return tx.do(`INSERT INTO setting (name, value)
				SELECT count(*), ?1 FROM setting`, strings.Repeat("v", 4000))
		})
	}
}

// logLength is the length of the log in pages, after copying what can be.
func logLength(t *testing.T, db *DB) int {
	t.Helper()
	c, err := connect(t.Context(), db.pool, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	return must[int](t)(checkpoint(c))
}

// TestCheckpoint: the log is copied beside the writer, some time after a
// commit, and no goroutine is left when the store is closed.
func TestCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		db := openIn(t, dir, Options{})
		size := func() int64 {
			info, err := os.Stat(filepath.Join(dir, FileName))
			if err != nil {
				t.Fatal(err)
			}
			return info.Size()
		}
		before := size()
		fill(t, db, 50)
		if now := size(); now != before {
			t.Errorf("the file grew from %d to %d in a commit", before, now)
		}
		time.Sleep(2 * checkpointEvery)
		if now := size(); now < before+50*4000 {
			t.Errorf("the file grew from %d to %d only", before, now)
		}
		if db.writer.restart.Load() {
			t.Error("a short log is to start over")
		}
	})
}

// TestCheckpointQuiet: where there are few commits, the log is copied less often,
// but it is.
func TestCheckpointQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		db := openIn(t, dir, Options{})
		size := func() int64 {
			info, err := os.Stat(filepath.Join(dir, FileName))
			if err != nil {
				t.Fatal(err)
			}
			return info.Size()
		}
		time.Sleep(time.Minute)
		before := size()
		fill(t, db, checkpointMany/2)
		time.Sleep(2 * checkpointEvery)
		if now := size(); now != before {
			t.Errorf("the file grew from %d to %d at once", before, now)
		}
		time.Sleep(checkpointQuiet)
		if now := size(); now == before {
			t.Error("the file did not grow at all")
		}
	})
}

// TestLogStartsOver: when the log is too long, the writer itself sees to it
// that it starts over.
func TestLogStartsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openTest(t, Options{maxLog: 20})
		fill(t, db, 50)
		time.Sleep(2 * checkpointEvery)
		if !db.writer.restart.Load() {
			t.Error("a long log is not to start over")
		}
		fill(t, db, 2) // the first one ends with a checkpoint, the second starts over
		if db.writer.restart.Load() {
			t.Error("the writer did nothing")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		db := openTest(t, Options{})
		fill(t, db, 50) // no time passes
		db.writer.restart.Store(true)
		fill(t, db, 2)
		if n := logLength(t, db); n > 20 {
			t.Errorf("the log has %d pages", n)
		}
	})
}

// TestPlans: what is asked for every message, or every page, finds its rows by an
// index and in order, however many there are.
func TestPlans(t *testing.T) {
	db := openTest(t, Options{})
	pages := func(with string, backward bool) string {
		q := ArchiveQuery{With: stanza.MustJID(with), Backward: backward}
		text, _ := q.sql(1)
		return text
	}
	whole, _ := new(ArchiveQuery).sql(1)
	for query, want := range map[string]string{
		whole:                 "USING INDEX message_owed (account=? AND owed=? AND rowid>? AND rowid<?)",
		pages("a@b", true):    "USING INDEX message_peer (account=? AND peer=? AND rowid>? AND rowid<?)",
		pages("a@b/c", false): "USING INDEX message_peer (account=? AND peer=? AND rowid>? AND rowid<?)",
		listMissed:            "USING INDEX message_owed (account=? AND owed=? AND rowid>?)",
		numberMissed:          "USING COVERING INDEX message_owed (account=? AND owed=? AND rowid>?)",
		highestOwed:           "USING COVERING INDEX message_owed (account=? AND owed=?)",
		takeUpTo:              "USING INDEX message_owed (account=? AND owed=? AND rowid>? AND rowid<?)",
		dropBody:              "USING COVERING INDEX message_body (body=?)",
	} {
		plan := planOf(t, db, query)
		if !strings.Contains(plan, want) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s\nis done by\n%s", query, plan)
		}
	}
}

func planOf(t *testing.T, db *DB, query string) string {
	t.Helper()
	query = strings.NewReplacer("?1", "1", "?2", "2", "?3", "3", "?4", "4", "?5", "5", "?6", "6",
		"?7", "7", "?8", "8").Replace(query)
	var plan []string
	err := db.read(t.Context(), func(c *conn) error {
		rows, err := c.c.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused, detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				return err
			}
			plan = append(plan, detail)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "\n")
}
