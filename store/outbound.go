package store

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// schema2 keeps what other servers have not confirmed. Its ids are the
// caller's, and nothing is looked up by another column but once after a start
// or when an account goes, so that a row costs no index.
const schema2 = `
-- unsent: no byte of it went out when the server was stopped.
CREATE TABLE outbound (
	id      INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	stamp   INTEGER NOT NULL,
	unsent  INTEGER NOT NULL,
	stanza  TEXT NOT NULL
) STRICT;
`

// Outbound is a stanza of an account to another domain, which has not
// confirmed it.
type Outbound struct {
	ID      int64
	Account int64
	Stamp   time.Time // when it was sent
	Unsent  bool      // no byte of it went out
	Stanza  string    // self-contained XML, with to and from
}

// AddOutbound adds a row with an id that was never used: ids are given out by
// the caller, in the order of sending, above those of OutboundLeft.
func (tx *Tx) AddOutbound(o *Outbound) error {
	return wrap("add outbound", tx.do(`INSERT INTO outbound (id, account, stamp, unsent, stanza)
		VALUES (?1, ?2, ?3, ?4, ?5)`,
		o.ID, o.Account, micros(o.Stamp), bit(o.Unsent, 1), o.Stanza))
}

// DeleteOutbound removes rows; unknown ids do not matter. The order of ids is
// changed.
func (tx *Tx) DeleteOutbound(ids []int64) error {
	slices.Sort(ids)
	for len(ids) > 0 {
		n := 1 // those confirmed together mostly stand together
		for n < len(ids) && ids[n] <= ids[n-1]+1 {
			n++
		}
		err := tx.do(`DELETE FROM outbound WHERE id BETWEEN ?1 AND ?2`, ids[0], ids[n-1])
		if err != nil {
			return wrap("delete outbound", err)
		}
		ids = ids[n:]
	}
	return nil
}

// DeleteAccountOutbound removes the rows of an account that goes away.
func (tx *Tx) DeleteAccountOutbound(account int64) error {
	return wrap("delete outbound", tx.do(`DELETE FROM outbound WHERE account = ?1`, account))
}

// MarkUnsent says that no byte of these went out.
func (tx *Tx) MarkUnsent(ids []int64) error {
	for _, id := range ids {
		if err := tx.do(`UPDATE outbound SET unsent = 1 WHERE id = ?1`, id); err != nil {
			return wrap("mark outbound", err)
		}
	}
	return nil
}

// TakeUnsent lists the rows that are marked, in the order of sending, and takes
// the marks away: they are about to go out.
func (tx *Tx) TakeUnsent() ([]Outbound, error) {
	list, err := outbound(tx, `WHERE unsent = 1`)
	if err == nil {
		err = tx.do(`UPDATE outbound SET unsent = 0 WHERE unsent = 1`)
	}
	return list, wrap("take unsent", err)
}

// AccountOutbound lists the rows of an account in the order of sending.
func (db *DB) AccountOutbound(ctx context.Context, account int64) ([]Outbound, error) {
	if err := db.catchUp(ctx); err != nil { // that one was confirmed is written late
		return nil, err
	}
	return get(ctx, db, func(q querier) ([]Outbound, error) {
		list, err := outbound(q, `WHERE account = ?1`, account)
		return list, wrap("list outbound", err)
	})
}

func outbound(q querier, where string, values ...any) (list []Outbound, err error) {
	err = q.each(`SELECT id, account, stamp, unsent, stanza FROM outbound `+where+` ORDER BY id`,
		values, func(rows *sql.Rows) error {
			var o Outbound
			var stamp int64
			err := rows.Scan(&o.ID, &o.Account, &stamp, &o.Unsent, &o.Stanza)
			o.Stamp = fromMicros(stamp)
			list = append(list, o)
			return err
		})
	return list, err
}

// OutboundLeft are the accounts that have rows, and the highest id there is.
func (db *DB) OutboundLeft(ctx context.Context) (accounts []int64, last int64, err error) {
	err = db.view(ctx, func(q querier) error {
		return q.each(`SELECT account, max(id) FROM outbound GROUP BY account`, nil,
			func(rows *sql.Rows) error {
				var account, highest int64
				err := rows.Scan(&account, &highest)
				accounts, last = append(accounts, account), max(last, highest)
				return err
			})
	})
	return accounts, last, wrap("list outbound", err)
}
