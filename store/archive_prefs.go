package store

import (
	"context"
	"database/sql"
	"errors"
)

// ArchivePrefs are what an account wants to have archived (XEP-0441). The zero
// value is what was never set.
type ArchivePrefs struct {
	Default       string // always, never, roster; "" where nothing was set
	Always, Never []string
}

// ArchivePrefs are the preferences of an account.
func (db *DB) ArchivePrefs(ctx context.Context, account int64) (p ArchivePrefs, err error) {
	err = db.read(ctx, func(c *conn) error {
		err := c.row(`SELECT keep FROM archive_default WHERE account = ?1`, args(account), &p.Default)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return p.rules(c, account)
	})
	return p, wrap("read archive preferences", err)
}

// rules reads the lists.
func (p *ArchivePrefs) rules(q querier, account int64) error {
	return q.each(`SELECT jid, keep FROM archive_rule WHERE account = ?1 ORDER BY jid`,
		args(account), func(rows *sql.Rows) error {
			var jid string
			var keep bool
			err := rows.Scan(&jid, &keep)
			if keep {
				p.Always = append(p.Always, jid)
			} else {
				p.Never = append(p.Never, jid)
			}
			return err
		})
}

// SetArchivePrefs replaces the preferences of an account.
func (tx *Tx) SetArchivePrefs(account int64, p ArchivePrefs) error {
	err := errors.Join(tx.do(`DELETE FROM archive_default WHERE account = ?1`, account),
		tx.do(`DELETE FROM archive_rule WHERE account = ?1`, account))
	if err == nil && p.Default != "" {
		err = tx.do(`INSERT INTO archive_default (account, keep) VALUES (?1, ?2)`, account, p.Default)
	}
	for keep, list := range [][]string{p.Never, p.Always} {
		for i := 0; i < len(list) && err == nil; i++ {
			err = tx.do(`INSERT INTO archive_rule (account, jid, keep) VALUES (?1, ?2, ?3)`,
				account, list[i], keep)
		}
	}
	return wrap("set archive preferences", err)
}
