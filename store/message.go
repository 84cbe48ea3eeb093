package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Message is a stored message as one account sees it. A text is stored once
// (the body row), with one row per account it concerns; that row says whether
// it is owed to the account (offline) and whether its archive shows it.
type Message struct {
	ID       int64  // of the account's row; ascending in the order of storing
	Body     string // the stanza as self-contained XML, with to and from
	From     string // full JID of the sender
	Stamp    time.Time
	Archived bool // the archive shows it too
}

// The missed messages of account ?1 with ids above ?2 are what was not taken
// at or below its mark, and what is owed above it and was not taken (schema1).
const (
	aboveMark = ` WHERE m.account = ?1 AND m.owed = 1 AND m.id > coalesce((
			SELECT CASE WHEN upto > ?2 THEN upto ELSE ?2 END
			FROM message_mark WHERE account = ?1), ?2)
		AND NOT EXISTS (SELECT 1 FROM message_exception e
			WHERE e.account = ?1 AND e.id = m.id AND e.missed = 0)`
	belowMark = ` WHERE e.account = ?1 AND e.missed = 1 AND e.id > ?2`

	listMissed = `SELECT e.id, b.stanza, b.sender, b.stamp, m.archived FROM message_exception e
		JOIN message m ON m.id = e.id JOIN body b ON b.id = m.body` + belowMark + `
		UNION ALL SELECT m.id, b.stanza, b.sender, b.stamp, m.archived FROM message m
		JOIN body b ON b.id = m.body` + aboveMark + ` ORDER BY 1` + limit3
	numberMissed = `SELECT (SELECT count(*) FROM message_exception e` + belowMark + `)
		+ (SELECT count(*) FROM message m` + aboveMark + `)`
)

// Missed lists what is owed to the account with ids above after, in id order,
// at most n (0: all).
func (db *DB) Missed(ctx context.Context, account, after int64, n int) ([]Message, error) {
	return get(ctx, db, func(q querier) ([]Message, error) { return missed(q, account, after, n) })
}

// Missed is DB.Missed inside a write.
func (tx *Tx) Missed(account, after int64, n int) ([]Message, error) {
	return missed(tx, account, after, n)
}

func missed(q querier, account, after int64, n int) (list []Message, err error) {
	err = q.each(listMissed, args(account, after, limit(n)), func(rows *sql.Rows) error {
		m, err := scanMessage(rows)
		list = append(list, m)
		return err
	})
	return list, wrap("list missed messages", err)
}

// missedAmong lists which of the messages with ids from first to last are owed
// to the account.
func missedAmong(q querier, account, first, last int64) (ids []int64, err error) {
	err = q.each(`SELECT e.id FROM message_exception e`+belowMark+` AND e.id <= ?3
		UNION ALL SELECT m.id FROM message m`+aboveMark+` AND m.id <= ?3`,
		args(account, first-1, last), func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// MissedCount is the number of owed messages (XEP-0013 section 2.2,
// Requesting Number of Messages).
func (db *DB) MissedCount(ctx context.Context, account int64) (int, error) {
	if err := db.catchUp(ctx); err != nil { // that one was taken is written late
		return 0, err
	}
	return get(ctx, db, func(q querier) (int, error) { return countMissed(q, account) })
}

// MissedCount is DB.MissedCount inside a write.
func (tx *Tx) MissedCount(account int64) (int, error) {
	if tx.w == nil {
		return 0, errTxOver
	}
	if n, ok := tx.w.counts[account]; ok {
		return n, nil
	}
	n, err := countMissed(tx, account)
	if err == nil {
		tx.setCount(account, n)
	}
	return n, err
}

func countMissed(q querier, account int64) (n int, err error) {
	err = q.row(numberMissed, args(account, 0), &n)
	return n, wrap("count missed messages", err)
}

// maxCounts bounds what the writer knows by heart.
const maxCounts = 10000

// setCount remembers how many messages the account missed, so that a quota
// costs no counting per message. If the function fails it is forgotten.
func (tx *Tx) setCount(account int64, n int) {
	if len(tx.w.counts) >= maxCounts {
		clear(tx.w.counts)
	}
	tx.w.counts[account] = n
	tx.touched = append(tx.touched, account)
}

// addCount changes the number, if it is known.
func (tx *Tx) addCount(account int64, n int) {
	if old, ok := tx.w.counts[account]; ok {
		tx.setCount(account, old+n)
	}
}

// AddBody stores the text of a message once. It goes again with the end of
// the function if no message row was added for it.
func (tx *Tx) AddBody(stanza string, from string, stamp time.Time) (body int64, err error) {
	if tx.w == nil {
		return 0, errTxOver
	}
	body, err = tx.insert(`INSERT INTO body (stamp, sender, stanza) VALUES (?1, ?2, ?3)`,
		tx.stamp(stamp), from, stanza)
	if err == nil {
		tx.bodies = append(tx.bodies, body)
	}
	return body, wrap("add body", err)
}

// AddMissed says that body is owed to the account: ErrQuota when the account
// has quota owed messages already (0: no limit).
func (tx *Tx) AddMissed(account, body int64, quota int) (id int64, err error) {
	return tx.AddRow(Row{Owner: account, Body: body, Owed: true, Quota: quota})
}

// dropOrphans removes the bodies that the function added for nobody.
func (tx *Tx) dropOrphans() error {
	err := tx.dropBodies(tx.bodies)
	tx.bodies = nil
	return wrap("drop unused bodies", err)
}

// dropBody removes body ?1 if no message row points to it.
const dropBody = `DELETE FROM body WHERE id = ?1
	AND NOT EXISTS (SELECT 1 FROM message WHERE body = ?1)`

// dropBodies removes those of the bodies that no message row points to.
func (tx *Tx) dropBodies(bodies []int64) error {
	for _, id := range bodies {
		n, err := tx.exec(dropBody, id)
		if err == nil && n > 0 {
			err = tx.changeDocument(id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteMessages removes the account's rows, and bodies nobody needs.
func (tx *Tx) DeleteMessages(account int64) error {
	bodies, err := tx.ids(`DELETE FROM message WHERE account = ?1 RETURNING body`, account)
	if err == nil {
		delete(tx.w.counts, account)
		err = tx.dropBodies(bodies)
	}
	return wrap("delete messages", errors.Join(err,
		tx.do(`DELETE FROM message_exception WHERE account = ?1`, account),
		tx.do(`DELETE FROM message_mark WHERE account = ?1`, account),
		tx.SetArchivePrefs(account, ArchivePrefs{})))
}
