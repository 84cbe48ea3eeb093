package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"
)

// The order of an archive is that of its ids. Stamps follow it, because the
// writer does not let one be before the last (Tx.stamp); so a time is found by
// halving the ids, without an index of its own. Where the clock was far ahead
// for a while, what was stored then may be missing from queries for a time.

// near is how many ids are not worth another step: stamps are compared again
// when rows are read.
const near = 128

// bounds narrows the ids to what may be between Start and End.
func (query *ArchiveQuery) bounds(q querier, owner int64) error {
	if query.Start.IsZero() && query.End.IsZero() {
		return nil
	}
	first, last, err := archiveEnds(q, owner)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	query.After = max(query.After, first.ID-1)
	query.Before = min(query.Before, last.ID+1)
	lo, hi := query.After, query.Before
	if !query.Start.IsZero() {
		if query.After, _, err = halve(q, owner, lo, hi, micros(query.Start)); err != nil {
			return err
		}
	}
	if !query.End.IsZero() {
		_, query.Before, err = halve(q, owner, lo, hi, micros(query.End)+1)
	}
	return err
}

// halve finds ids around the first row with a stamp of at least t: those up to
// below have an earlier one, those from above on have not.
func halve(q querier, owner, below, above, t int64) (int64, int64, error) {
	for above-below > near {
		var id, stamp int64
		var from string
		mid := below + (above-below)/2
		err := q.row(both(ends, "", ascending), args(owner, mid-1, above, 1), &id, &from, &stamp)
		switch {
		case errors.Is(err, ErrNotFound):
			above = mid
		case err != nil:
			return 0, 0, err
		case stamp < t:
			below = id
		default:
			above = mid
		}
	}
	return below, above, nil
}

// ArchiveEnds are the first and the last message of an archive, without their
// texts; ErrNotFound when it is empty.
func (db *DB) ArchiveEnds(ctx context.Context, owner int64) (first, last Message, err error) {
	if err := db.settle(ctx); err != nil {
		return first, last, err
	}
	err = db.view(ctx, func(q querier) (err error) {
		first, last, err = archiveEnds(q, owner)
		return err
	})
	return first, last, wrap("find ends of archive", err)
}

func archiveEnds(q querier, owner int64) (first, last Message, err error) {
	end := func(m *Message, order string) error {
		var stamp int64
		values := args(owner, int64(0), int64(math.MaxInt64), 1)
		err := q.row(both(ends, "", order), values, &m.ID, &m.From, &stamp)
		m.Stamp = fromMicros(stamp)
		return err
	}
	if err = end(&first, ascending); err == nil {
		err = end(&last, backwards)
	}
	return first, last, err
}

// clockBack is how far a clock may go back without anybody seeing it.
const clockBack = time.Hour

// stamp is the time to be stored for a body: not before that of the body
// before it, unless that is far away, as when old messages are imported.
func (tx *Tx) stamp(t time.Time) int64 {
	n := micros(t)
	if last := tx.w.stamp; n < last && last-n < int64(clockBack/time.Microsecond) {
		return last
	}
	tx.w.stamp = n
	return n
}

// lastStamp is the stamp of the newest body, 0 if there is none.
func lastStamp(q querier) (n int64, err error) {
	err = q.row(`SELECT coalesce((SELECT stamp FROM body ORDER BY id DESC LIMIT 1), 0)`, nil, &n)
	return n, err
}

// old is a row that TrimArchive looks at.
type old struct {
	id, owner, body, stamp int64
	archived, owed         bool
}

// Trim says what TrimArchive is to remove.
type Trim struct {
	Rooms  bool      // from the archives of rooms, else from those of accounts
	Before time.Time // what was stored before
	After  int64     // ids above this: where the last step ended
}

// TrimArchive removes from archives what is old, looking at n rows at most. It
// returns where to go on, 0 when it is done. Messages that are still owed stay.
func (tx *Tx) TrimArchive(t Trim, n int) (next int64, err error) {
	rows, err := tx.oldest(`SELECT m.id, m.account, m.body, b.stamp, m.archived, m.owed
		FROM message m JOIN body b ON b.id = m.body WHERE m.id > ?1
		ORDER BY m.id LIMIT ?2 + 0`, t.After, n)
	if err != nil {
		return 0, wrap("trim archives", err)
	}
	for _, r := range rows {
		if r.stamp >= micros(t.Before) {
			return 0, nil
		}
		if r.archived && t.Rooms == (r.owner < 0) {
			if err := tx.unarchive(r); err != nil {
				return 0, wrap("trim archives", err)
			}
		}
		next = r.id
	}
	if len(rows) < n {
		next = 0
	}
	return next, nil
}

// DeleteArchive removes an owner's archive, n messages at a time; more says
// that there are others. Messages that are still owed stay.
func (tx *Tx) DeleteArchive(owner int64, n int) (more bool, err error) {
	rows, err := tx.oldest(`SELECT m.id, m.account, m.body, 0, m.archived, m.owed
		FROM message m WHERE m.account = ?1 AND m.owed IN (0, 1) AND m.archived = 1
		LIMIT ?2 + 0`, owner, n)
	for i := 0; i < len(rows) && err == nil; i++ {
		err = tx.unarchive(rows[i])
	}
	return len(rows) == n, wrap("delete archive", err)
}

func (tx *Tx) oldest(query string, values ...any) (list []old, err error) {
	err = tx.each(query, values, func(rows *sql.Rows) error {
		var r old
		err := rows.Scan(&r.id, &r.owner, &r.body, &r.stamp, &r.archived, &r.owed)
		list = append(list, r)
		return err
	})
	return list, err
}

// unarchive takes a message out of its archive.
func (tx *Tx) unarchive(r old) error {
	missed := false
	if r.owed {
		err := tx.row(`SELECT CASE WHEN ?2 > coalesce((
				SELECT upto FROM message_mark WHERE account = ?1), 0)
			THEN NOT EXISTS (SELECT 1 FROM message_exception
				WHERE account = ?1 AND id = ?2 AND missed = 0)
			ELSE EXISTS (SELECT 1 FROM message_exception
				WHERE account = ?1 AND id = ?2 AND missed = 1) END`, args(r.owner, r.id), &missed)
		if err != nil {
			return err
		}
	}
	if missed {
		return tx.do(`UPDATE message SET archived = 0, peer = '' WHERE id = ?1`, r.id)
	}
	if r.owed {
		err := tx.do(`DELETE FROM message_exception WHERE account = ?1 AND id = ?2`, r.owner, r.id)
		if err != nil {
			return err
		}
	}
	if err := tx.do(`DELETE FROM message WHERE id = ?1`, r.id); err != nil {
		return err
	}
	return tx.dropBodies([]int64{r.body})
}
