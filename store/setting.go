package store

import "context"

// Setting is a value of the server's own (secrets, marks), by name;
// ErrNotFound if there is none.
func (db *DB) Setting(ctx context.Context, name string) (string, error) {
	return get(ctx, db, func(q querier) (string, error) { return findSetting(q, name) })
}

// Setting is DB.Setting inside a write.
func (tx *Tx) Setting(name string) (string, error) { return findSetting(tx, name) }

func findSetting(q querier, name string) (value string, err error) {
	err = q.row(`SELECT value FROM setting WHERE name = ?1`, args(name), &value)
	return value, wrap("find setting", err)
}

// SetSetting sets a value of the server's own.
func (tx *Tx) SetSetting(name, value string) error {
	err := tx.do(`INSERT INTO setting (name, value) VALUES (?1, ?2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return wrap("set setting", err)
}
