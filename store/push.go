package store

import (
	"context"
	"database/sql"
)

// schemaPush is for push services (XEP-0357).
const schemaPush = `
CREATE TABLE push (
	account INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	node    TEXT NOT NULL,
	options TEXT NOT NULL,
	PRIMARY KEY (account, jid, node)
) STRICT, WITHOUT ROWID;
`

// Push is a node of a push service that an account's client has named.
type Push struct {
	JID     string
	Node    string
	Options string // the form of publish-options as XML, "" for none
}

// Pushes lists an account's push services.
func (db *DB) Pushes(ctx context.Context, account int64) ([]Push, error) {
	return get(ctx, db, func(q querier) (list []Push, err error) {
		err = q.each(`SELECT jid, node, options FROM push WHERE account = ?1`, args(account),
			func(rows *sql.Rows) error {
				var p Push
				err := rows.Scan(&p.JID, &p.Node, &p.Options)
				list = append(list, p)
				return err
			})
		return list, wrap("list push services", err)
	})
}

// SetPush adds a node, or replaces its options.
func (tx *Tx) SetPush(account int64, p Push) error {
	return wrap("set push service", tx.do(`INSERT INTO push (account, jid, node, options)
		VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account, jid, node) DO UPDATE SET
		options = excluded.options`, account, p.JID, p.Node, p.Options))
}

// RemovePush removes a node; an unknown one does not matter.
func (tx *Tx) RemovePush(account int64, jid, node string) error {
	return wrap("remove push service", tx.do(
		`DELETE FROM push WHERE account = ?1 AND jid = ?2 AND node = ?3`, account, jid, node))
}

// DeletePushes removes the nodes of an account that goes away.
func (tx *Tx) DeletePushes(account int64) error {
	return wrap("delete push services", tx.do(`DELETE FROM push WHERE account = ?1`, account))
}
