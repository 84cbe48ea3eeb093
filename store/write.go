package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// maxBatch is how many functions one transaction takes at most.
const maxBatch = 512

// job is one function handed to Write. Without fn it only waits its turn;
// err is then what done is told.
type job struct {
	fn   func(*Tx) error
	done func(error)
	err  error
	late bool // it may wait for others
}

// queue hands jobs from many goroutines to the writer. It has no bound of its
// own: the order lines of the streams that feed it have.
type queue struct {
	mu      sync.Mutex
	jobs    []job
	idle    []job // jobs that go with the others when they have waited
	urgent  int   // jobs that may not wait
	due     bool  // those that may have waited long enough
	closed  bool  // jobs that come now are refused, in their turn
	stopped bool  // the writer is gone; refuse runs when there are jobs
	running int   // jobs taken and not done
	wake    chan struct{}
}

// Write hands fn to the writer, which runs it inside a transaction together with
// others: an error from fn undoes fn alone. done is called once, in the order of
// the Write calls, after the commit (nil), after fn failed (its error) or when the
// commit failed. done must not block and must not call Write and wait. A full disk
// is ErrFull.
//
// When another function of the batch fails, or the disk does, all of them may be
// undone and run again. So fn may set what it hands out, but not add to it. A
// panic in fn is a *PanicError. done may be nil.
func (db *DB) Write(fn func(*Tx) error, done func(error)) {
	if done == nil {
		done = func(error) {}
	}
	db.writer.queue.put(job{fn: fn, done: done})
}

// later is how long WriteLater may wait.
const later = time.Second

// WriteLater is Write for what nobody waits for: it may be a second late, so
// that it shares a commit with others.
func (db *DB) WriteLater(fn func(*Tx) error, done func(error)) {
	if done == nil {
		done = func(error) {}
	}
	db.writer.queue.put(job{fn: fn, done: done, late: true})
}

// WriteAside is WriteLater for what has no place among the other writes: it is not
// taken along by them either, so that it happens once a second however busy the
// writer is. Sync takes it along.
func (db *DB) WriteAside(fn func(*Tx) error, done func(error)) {
	if done == nil {
		done = func(error) {}
	}
	db.writer.queue.putAside(job{fn: fn, done: done, late: true})
}

// Update is Write for those who wait: it returns when fn is committed.
// ctx ends the waiting, not the write.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	done := make(chan error, 1)
	db.Write(fn, func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for a commit: %w", ctx.Err())
	}
}

// Sync waits until all that was handed to Write before is done. What became of
// it is for those who wrote it.
func (db *DB) Sync(ctx context.Context) error {
	db.writer.queue.joinIdle()
	return db.Update(ctx, nil)
}

// Waiting is the number of functions handed to Write that are not done.
func (db *DB) Waiting() int {
	q := &db.writer.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.jobs) + len(q.idle) + q.running
}

func (q *queue) put(j job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		j.fn, j.err = nil, ErrClosed
	}
	q.jobs = append(q.jobs, j)
	switch {
	case !j.late:
		q.urgent++
	case len(q.jobs) == 1:
		time.AfterFunc(later, q.hurry)
	}
	if q.stopped && len(q.jobs) == 1 {
		go q.refuse() // not here: the caller may hold a lock that done needs
		return
	}
	q.signal()
}

// putAside adds a job that waits its time.
func (q *queue) putAside(j job) {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		q.put(j)
		return
	}
	q.idle = append(q.idle, j)
	first := len(q.idle) == 1
	q.mu.Unlock()
	if first {
		time.AfterFunc(later, q.joinIdle)
	}
}

// joinIdle puts the jobs that wait their time behind the others. The writer is to
// take them.
func (q *queue) joinIdle() {
	q.mu.Lock()
	if len(q.idle) > 0 {
		q.jobs, q.idle, q.due = append(q.jobs, q.idle...), nil, true
	}
	q.mu.Unlock()
	q.signal()
}

// hurry says that what could wait has waited.
func (q *queue) hurry() {
	q.mu.Lock()
	q.due = len(q.jobs) > 0
	q.mu.Unlock()
	q.signal()
}

// ready is how many jobs the writer is to take now. One that may not wait takes
// those before it along.
func (q *queue) ready() int {
	if q.urgent == 0 && !q.due && !q.closed {
		return 0
	}
	return min(len(q.jobs), maxBatch)
}

// signal wakes the writer if it waits.
func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take waits for jobs and moves up to maxBatch of them into the buffer; none
// when the queue is closed and empty.
func (q *queue) take(buffer []job) []job {
	for {
		q.mu.Lock()
		n := q.ready()
		if n > 0 || q.closed {
			buffer = append(buffer[:0], q.jobs[:n]...)
			q.drop(n)
			q.running, q.stopped = n, n == 0
			q.mu.Unlock()
			return buffer
		}
		q.mu.Unlock()
		<-q.wake
	}
}

// drop removes the first n jobs. The slice is made anew when it is empty, so
// that a burst does not hold memory for ever.
func (q *queue) drop(n int) {
	for _, j := range q.jobs[:n] {
		if !j.late {
			q.urgent--
		}
	}
	clear(q.jobs[:n])
	q.jobs = q.jobs[n:]
	if len(q.jobs) == 0 {
		q.jobs, q.due = nil, false
	} else if q.urgent == 0 {
		q.due = true // they have waited behind others
	}
}

// catchUp waits for what may be late, so that a read sees it.
func (db *DB) catchUp(ctx context.Context) error {
	if db.Waiting() == 0 {
		return nil
	}
	return db.Sync(ctx)
}

// settle is catchUp without what waits its time.
func (db *DB) settle(ctx context.Context) error {
	q := &db.writer.queue
	q.mu.Lock()
	nothing := len(q.jobs) == 0 && q.running == 0
	q.mu.Unlock()
	if nothing {
		return nil
	}
	return db.Update(ctx, nil)
}

// finished says that the jobs taken last are done.
func (q *queue) finished() {
	q.mu.Lock()
	q.running = 0
	q.mu.Unlock()
}

func (q *queue) close() {
	q.mu.Lock()
	q.jobs, q.idle, q.closed = append(q.jobs, q.idle...), nil, true
	q.mu.Unlock()
	q.signal()
}

// refuse answers jobs that came after the writer's end, in order. A job stays
// in the queue until it is answered, so that there is one refuse at a time.
func (q *queue) refuse() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.jobs) > 0 {
		jobs := slices.Clone(q.jobs)
		q.mu.Unlock()
		for _, j := range jobs {
			j.done(j.err)
		}
		q.mu.Lock()
		q.drop(len(jobs))
	}
}
