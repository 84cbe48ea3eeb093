package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// held is a store whose writer stops before its first commit.
type held struct {
	*DB
	entered chan int      // the size of the batch that stopped
	open    chan struct{} // closed to let it go on, for good
	sizes   []int         // of all commits; to be read after Close
}

func openHeld(t *testing.T) *held {
	h := &held{entered: make(chan int, 1), open: make(chan struct{})}
	h.DB = openTest(t, Options{BeforeCommit: func(batch int) {
		h.sizes = append(h.sizes, batch)
		select {
		case h.entered <- batch:
		default:
		}
		<-h.open
	}})
	return h
}

// hold writes something and waits until the writer stops with it.
func (h *held) hold(t *testing.T, done func(error)) {
	t.Helper()
	h.Write(setting("first", "x"), done)
	if n := <-h.entered; n != 1 {
		t.Fatalf("batch of %d", n)
	}
}

// goOn lets the writer go on and waits until nothing is left to do.
func (h *held) goOn(t *testing.T) {
	t.Helper()
	close(h.open)
	if err := h.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// results collects what done callbacks are told, in order.
type results struct {
	mu   sync.Mutex
	list []string
}

func (r *results) done(name string) func(error) {
	return func(err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case errors.Is(err, ErrClosed):
			name += " closed"
		case err != nil:
			name += " failed"
		}
		r.list = append(r.list, name)
	}
}

func (r *results) get() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.list)
}

var errOwn = errors.New("the function's own")

func TestHeldWriter(t *testing.T) {
	h := openHeld(t)
	var r results
	h.hold(t, r.done("first"))
	for i := range 1000 {
		h.Write(setting(fmt.Sprint(i), "x"), r.done(fmt.Sprint(i)))
	}
	if n := h.Waiting(); n != 1001 {
		t.Errorf("waiting: %d", n)
	}
	if _, err := h.Setting(t.Context(), "first"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a reader saw what is not committed: %v", err)
	}
	if got := r.get(); len(got) > 0 {
		t.Errorf("done before the commit: %v", got)
	}
	h.goOn(t)
	got := r.get()
	if len(got) != 1001 || got[0] != "first" {
		t.Errorf("done: %v", got)
	}
	for i, name := range got[1:] {
		if name != fmt.Sprint(i) {
			t.Fatalf("done %d is of %s", i, name)
		}
	}
	closeTest(t, h.DB)
	if n := h.Waiting(); n != 0 {
		t.Errorf("waiting at the end: %d", n)
	}
	if len(h.sizes) > 4 || slices.Max(h.sizes) != maxBatch {
		t.Errorf("commits: %v", h.sizes)
	}
}

func TestReadersSeeCommits(t *testing.T) {
	db := openTest(t, Options{})
	update(t, db, setting("a", "1"))
	if got := must[string](t)(db.Setting(t.Context(), "a")); got != "1" {
		t.Errorf("after Update: %q", got)
	}
	var inside, outside string
	update(t, db, func(tx *Tx) (err error) {
		if err := tx.SetSetting("a", "2"); err != nil {
			return err
		}
		outside = must[string](t)(db.Setting(t.Context(), "a"))
		inside, err = tx.Setting("a")
		return err
	})
	if inside != "2" || outside != "1" {
		t.Errorf("in the function %q, beside it %q", inside, outside)
	}
}

// own are ways of a function to fail after it wrote something.
var own = map[int]func(tx *Tx) error{
	0: func(*Tx) error { return errOwn },
	3: func(*Tx) error { panic("no luck") },
	9: func(tx *Tx) error { return tx.do(`INSERT INTO setting VALUES ('first', 'twice')`) },
}

// broken are failures of the database itself, after which SQLite may have
// undone what the neighbours wrote.
var broken = map[int]func(tx *Tx) error{
	0: func(tx *Tx) error { return tx.do(`this is not SQL`) },
	3: func(tx *Tx) error {
		tx.do(`INSERT INTO nowhere VALUES (1)`) // kept to itself
		return nil
	},
	9: func(tx *Tx) error {
		_, err := tx.w.c.exec("ROLLBACK") // as SQLite does by itself
		return errors.Join(err, tx.do(`INSERT INTO nowhere VALUES (1)`))
	},
}

// maybeFail writes a row, and fails for some numbers.
func maybeFail(i int, fails map[int]func(*Tx) error, runs *int) func(*Tx) error {
	return func(tx *Tx) error {
		*runs++
		err := tx.SetSetting(fmt.Sprint(i), "x")
		if fail := fails[i]; fail != nil {
			err = fail(tx)
		}
		return err
	}
}

// TestFailureIsAlone: neighbours of a function that fails are committed. (That
// they are run again when they were undone is in TestFullDisk.)
func TestFailureIsAlone(t *testing.T) {
	// The first that fails by itself has all run once more, each with a savepoint.
	for want, fails := range map[int]map[int]func(*Tx) error{11: own, 10: broken} {
		h := openHeld(t)
		var r results
		runs := 0
		h.hold(t, r.done("first"))
		for i := range 10 {
			h.Write(maybeFail(i, fails, &runs), r.done(fmt.Sprint(i)))
		}
		h.goOn(t)
		checkFailures(t, h.DB, &r)
		if runs != want {
			t.Errorf("%d runs, want %d", runs, want)
		}
	}
}

