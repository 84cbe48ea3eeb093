package store

import (
	"errors"
	"slices"

	"parley/stanza"
)

// Row is a message that is stored for one owner.
type Row struct {
	Owner    int64 // account, or minus the id of a room
	Body     int64
	Owed     bool       // to the account (offline)
	Quota    int        // of what is owed, 0: no limit
	Archived bool       // the archive shows it
	Peer     stanza.JID // whom it is from, or to: what queries select by
}

// insertRow and insertRows store one row or two: a statement for both sides costs
// half of two.
const (
	insertRow = `INSERT INTO message (account, body, owed, archived, peer, resource)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6)`
	insertRows = insertRow + `, (?7, ?8, ?9, ?10, ?11, ?12)`
)

// values are those of insertRow.
func (r *Row) values() []any {
	peer := r.Peer
	if !r.Archived {
		peer = stanza.JID{}
	}
	return args(r.Owner, r.Body, bit(r.Owed, 1), bit(r.Archived, 1),
		peer.Bare().String(), peer.Resource())
}

// AddRow stores a message for one owner, or ErrQuota when the account is owed
// Quota messages already.
func (tx *Tx) AddRow(r Row) (id int64, err error) {
	if err := tx.checkQuota(&r); err != nil {
		return 0, err
	}
	if id, err = tx.insert(insertRow, r.values()...); err == nil {
		tx.added(&r)
	}
	return id, wrap("add message", err)
}

// AddRows stores a message for two owners, which is AddRow for one and then the
// other: ErrQuota when that is so for either.
func (tx *Tx) AddRows(a, b Row) (first, second int64, err error) {
	if err := errors.Join(tx.checkQuota(&a), tx.checkQuota(&b)); err != nil {
		return 0, 0, err
	}
	// The ids of one statement's rows follow each other.
	if second, err = tx.insert(insertRows, append(a.values(), b.values()...)...); err == nil {
		tx.added(&a)
		tx.added(&b)
	}
	return second - 1, second, wrap("add messages", err)
}

// checkQuota is ErrQuota when the account is owed too much.
func (tx *Tx) checkQuota(r *Row) error {
	if !r.Owed || r.Quota <= 0 {
		return nil
	}
	n, err := tx.MissedCount(r.Owner)
	if err == nil && n >= r.Quota {
		err = wrap("add message", ErrQuota)
	}
	return err
}

// added keeps count of what was stored.
func (tx *Tx) added(r *Row) {
	tx.bodies = slices.DeleteFunc(tx.bodies, func(b int64) bool { return b == r.Body })
	if r.Owed {
		tx.addCount(r.Owner, 1)
	}
}

// AddArchived stores a message in an archive, and for nothing else.
func (tx *Tx) AddArchived(owner, body int64, peer stanza.JID) (id int64, err error) {
	return tx.AddRow(Row{Owner: owner, Body: body, Archived: true, Peer: peer})
}
