package store

import "context"

// RosterSince is RosterChanges apart: items and removed addresses.
func (db *DB) RosterSince(ctx context.Context, account, version int64) (
	changed []RosterItem, removed []string, ok bool, err error) {
	list, ok, err := db.RosterChanges(ctx, account, version)
	for _, item := range list {
		if item.Listed {
			changed = append(changed, item)
		} else {
			removed = append(removed, item.JID)
		}
	}
	return changed, removed, ok, err
}
