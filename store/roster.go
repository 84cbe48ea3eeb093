package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
)

// RosterItem is one contact of an account (RFC 6121 section 2.1.2, Roster
// Items) or the state of a subscription that is in no roster yet: which ways
// presence flows and what is pending (RFC 6121 appendix A, Subscription States).
type RosterItem struct {
	JID      string // canonical bare JID
	Name     string
	Groups   []string
	To, From bool   // subscription: none, to, from, both
	Ask      bool   // "Pending Out": ask='subscribe'
	Pending  string // "Pending In": the stored <presence type='subscribe'/> stanza, "" if none
	Approved bool   // pre-approved (RFC 6121 section 3.4, Pre-Approving a Subscription Request)
	Listed   bool   // false: only Pending or nothing; not part of the roster a client sees
	Version  int64  // roster version of the last change
}

// maxRemoved is how many removals a roster remembers. A client that knows
// only versions before them gets the whole roster.
const maxRemoved = 500

const (
	flowTo = 1 << iota
	flowFrom
	flowAsk
	flowApproved
	flowListed
)

const itemColumns = `jid, name, groups, flows, pending, version`

// flows are the item's flags as they are stored.
func (i *RosterItem) flows() int64 {
	return bit(i.To, flowTo) | bit(i.From, flowFrom) | bit(i.Ask, flowAsk) |
		bit(i.Approved, flowApproved) | bit(i.Listed, flowListed)
}

// scan reads itemColumns.
func (i *RosterItem) scan(row func(...any) error) error {
	var groups string
	var flows int64
	err := row(&i.JID, &i.Name, &groups, &flows, &i.Pending, &i.Version)
	i.Groups = splitGroups(groups)
	i.To, i.From, i.Ask = flows&flowTo != 0, flows&flowFrom != 0, flows&flowAsk != 0
	i.Approved, i.Listed = flows&flowApproved != 0, flows&flowListed != 0
	return err
}

// groupEnd ends each group's name; XML cannot contain it.
const groupEnd = "\x1f"

func joinGroups(groups []string) string {
	if len(groups) == 0 {
		return ""
	}
	return strings.Join(groups, groupEnd) + groupEnd
}

func splitGroups(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, groupEnd), groupEnd)
}

func items(q querier, query string, args ...any) (list []RosterItem, err error) {
	err = q.each(query, args, func(rows *sql.Rows) error {
		var i RosterItem
		err := i.scan(rows.Scan)
		list = append(list, i)
		return err
	})
	return list, err
}

// Roster is all items of an account, also those that are not Listed, and its
// version, 0 for a roster that was never written.
func (db *DB) Roster(ctx context.Context, account int64) (
	list []RosterItem, version int64, err error) {
	err = db.read(ctx, func(c *conn) (err error) {
		list, version, err = roster(c, account)
		return err
	})
	return list, version, err
}

// Roster is DB.Roster inside a write.
func (tx *Tx) Roster(account int64) ([]RosterItem, int64, error) { return roster(tx, account) }

// roster is one query: each account is asked at login. The version comes as an
// item without an address.
func roster(q querier, account int64) (list []RosterItem, version int64, err error) {
	list, err = items(q, `SELECT '', '', '', 0, '', version FROM roster_version WHERE account = ?1
		UNION ALL SELECT `+itemColumns+` FROM roster WHERE account = ?1`, account)
	for n, i := range list {
		if i.JID == "" {
			return slices.Delete(list, n, n+1), i.Version, wrap("read roster", err)
		}
	}
	return list, 0, wrap("read roster", err)
}

// rosterVersion is the roster's version, and the one after which removals are
// known.
func rosterVersion(q querier, account int64) (version, since int64, err error) {
	err = q.row(`SELECT version, since FROM roster_version WHERE account = ?1`,
		args(account), &version, &since)
	if errors.Is(err, ErrNotFound) {
		return 0, 0, nil
	}
	return version, since, err
}

// RosterItem reads one item; ok is false if there is none.
func (tx *Tx) RosterItem(account int64, jid string) (item RosterItem, ok bool, err error) {
	err = item.scan(func(dest ...any) error {
		return tx.row(`SELECT `+itemColumns+` FROM roster WHERE account = ?1 AND jid = ?2`,
			args(account, jid), dest...)
	})
	if errors.Is(err, ErrNotFound) {
		return RosterItem{}, false, nil
	}
	return item, err == nil, wrap("read roster item", err)
}

// CountRoster is the number of Listed items.
func (tx *Tx) CountRoster(account int64) (n int, err error) {
	err = tx.row(`SELECT count(*) FROM roster WHERE account = ?1 AND flows & ?2 <> 0`,
		args(account, flowListed), &n)
	return n, wrap("count roster", err)
}
