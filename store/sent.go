package store

import (
	"context"
	"time"
)

const (
	// sentEvery is how old the note of a contact grows before it is renewed:
	// a conversation costs one row a day.
	sentEvery = 24 * time.Hour
	// pruneEvery is after how many written notes the account's old ones go.
	pruneEvery = 64
)

// SentTo notes that the account sent a message to a bare JID (who has been
// written to is no stranger); HasSentTo tells whether it did since then.
func (tx *Tx) SentTo(account int64, jid string, t time.Time) error {
	n, err := tx.exec(`INSERT INTO sent_to (account, jid, stamp) VALUES (?1, ?2, ?3)
		ON CONFLICT (account, jid) DO UPDATE SET stamp = excluded.stamp
		WHERE sent_to.stamp <= excluded.stamp - ?4`,
		account, jid, micros(t), sentEvery.Microseconds())
	if err != nil || n == 0 {
		return wrap("note contact", err)
	}
	if tx.w.sent++; tx.w.sent%pruneEvery == 0 {
		err = tx.pruneSent(account, t)
	}
	return wrap("note contact", err)
}

// pruneSent removes what is older than anybody has asked for yet.
func (tx *Tx) pruneSent(account int64, now time.Time) error {
	window := time.Duration(tx.w.db.window.Load())
	if window == 0 {
		return nil
	}
	return tx.do(`DELETE FROM sent_to WHERE account = ?1 AND stamp < ?2`,
		account, micros(now.Add(-window-sentEvery)))
}

// HasSentTo tells whether the account sent a message to the bare JID since
// then. It may be a day off in the contact's favour.
func (db *DB) HasSentTo(
	ctx context.Context, account int64, jid string, since time.Time) (bool, error) {
	db.widen(time.Since(since))
	return get(ctx, db, func(q querier) (sent bool, err error) {
		err = q.row(`SELECT EXISTS (SELECT 1 FROM sent_to
			WHERE account = ?1 AND jid = ?2 AND stamp > ?3)`,
			args(account, jid, micros(since.Add(-sentEvery))), &sent)
		return sent, wrap("find contact", err)
	})
}

// widen remembers the longest time that HasSentTo was asked for, within what
// a Duration can hold with a day more.
func (db *DB) widen(asked time.Duration) {
	asked = min(asked, 100*365*24*time.Hour)
	for {
		known := db.window.Load()
		if int64(asked) <= known || db.window.CompareAndSwap(known, int64(asked)) {
			return
		}
	}
}

// DeleteSentTo removes the notes of an account that goes away.
func (tx *Tx) DeleteSentTo(account int64) error {
	return wrap("delete contacts", tx.do(`DELETE FROM sent_to WHERE account = ?1`, account))
}
