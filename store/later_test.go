package store

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What may be late shares a commit: with what comes in the next second, with
// what cannot wait, or with nothing when the second is over.
func TestWriteLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var commits, done atomic.Int32
		db, err := Open(context.Background(), t.TempDir(), Options{Committed: func(Commit) { commits.Add(1) }})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}()
		commits.Store(0)
		late := func(name string) {
			db.WriteLater(func(tx *Tx) error { return tx.SetSetting(name, "x") }, func(error) { done.Add(1) })
		}
		late("a")
		time.Sleep(later / 2)
		late("b")
		synctest.Wait()
		if done.Load() != 0 {
			t.Errorf("%d written before the second was over", done.Load())
		}
		time.Sleep(later)
		synctest.Wait()
		if done.Load() != 2 || commits.Load() != 1 {
			t.Errorf("%d written in %d commits, 2 in one expected", done.Load(), commits.Load())
		}
		late("c")
		if err := db.Update(t.Context(), func(tx *Tx) error { return tx.SetSetting("d", "x") }); err != nil {
			t.Fatal(err)
		}
		if done.Load() != 3 || commits.Load() != 2 {
			t.Errorf("%d written in %d commits, 3 in two expected", done.Load(), commits.Load())
		}
		late("e") // Close writes it
	})
}

// TestWriteAside: what waits aside is not taken along by others, but by Sync, by
// the time, and by the end.
func TestWriteAside(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db := openIn(t, dir, Options{})
		var r results
		has := func(when, want string) {
			t.Helper()
			synctest.Wait()
			if got := strings.Join(r.get(), " "); got != want {
				t.Errorf("%s: done %q, want %q", when, got, want)
			}
		}
		db.WriteAside(setting("a", "x"), r.done("a"))
		update(t, db, setting("b", "x"))
		has("at once", "")
		if n := db.Waiting(); n != 1 {
			t.Errorf("%d wait", n)
		}
		time.Sleep(later)
		has("a second later", "a")
		db.WriteAside(setting("c", "x"), r.done("c"))
		if err := db.Sync(t.Context()); err != nil {
			t.Error(err)
		}
		has("after Sync", "a c")
		db.WriteAside(setting("d", "x"), r.done("d"))
		closeTest(t, db)
		has("at the end", "a c d")
		db.WriteAside(setting("e", "x"), r.done("e"))
		has("after the end", "a c d e closed")
	})
}