func TestFailureWithoutNeighbours(t *testing.T) {
	for _, fails := range []map[int]func(*Tx) error{own, broken} {
		db := openTest(t, Options{})
		var r results
		runs := 0
		first := r.done("first")
		first(db.Update(t.Context(), setting("first", "x")))
		for i := range 10 {
			done := r.done(fmt.Sprint(i))
			done(db.Update(t.Context(), maybeFail(i, fails, &runs)))
		}
		checkFailures(t, db, &r)
		if runs != 10 {
			t.Errorf("%d runs", runs)
		}
	}
}

func checkFailures(t *testing.T, db *DB, r *results) {
	t.Helper()
	names := must[[]string](t)(get(t.Context(), db, func(q querier) ([]string, error) {
		return texts(q, `SELECT name FROM setting ORDER BY name`)
	}))
	if got := strings.Join(names, " "); got != "1 2 4 5 6 7 8 first" {
		t.Errorf("committed: %s", got)
	}
	want := "first 0 failed 1 2 3 failed 4 5 6 7 8 9 failed"
	if got := strings.Join(r.get(), " "); got != want {
		t.Errorf("done:\n%s, want\n%s", got, want)
	}
}

func TestPanicIsAnError(t *testing.T) {
	db := openTest(t, Options{})
	err := db.Update(t.Context(), func(*Tx) error { panic("no luck") })
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "no luck" ||
		!strings.Contains(string(p.Stack), "write_test.go") {
		t.Errorf("error %v", err)
	}
	if strings.Contains(err.Error(), "goroutine") {
		t.Errorf("the stack is in the text: %v", err)
	}
	db.Write(func(*Tx) error { panic("no luck, and nobody to tell") }, nil)
	update(t, db, setting("a", "b"))
}

func TestUpdateEndsWithItsContext(t *testing.T) {
	h := openHeld(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.Update(ctx, setting("a", "b")) }()
	<-h.entered
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	h.goOn(t)
	if got := must[string](t)(h.Setting(t.Context(), "a")); got != "b" {
		t.Errorf("the write was given up: %q", got)
	}
}

func TestCloseDrains(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, Options{})
	var r results
	var again sync.WaitGroup
	again.Add(1)
	for i := range 1000 {
		db.Write(setting(fmt.Sprint(i), "x"), r.done(fmt.Sprint(i)))
	}
	db.Write(setting("last", "x"), func(error) {
		db.Write(setting("from done", "x"), func(error) { again.Done() })
	})
	closeTest(t, db)
	again.Wait()
	if got := r.get(); len(got) != 1000 || strings.Contains(got[999], "closed") {
		t.Errorf("%d done, the last %v", len(got), got[999])
	}
	if err := db.Update(t.Context(), setting("late", "x")); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	closeTest(t, db)
	n := number(t, openIn(t, dir, Options{}), `SELECT count(*) FROM setting WHERE name <> 'from done'`)
	if n != 1001 {
		t.Errorf("%d rows", n)
	}
}

// TestWriteAfterClose: callers may hold a lock that done needs, and order
// holds to the end.
func TestWriteAfterClose(t *testing.T) {
	db := openTest(t, Options{})
	closeTest(t, db)
	var r results
	var all sync.WaitGroup
	r.mu.Lock()
	for i := range 100 {
		all.Add(1)
		done := r.done(fmt.Sprint(i))
		db.Write(setting("late", "x"), func(err error) { done(err); all.Done() })
	}
	r.mu.Unlock()
	all.Wait()
	for i, got := range r.get() {
		if got != fmt.Sprint(i, " closed") {
			t.Fatalf("%d: %q", i, got)
		}
	}
}

func TestTxEndsWithItsFunction(t *testing.T) {
	db := openTest(t, Options{})
	var kept *Tx
	update(t, db, func(tx *Tx) error { kept = tx; return nil })
	_, err := kept.Setting("a")
	_, err2 := kept.MissedCount(1)
	if !errors.Is(err, errTxOver) || !errors.Is(err2, errTxOver) || kept.SetSetting("a", "b") == nil {
		t.Errorf("errors %v, %v", err, err2)
	}
}

func TestCommitted(t *testing.T) {
	var list []Commit
	db := openTest(t, Options{Committed: func(c Commit) { list = append(list, c) }})
	update(t, db, setting("a", "b"))
	refused(t, db, errOwn, func(*Tx) error { return errOwn })
	if err := db.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	closeTest(t, db)
	if len(list) != 2 || list[0].Batch != 1 || list[0].Seconds <= 0 || list[0].Err != nil {
		t.Errorf("commits: %v", list)
	}
}

// TestManyWriters: what each goroutine wrote is there when it is told so, in
// its order.
func TestManyWriters(t *testing.T) {
	db := openTest(t, Options{})
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			for i := range 50 {
				name := fmt.Sprint(g, " ", i)
				if err := db.Update(t.Context(), setting(name, "x")); err != nil {
					t.Error(err)
				}
				if _, err := db.Setting(t.Context(), name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
