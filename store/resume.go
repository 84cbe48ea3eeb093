package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// schemaResume is for streams that are resumed (XEP-0198 section 5, Resumption).
const schemaResume = `
-- ended: when the session was lost, 0 while it may still be resumed.
CREATE TABLE resumable (
	id      TEXT PRIMARY KEY NOT NULL,
	account INTEGER NOT NULL,
	handled INTEGER NOT NULL,
	ended   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX resumable_ended ON resumable (account, ended);

-- What a server that was stopped has left of its sessions.
CREATE TABLE parked (
	id      TEXT PRIMARY KEY NOT NULL,
	account INTEGER NOT NULL,
	state   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

// AddResumable notes a session that can be resumed, of whose client nothing has
// been handled.
func (tx *Tx) AddResumable(id string, account int64) error {
	return wrap("add resumable", tx.do(`INSERT INTO resumable (id, account, handled, ended)
		VALUES (?1, ?2, 0, 0)`, id, account))
}

// Handled notes how many stanzas of the session's client are handled once this
// transaction is committed. It is written with the commit, the last word of a
// session only; a function that may fail calls it at its end.
func (tx *Tx) Handled(id string, n uint32) {
	if tx.w.handled == nil {
		tx.w.handled = make(map[string]uint32)
	}
	tx.w.handled[id] = n
}

// writeHandled writes what Handled has noted.
func (w *writer) writeHandled() error {
	for id, n := range w.handled {
		_, err := w.c.exec(`UPDATE resumable SET handled = ?2 WHERE id = ?1`, id, int64(n))
		if err != nil {
			return err
		}
	}
	clear(w.handled)
	return nil
}

// maxEnded is of how many sessions of an account it is remembered how far they
// came.
const maxEnded = 50

// EndResumable says that a session of the account cannot be resumed any more. How
// many stanzas were handled is remembered for some time.
func (tx *Tx) EndResumable(account int64, id string, n uint32, at time.Time) error {
	delete(tx.w.handled, id)
	return wrap("end resumable", errors.Join(
		tx.do(`UPDATE resumable SET handled = ?2, ended = ?3 WHERE id = ?1`, id, int64(n), micros(at)),
		tx.do(`DELETE FROM resumable WHERE account = ?1 AND ended > 0 AND ended <= (
			SELECT ended FROM resumable WHERE account = ?1 AND ended > 0
			ORDER BY ended DESC LIMIT 1 OFFSET ?2)`, account, maxEnded)))
}

// DeleteResumable forgets a session: its client has taken leave.
func (tx *Tx) DeleteResumable(id string) error {
	delete(tx.w.handled, id)
	return wrap("delete resumable", tx.do(`DELETE FROM resumable WHERE id = ?1`, id))
}

// DeleteAccountResumable forgets all sessions of an account that goes away.
func (tx *Tx) DeleteAccountResumable(account int64) error {
	return wrap("delete resumable", errors.Join(
		tx.do(`DELETE FROM resumable WHERE account = ?1`, account),
		tx.do(`DELETE FROM parked WHERE account = ?1`, account)))
}

// PruneResumable forgets the sessions that ended before then.
func (tx *Tx) PruneResumable(before time.Time) error {
	return wrap("prune resumable", tx.do(
		`DELETE FROM resumable WHERE ended BETWEEN 1 AND ?1`, micros(before)))
}

// Resumable tells how many stanzas were handled of a session of the account that
// cannot be resumed any more; ErrNotFound if it is not known.
func (db *DB) Resumable(ctx context.Context, account int64, id string) (uint32, error) {
	if err := db.catchUp(ctx); err != nil {
		return 0, err
	}
	return get(ctx, db, func(q querier) (uint32, error) {
		var n int64
		err := q.row(`SELECT handled FROM resumable WHERE id = ?1 AND account = ?2`,
			args(id, account), &n)
		return uint32(n), wrap("find resumable", err)
	})
}

// Parked is what is left of a session in a server that was stopped.
type Parked struct {
	ID      string
	Account int64
	State   string
}

// Park keeps a session for the next start.
func (tx *Tx) Park(p *Parked) error {
	return wrap("park session", tx.do(`INSERT INTO parked (id, account, state) VALUES (?1, ?2, ?3)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state`, p.ID, p.Account, p.State))
}

// Unpark takes out what was parked. All other sessions of earlier processes have
// ended with them.
func (tx *Tx) Unpark(now time.Time) (list []Parked, err error) {
	err = tx.each(`SELECT id, account, state FROM parked ORDER BY id`, nil,
		func(rows *sql.Rows) error {
			var p Parked
			err := rows.Scan(&p.ID, &p.Account, &p.State)
			list = append(list, p)
			return err
		})
	return list, wrap("unpark sessions", errors.Join(err,
		tx.do(`UPDATE resumable SET ended = ?1 WHERE ended = 0
			AND id NOT IN (SELECT id FROM parked)`, micros(now)),
		tx.do(`DELETE FROM parked`)))
}
