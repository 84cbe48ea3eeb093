package store

import (
	"context"
	"database/sql"
	"fmt"
)

// querier runs queries: a reader's connection, or the writer's inside a
// function. Each query of this package is written once, against it.
type querier interface {
	// row scans the one row of a query; ErrNotFound if there is none.
	row(query string, args []any, dest ...any) error
	// each calls scan for every row of a query.
	each(query string, args []any, scan func(*sql.Rows) error) error
}

// args are the values of ?1, ?2 ... of a query.
func args(values ...any) []any { return values }

// conn is one connection and its prepared statements. Statements run without
// a context: none waits for anything but the disk, and a cancellable one
// costs a goroutine in either driver.
type conn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

var _ querier = (*conn)(nil)

// pragmas hold for every connection. Foreign keys are off: the tables of an
// account are emptied by those who own them, in whatever order, and a body is
// counted by hand. A checkpoint never runs inside a commit (checkpoint.go).
// temp_store keeps what savepoints need to undo out of temporary files.
const pragmas = `
PRAGMA busy_timeout = 10000;
PRAGMA foreign_keys = OFF;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA temp_store = MEMORY;
`

// writerPragmas hold for the connection that writes: 8 MiB of cache, and a
// log that was longer than maxLog is cut when it starts over.
const writerPragmas = `
PRAGMA cache_size = -8192;
PRAGMA journal_size_limit = 67108864;
`

// connect opens a connection and applies the pragmas and more of them.
func connect(ctx context.Context, pool *sql.DB, more string) (*conn, error) {
	c, err := pool.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if _, err := c.ExecContext(ctx, pragmas+more); err != nil {
		c.Close()
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &conn{c: c, stmts: make(map[string]*sql.Stmt)}, nil
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.Close()
	}
	return c.c.Close()
}

// stmt prepares a statement when it is used for the first time.
func (c *conn) stmt(query string) (*sql.Stmt, error) {
	if s := c.stmts[query]; s != nil {
		return s, nil
	}
	s, err := c.c.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = s
	return s, nil
}

func (c *conn) exec(query string, args ...any) (sql.Result, error) {
	s, err := c.stmt(query)
	if err != nil {
		return nil, translate(err)
	}
	res, err := s.ExecContext(context.Background(), args...)
	return res, translate(err)
}

func (c *conn) row(query string, args []any, dest ...any) error {
	s, err := c.stmt(query)
	if err != nil {
		return translate(err)
	}
	return translate(s.QueryRowContext(context.Background(), args...).Scan(dest...))
}

func (c *conn) each(query string, args []any, scan func(*sql.Rows) error) error {
	s, err := c.stmt(query)
	if err != nil {
		return translate(err)
	}
	rows, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return translate(rows.Err())
}
