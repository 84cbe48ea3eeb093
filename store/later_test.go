package store

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// What may be late shares a commit: with what comes in the next second, with
// what cannot wait, or with nothing when the second is over.
func TestWriteLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var batches []int
		db, err := Open(context.Background(), t.TempDir(), Options{Committed: func(c Commit) { batches = append(batches, c.Batch) }})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}()
		batches = nil
		done := 0
		late := func(name string) {
			db.WriteLater(func(tx *Tx) error { return tx.SetSetting(name, "x") }, func(error) { done++ })
		}
		late("a")
		time.Sleep(later / 2)
		late("b")
		synctest.Wait()
		if done != 0 {
			t.Errorf("%d written before the second was over", done)
		}
		time.Sleep(later)
		synctest.Wait()
		if done != 2 || len(batches) != 1 {
			t.Errorf("%d written in batches %d, 2 in one expected", done, batches)
		}
		late("c")
		if err := db.Update(t.Context(), func(tx *Tx) error { return tx.SetSetting("d", "x") }); err != nil {
			t.Fatal(err)
		}
		if done != 3 || len(batches) != 2 {
			t.Errorf("%d written in batches %d, 3 in two expected", done, batches)
		}
		late("e") // Close writes it
	})
}
