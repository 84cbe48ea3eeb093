package store

import (
	"context"
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
