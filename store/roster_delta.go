package store

import (
	"context"
	"database/sql"
)

// RosterChanges is what changed after version in the roster that a client
// sees, in order of change, each with the version it got then: items, and for
// removed ones what has neither Listed nor anything but JID and Version. ok is
// false when the version is unknown or too old and the whole roster must be
// sent.
func (db *DB) RosterChanges(ctx context.Context, account, version int64) (
	list []RosterItem, ok bool, err error) {
	err = db.view(ctx, func(q querier) error {
		now, since, err := rosterVersion(q, account)
		if err != nil || version > now || version < since {
			return err
		}
		ok = true
		return q.each(`SELECT `+itemColumns+` FROM roster
			WHERE account = ?1 AND version > ?2 AND flows & ?3 <> 0
			UNION ALL SELECT jid, '', '', 0, '', version FROM roster_removed
			WHERE account = ?1 AND version > ?2 ORDER BY version`,
			args(account, version, flowListed), func(rows *sql.Rows) error {
				var i RosterItem
				err := i.scan(rows.Scan)
				list = append(list, i)
				return err
			})
	})
	return list, ok && err == nil, wrap("read roster changes", err)
}
