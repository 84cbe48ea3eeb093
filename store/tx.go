package store

import "database/sql"

// Tx is the transaction that the writer runs functions in. It is valid only
// inside the function.
type Tx struct {
	w       *writer
	bold    bool    // no savepoint: what it wrote is undone with the whole transaction
	saved   bool    // it writes; the savepoint is set
	err     error   // of the database itself: nothing works from here on
	bodies  []int64 // added and with no row yet
	touched []int64 // accounts whose count of missed messages changed
}

var _ querier = (*Tx)(nil)

// save sets the function's savepoint, which only a function that writes needs.
func (tx *Tx) save() error {
	if tx.saved {
		return nil
	}
	tx.saved = true
	if tx.bold {
		return nil
	}
	return tx.run(func(c *conn) error {
		_, err := c.exec("SAVEPOINT fn")
		return err
	})
}

// run runs a statement. An error that does not come from the statement's own
// values (a full disk, an I/O error) may have undone the whole transaction; a
// statement after it would be one of its own, so there is none.
func (tx *Tx) run(statement func(*conn) error) error {
	switch {
	case tx.w == nil:
		return errTxOver
	case tx.err != nil:
		return tx.err
	}
	err := statement(tx.w.c)
	if code := sqliteCode(err); code != 0 && code != codeConstraint {
		tx.err = err
	}
	return err
}

func (tx *Tx) row(query string, args []any, dest ...any) error {
	return tx.run(func(c *conn) error { return c.row(query, args, dest...) })
}

func (tx *Tx) each(query string, args []any, scan func(*sql.Rows) error) error {
	return tx.run(func(c *conn) error { return c.each(query, args, scan) })
}

// exec runs a statement that writes, and says how many rows it wrote.
func (tx *Tx) exec(query string, args ...any) (n int64, err error) {
	return tx.write(query, args, sql.Result.RowsAffected)
}

// insert runs an INSERT of one row and returns its id. (RETURNING id says the
// same, but takes 3 µs longer.)
func (tx *Tx) insert(query string, args ...any) (id int64, err error) {
	return tx.write(query, args, sql.Result.LastInsertId)
}

func (tx *Tx) write(query string, args []any,
	value func(sql.Result) (int64, error)) (n int64, err error) {
	if err := tx.save(); err != nil {
		return 0, err
	}
	err = tx.run(func(c *conn) error {
		res, err := c.exec(query, args...)
		if err != nil {
			return err
		}
		n, err = value(res)
		return err
	})
	return n, err
}

// do is exec for those who need no number.
func (tx *Tx) do(query string, args ...any) error {
	_, err := tx.exec(query, args...)
	return err
}

// one is exec for a statement that must find its row: else ErrNotFound.
func (tx *Tx) one(query string, args ...any) error {
	n, err := tx.exec(query, args...)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// returning runs a statement that writes one row and scans what it returns;
// ErrNotFound when it wrote none.
func (tx *Tx) returning(query string, args []any, dest ...any) error {
	if err := tx.save(); err != nil {
		return err
	}
	return tx.row(query, args, dest...)
}

// ids runs a statement that writes and returns one number for each row.
func (tx *Tx) ids(query string, args ...any) (ids []int64, err error) {
	if err := tx.save(); err != nil {
		return nil, err
	}
	err = tx.each(query, args, func(rows *sql.Rows) error {
		var id int64
		defer func() { ids = append(ids, id) }()
		return rows.Scan(&id)
	})
	return ids, err
}
