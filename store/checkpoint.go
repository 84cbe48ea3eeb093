package store

import (
	"fmt"
	"time"
)

// The write-ahead log is copied into the database beside the writer, by a
// connection of its own: inside a commit (SQLite's default) it makes up the
// slowest one in a hundred. A writer that never pauses keeps the log growing,
// because it starts over only when all of it is copied; when it is longer
// than maxLog, the writer copies the rest itself, between two commits.
//
// Where commits are few, the log is copied less often: to copy costs more than a
// commit then.
const (
	checkpointEvery = 200 * time.Millisecond
	checkpointQuiet = 2 * time.Second // where there were fewer commits than
	checkpointMany  = 20
	maxLog          = 16384 // pages of 4 KiB: 64 MiB
)

// useLog switches the database to a write-ahead log, which needs a file system
// that can share memory.
func useLog(c *conn) error {
	var mode string
	if err := c.row("PRAGMA journal_mode = WAL", nil, &mode); err != nil {
		return fmt.Errorf("switch to a write-ahead log: %w", err)
	}
	if mode != "wal" {
		return fmt.Errorf("no write-ahead log on this file system, only %q", mode)
	}
	return nil
}

// checkpointer copies the log while there are commits, and sleeps otherwise.
type checkpointer struct {
	c     *conn
	w     *writer
	most  int // pages
	quit  chan struct{}
	ended chan struct{}
}

func newCheckpointer(c *conn, w *writer, most int) *checkpointer {
	if most == 0 {
		most = maxLog
	}
	return &checkpointer{c, w, most, make(chan struct{}), make(chan struct{})}
}

func (k *checkpointer) run() {
	defer close(k.ended)
	for {
		select {
		case <-k.w.written:
		case <-k.quit:
			return
		}
		before := k.w.commits.Load()
		if !k.sleep(checkpointEvery) {
			return
		}
		if k.w.commits.Load()-before < checkpointMany && !k.sleep(checkpointQuiet) {
			return
		}
		if log, err := checkpoint(k.c); err == nil && log > k.most {
			k.w.restart.Store(true)
		}
	}
}

// sleep is false if there is no time for it.
func (k *checkpointer) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-k.quit:
		return false
	}
}

// stop waits until the goroutine is gone.
func (k *checkpointer) stop() {
	close(k.quit)
	<-k.ended
}

// checkpoint copies what can be copied without waiting for anybody, and
// returns the length of the log in pages. An error matters to nobody: the log
// holds what was committed, and the next round tries again.
func checkpoint(c *conn) (log int, err error) {
	var busy, copied int
	err = c.row("PRAGMA wal_checkpoint(PASSIVE)", nil, &busy, &log, &copied)
	return log, err
}

// restartWAL copies the rest of a log that is too long, so that the next
// transaction starts it over, unless somebody is reading it just then.
func (w *writer) restartWAL() {
	if w.restart.Swap(false) {
		checkpoint(w.c)
	}
}
