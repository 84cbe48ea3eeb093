package muc

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"parley/router"
)

// TestOutbox: what is put in goes out in that order, also when the oldest waits
// for a commit that comes late, and not at all when there was none.
func TestOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorkers()
		defer close(w.done)
		box := outbox{log: slog.New(slog.NewTextHandler(io.Discard, nil)),
			spread: new(router.Spread), workers: w}
		var mu sync.Mutex
		var got []int
		say := func(n int) func(context.Context) {
			return func(context.Context) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, n)
			}
		}
		sent := func() []int {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(got)
		}
		ctx := t.Context()
		box.put(ctx, false, say(1))
		second := box.put(ctx, true, say(2))
		third := box.put(ctx, true, say(3))
		box.put(ctx, false, func(context.Context) { panic("one delivery's fault") })
		box.put(ctx, false, say(5))
		box.run()
		if want := []int{1}; !slices.Equal(sent(), want) {
			t.Fatalf("%v went out, want %v", got, want)
		}
		third.release(false)
		if want := []int{1}; !slices.Equal(sent(), want) {
			t.Fatalf("%v went out before the oldest, want %v", got, want)
		}
		second.release(true)
		if want := []int{1, 2, 5}; !slices.Equal(sent(), want) {
			t.Fatalf("%v went out, want %v", got, want)
		}
		if !box.idle() {
			t.Error("something is left")
		}
	})
}
