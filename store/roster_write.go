package store

import "errors"

// PutRosterItem writes the item with the account's next roster version, which
// it returns. An item that was Listed and is not any more counts as removed.
func (tx *Tx) PutRosterItem(account int64, item RosterItem) (version int64, err error) {
	version, err = tx.putRosterItem(account, item)
	return version, wrap("put roster item", err)
}

func (tx *Tx) putRosterItem(account int64, item RosterItem) (version int64, err error) {
	before, _, err := tx.RosterItem(account, item.JID)
	if err != nil {
		return 0, err
	}
	if version, err = tx.nextVersion(account); err != nil {
		return 0, err
	}
	err = tx.do(`INSERT INTO roster (account, jid, name, groups, flows, pending, version)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
		ON CONFLICT (account, jid) DO UPDATE SET name = excluded.name,
			groups = excluded.groups, flows = excluded.flows,
			pending = excluded.pending, version = excluded.version`,
		account, item.JID, item.Name, joinGroups(item.Groups), item.flows(), item.Pending, version)
	switch {
	case err != nil:
		return 0, err
	case before.Listed && !item.Listed:
		err = tx.markRemoved(account, item.JID, version)
	case !before.Listed && item.Listed:
		err = tx.do(`DELETE FROM roster_removed WHERE account = ?1 AND jid = ?2`, account, item.JID)
	}
	return version, err
}

// DeleteRosterItem removes the item and keeps a mark of the removal under the
// next version, so that a delta can name it (RFC 6121 section 2.6, Roster
// Versioning); ErrNotFound if there is no such item.
func (tx *Tx) DeleteRosterItem(account int64, jid string) (version int64, err error) {
	version, err = tx.deleteRosterItem(account, jid)
	return version, wrap("delete roster item", err)
}

func (tx *Tx) deleteRosterItem(account int64, jid string) (version int64, err error) {
	var flows int64
	err = tx.returning(`DELETE FROM roster WHERE account = ?1 AND jid = ?2 RETURNING flows`,
		args(account, jid), &flows)
	if err != nil {
		return 0, err
	}
	if version, err = tx.nextVersion(account); err != nil {
		return 0, err
	}
	if flows&flowListed != 0 {
		err = tx.markRemoved(account, jid, version)
	}
	return version, err
}

func (tx *Tx) nextVersion(account int64) (version int64, err error) {
	err = tx.returning(`INSERT INTO roster_version (account, version, since) VALUES (?1, 1, 0)
		ON CONFLICT (account) DO UPDATE SET version = roster_version.version + 1
		RETURNING version`, args(account), &version)
	return version, err
}

// markRemoved remembers a removal, and forgets the oldest ones beyond
// maxRemoved: deltas then begin after those.
func (tx *Tx) markRemoved(account int64, jid string, version int64) error {
	err := tx.do(`INSERT INTO roster_removed (account, jid, version) VALUES (?1, ?2, ?3)
		ON CONFLICT (account, jid) DO UPDATE SET version = excluded.version`,
		account, jid, version)
	if err != nil {
		return err
	}
	var last int64
	err = tx.row(`SELECT version FROM roster_removed WHERE account = ?1
		ORDER BY version DESC LIMIT 1 OFFSET ?2`, args(account, maxRemoved), &last)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = tx.do(`DELETE FROM roster_removed WHERE account = ?1 AND version <= ?2`, account, last)
	if err != nil {
		return err
	}
	return tx.do(`UPDATE roster_version SET since = ?2 WHERE account = ?1`, account, last)
}

// DeleteRoster empties the roster of an account that goes away.
func (tx *Tx) DeleteRoster(account int64) error {
	for _, query := range []string{
		`DELETE FROM roster WHERE account = ?1`,
		`DELETE FROM roster_removed WHERE account = ?1`,
		`DELETE FROM roster_version WHERE account = ?1`,
	} {
		if err := tx.do(query, account); err != nil {
			return wrap("delete roster", err)
		}
	}
	return nil
}
