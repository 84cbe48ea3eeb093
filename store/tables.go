package store

import "context"

// AccountTables lists the tables of the database that have an account column,
// for the test that no module forgets to empty its own.
func (db *DB) AccountTables(ctx context.Context) ([]string, error) {
	return get(ctx, db, func(q querier) ([]string, error) {
		list, err := texts(q, `SELECT s.name FROM sqlite_schema s
			JOIN pragma_table_info(s.name) c
			WHERE s.type = 'table' AND c.name = 'account' ORDER BY s.name`)
		return list, wrap("list tables", err)
	})
}
