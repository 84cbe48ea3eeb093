// Package store keeps what outlives a connection, in SQLite: accounts,
// rosters, messages that are owed, private data. One goroutine writes and
// commits in groups; several connections read. One file per subject.
//
// It knows rows, not rules: what may be stored, and who may see it, is
// decided by its callers. The folder belongs to one process at a time.
package store

import (
	"context"
	"crypto/cipher"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// FileName is the database's name in the data folder.
const FileName = "parley.db"

// Options of Open. The zero value is the production setting.
type Options struct {
	Readers int // connections that read; default 4

	// Search keeps an index of the words in archives (SearchName).
	Search bool

	// BeforeCommit, if set, is called by the writer before each commit with
	// the number of functions in the batch. Tests hold the writer with it.
	BeforeCommit func(batch int)
	// Committed, if set, is told the size and outcome of each commit (metrics).
	Committed func(Commit)

	maxLog int // see checkpoint.go; tests make it small
}

// Commit describes one group commit.
type Commit struct {
	Batch   int     // functions in the transaction
	Seconds float64 // from the first function to the end of the commit
	Err     error
}

// DB is one data folder. Reads are methods of DB, writes methods of Tx, and
// what both need (reading inside a write) is in both.
type DB struct {
	lock    *os.File
	pool    *sql.DB
	writer  *writer
	ckpt    *checkpointer
	readers chan *conn
	n       int           // readers there are
	closing chan struct{} // closed when Close begins
	close   func() error  // once
	window  atomic.Int64  // see HasSentTo
	ids     cipher.Block  // see ArchiveID
	search  *search       // nil: no index
	filler  *filler
	indexed bool // an index is to hear of changes
}

// Open opens or creates the database in dir and migrates it. ErrLocked when
// another process (or another DB of this one) has the folder open.
func Open(ctx context.Context, dir string, o Options) (*DB, error) {
	db, err := open(ctx, dir, o, migrations)
	return db, wrap("open store", err)
}

func open(ctx context.Context, dir string, o Options, migrations []string) (_ *DB, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	db := &DB{lock: lock, closing: make(chan struct{}), n: o.Readers}
	db.close = sync.OnceValue(db.shut)
	if db.n <= 0 {
		db.n = 4
	}
	if err := db.connect(ctx, filepath.Join(dir, FileName), o, migrations); err != nil {
		return nil, errors.Join(err, db.disconnect())
	}
	go db.ckpt.run()
	go db.writer.run()
	if db.filler != nil {
		go db.filler.run()
	}
	return db, nil
}

// connect makes the connections: migration first, because it changes what
// statements mean.
func (db *DB) connect(ctx context.Context, file string, o Options, migrations []string) error {
	if err := touch(file); err != nil {
		return err
	}
	db.pool = openPool(file)
	w, err := connect(ctx, db.pool, writerPragmas)
	if err != nil {
		return err
	}
	db.writer = newWriter(db, w, o)
	if err := migrate(ctx, w, file, migrations); err != nil {
		return err
	}
	if err := useLog(w); err != nil {
		return err
	}
	if err := db.recall(ctx, w, filepath.Dir(file), o); err != nil {
		return err
	}
	c, err := connect(ctx, db.pool, "")
	if err != nil {
		return err
	}
	db.ckpt = newCheckpointer(c, db.writer, o.maxLog)
	db.readers = make(chan *conn, db.n)
	for range db.n {
		c, err := connect(ctx, db.pool, `PRAGMA query_only = ON;`)
		if err != nil {
			return err
		}
		db.readers <- c
	}
	return nil
}

// recall reads what is known by heart, and opens the index.
func (db *DB) recall(ctx context.Context, w *conn, dir string, o Options) (err error) {
	key, err := archiveKey(w)
	if err != nil {
		return err
	}
	if db.ids, err = newIDs(key); err != nil {
		return err
	}
	if db.writer.stamp, err = lastStamp(w); err != nil {
		return err
	}
	if o.Search {
		if db.search, err = openSearch(ctx, dir, key); err != nil {
			return err
		}
		db.filler = newFiller(db)
		db.writer.fill = db.filler.wake
	}
	_, err = os.Stat(filepath.Join(dir, SearchName))
	db.indexed = err == nil
	return nil
}

// touch creates the file for its owner alone; SQLite gives its companions the
// same mode. It must not be opened later: closing it would drop SQLite's locks.
func touch(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// Close waits until everything handed to Write is committed and closes.
// Reads that are under way end first; later ones get ErrClosed.
func (db *DB) Close() error { return wrap("close store", db.close()) }

func (db *DB) shut() error {
	close(db.closing)
	if db.filler != nil {
		db.filler.stop()
	}
	db.writer.stop()
	db.ckpt.stop()
	for range db.n {
		(<-db.readers).close()
	}
	return db.disconnect()
}

// disconnect closes what connect made, which may be a part of it.
func (db *DB) disconnect() error {
	var err error
	for len(db.readers) > 0 {
		(<-db.readers).close()
	}
	if db.ckpt != nil {
		err = errors.Join(err, db.ckpt.c.close())
	}
	if db.writer != nil {
		err = errors.Join(err, db.writer.c.close())
	}
	if db.search != nil {
		err = errors.Join(err, db.search.close())
	}
	if db.pool != nil {
		err = errors.Join(err, db.pool.Close())
	}
	return errors.Join(err, db.lock.Close())
}

// read runs fn on one of the reading connections.
func (db *DB) read(ctx context.Context, fn func(*conn) error) error {
	select {
	case <-db.closing:
		return ErrClosed
	default:
	}
	select {
	case c := <-db.readers:
		defer func() { db.readers <- c }()
		return fn(c)
	case <-db.closing:
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("wait for a connection: %w", ctx.Err())
	}
}

// view is read for several queries that must see the same state.
func (db *DB) view(ctx context.Context, fn func(querier) error) error {
	return db.read(ctx, func(c *conn) error {
		if _, err := c.exec("BEGIN"); err != nil {
			return err
		}
		defer c.exec("ROLLBACK")
		return fn(c)
	})
}

// get is read for one value.
func get[T any](ctx context.Context, db *DB, fn func(querier) (T, error)) (value T, err error) {
	err = db.read(ctx, func(c *conn) (err error) {
		value, err = fn(c)
		return err
	})
	return value, err
}
