package store

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// writer owns the connection that writes.
type writer struct {
	db    *DB
	c     *conn
	o     Options
	queue queue
	ended chan struct{}

	counts  map[int64]int     // missed messages of accounts, as far as known
	stamp   int64             // of the newest body, see Tx.stamp
	sent    int               // rows of sent_to written, see SentTo
	handled map[string]uint32 // of sessions, see Tx.Handled
	written chan struct{}     // signals the checkpointer
	commits atomic.Int64      // so far
	fill    chan struct{}     // signals the filler; nil if there is none
	restart atomic.Bool       // the WAL is too long: see checkpoint.go
}

func newWriter(db *DB, c *conn, o Options) *writer {
	return &writer{
		db: db, c: c, o: o,
		queue:   queue{wake: make(chan struct{}, 1)},
		ended:   make(chan struct{}),
		counts:  make(map[int64]int),
		written: make(chan struct{}, 1),
	}
}

// run commits what waits in the queue, in groups, until it is closed and empty.
func (w *writer) run() {
	defer close(w.ended)
	var jobs []job
	errs := make([]error, 0, maxBatch)
	for {
		jobs = w.queue.take(jobs)
		if len(jobs) == 0 {
			return
		}
		errs = errs[:len(jobs)]
		clear(errs)
		w.commit(jobs, errs)
		for i, j := range jobs {
			j.done(errs[i])
		}
		clear(jobs)
		w.queue.finished()
		w.restartWAL()
	}
}

// stop waits until all jobs are done.
func (w *writer) stop() {
	w.queue.close()
	<-w.ended
}

// commit runs the jobs in one transaction, or, if one of them meets an error
// of the database itself, the others in one each: SQLite may have undone what
// the jobs before it wrote.
//
// A savepoint for each job costs as much as what most of them write. So they run
// without at first, and once more with them if one fails that has written.
func (w *writer) commit(jobs []job, errs []error) {
	bad := w.transaction(jobs, errs, true)
	if bad == undone {
		clear(errs)
		bad = w.transaction(jobs, errs, false)
	}
	if bad < 0 || len(jobs) == 1 {
		return
	}
	for i := range jobs {
		if i != bad {
			errs[i] = nil
			w.transaction(jobs[i:i+1], errs[i:i+1], true)
		}
	}
}

// undone is what transaction returns when it has undone everything because of
// one job's error.
const undone = -2

// transaction runs the jobs and commits them. It gives up at a job that met
// an error of the database itself and returns its index, else -1.
func (w *writer) transaction(jobs []job, errs []error, bold bool) (bad int) {
	start, alone := time.Now(), len(jobs) == 1
	err := w.begin()
	for i := 0; i < len(jobs) && err == nil; i++ {
		broken, wrote := w.call(jobs[i], bold, &errs[i])
		switch {
		case broken:
			w.rollback()
			w.report(len(jobs), start, errs[i])
			return i
		case wrote && bold && !alone && errs[i] != nil:
			w.rollback()
			return undone
		}
	}
	if err == nil && alone && errs[0] != nil {
		w.c.exec("ROLLBACK")
		return -1
	}
	if err == nil {
		err = w.end(len(jobs))
	}
	w.report(len(jobs), start, err)
	for i := range errs {
		if err != nil && errs[i] == nil && jobs[i].fn != nil {
			errs[i] = wrap("commit", err)
		}
	}
	return -1
}

func (w *writer) report(batch int, start time.Time, err error) {
	if w.o.Committed != nil {
		w.o.Committed(Commit{batch, time.Since(start).Seconds(), err})
	}
}

func (w *writer) begin() error {
	_, err := w.c.exec("BEGIN IMMEDIATE")
	return err
}

// end commits. After a failed COMMIT the transaction may be open or not.
func (w *writer) end(batch int) error {
	if w.o.BeforeCommit != nil {
		w.o.BeforeCommit(batch)
	}
	err := w.writeHandled()
	if err == nil {
		_, err = w.c.exec("COMMIT")
	}
	if err != nil {
		w.rollback()
		return err
	}
	w.commits.Add(1)
	select {
	case w.written <- struct{}{}:
	default:
	}
	select {
	case w.fill <- struct{}{}:
	default:
	}
	return nil
}

// rollback undoes a broken transaction, if there still is one, and forgets
// what was only known because of it.
func (w *writer) rollback() {
	w.c.exec("ROLLBACK")
	clear(w.counts)
	clear(w.handled)
}

// call runs one job and undoes what it wrote if it fails, unless it is bold. It
// says whether the transaction is broken, and whether the job has written.
func (w *writer) call(j job, bold bool, err *error) (broken, wrote bool) {
	if j.fn == nil {
		*err = j.err
		return false, false
	}
	tx := &Tx{w: w, bold: bold}
	*err = protect(j.fn, tx)
	if *err == nil {
		*err = tx.dropOrphans()
	}
	if tx.err == nil {
		tx.leave(*err)
	}
	if tx.err != nil && !errors.Is(*err, tx.err) {
		*err = errors.Join(*err, tx.err) // fn kept it to itself
	}
	tx.w = nil
	return tx.err != nil, tx.saved
}

// leave ends the function's savepoint, keeping what it wrote or not.
func (tx *Tx) leave(err error) {
	if err != nil {
		for _, account := range tx.touched {
			delete(tx.w.counts, account)
		}
	}
	if !tx.saved || tx.bold {
		return
	}
	if err != nil {
		tx.run(func(c *conn) error { _, err := c.exec("ROLLBACK TO fn"); return err })
	}
	tx.run(func(c *conn) error { _, err := c.exec("RELEASE fn"); return err })
}

// protect turns a panic in fn into an error: it is one caller's fault, and
// the writer is everybody's.
func protect(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("write: %w", &PanicError{v, debug.Stack()})
		}
	}()
	return fn(tx)
}
