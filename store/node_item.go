package store

import (
	"database/sql"
	"errors"
	"time"
)

// NodeItem is a published item.
type NodeItem struct {
	Seq       int64
	ID        string
	Publisher string // JID
	Stamp     time.Time
	Payload   string // XML, "" for none
}

const nodeItemColumns = `seq, id, publisher, stamp, payload`

func (i *NodeItem) scan(row func(...any) error) error {
	var stamp int64
	err := row(&i.Seq, &i.ID, &i.Publisher, &stamp, &i.Payload)
	i.Stamp = fromMicros(stamp)
	return err
}

// Item is a node's item of that id; ErrNotFound if there is none.
func (r NodeReader) Item(node int64, id string) (i NodeItem, err error) {
	err = i.scan(func(dest ...any) error {
		return r.q.row(`SELECT `+nodeItemColumns+` FROM node_item WHERE node = ?1 AND id = ?2`,
			args(node, id), dest...)
	})
	return i, wrap("find item", err)
}

// Last is a node's newest item; ErrNotFound if there is none.
func (r NodeReader) Last(n *Node) (i NodeItem, err error) {
	err = i.scan(func(dest ...any) error {
		return r.q.row(`SELECT `+nodeItemColumns+` FROM node_item WHERE node = ?1 AND seq = ?2`,
			args(n.ID, n.Last), dest...)
	})
	return i, wrap("find the last item", err)
}

// ItemRange says which items are asked for: those with a seq between After and
// Before (0: no bound) that were published since Since; the newest first if
// Newest is set. Max is how many (0: all), Bytes how much their payloads may be
// in all, the first not counted (0: no bound).
type ItemRange struct {
	After, Before int64
	Since         time.Time
	Newest        bool
	Max, Bytes    int
}

// errPageFull ends a query when what is asked for is full.
var errPageFull = errors.New("page is full")

// Items are items in the order asked for; more says that the range has more.
func (r NodeReader) Items(node int64, g ItemRange) (list []NodeItem, more bool, err error) {
	query := `SELECT ` + nodeItemColumns + ` FROM node_item
		WHERE node = ?1 AND seq > ?2 AND seq < ?4 AND stamp >= ?5 ORDER BY seq`
	if g.Newest {
		query += ` DESC`
	}
	max := limit(g.Max)
	if g.Max > 0 {
		max++
	}
	bytes := 0
	err = r.q.each(query+limit3, args(node, g.After, max, limit64(g.Before), micros(g.Since)),
		func(rows *sql.Rows) error {
			var i NodeItem
			if err := i.scan(rows.Scan); err != nil {
				return err
			}
			bytes += len(i.Payload)
			if len(list) > 0 && (len(list) == g.Max || g.Bytes > 0 && bytes > g.Bytes) {
				more = true
				return errPageFull
			}
			list = append(list, i)
			return nil
		})
	if errors.Is(err, errPageFull) {
		err = nil
	}
	return list, more, wrap("list items", err)
}

func limit64(n int64) int64 { return limit(int(n)) }

// CountItems is how many items lie below seq (0: all) and are not older than since.
func (r NodeReader) CountItems(node, below int64, since time.Time) (n int, err error) {
	err = r.q.row(`SELECT count(*) FROM node_item WHERE node = ?1 AND seq < ?2 AND stamp >= ?3`,
		args(node, limit64(below), micros(since)), &n)
	return n, wrap("count items", err)
}

// ItemAt is the seq of the item at an index, from 0; ErrNotFound behind the end.
func (r NodeReader) ItemAt(node int64, index int, since time.Time) (seq int64, err error) {
	err = r.q.row(`SELECT seq FROM node_item WHERE node = ?1 AND stamp >= ?2 ORDER BY seq LIMIT 1
		OFFSET ?3 + 0`, args(node, micros(since), index), &seq)
	return seq, wrap("find item by index", err)
}

// PutItem publishes an item as the newest: one of the same id makes way for it
// (XEP-0060 section 12.1, Data Model).
func (tx *Tx) PutItem(node int64, i NodeItem) error {
	return wrap("put item", tx.putItem(node, i))
}

func (tx *Tx) putItem(node int64, i NodeItem) error {
	old, err := tx.Nodes().Item(node, i.ID)
	there, err := found(err)
	if err != nil {
		return err
	}
	if there {
		if err := tx.do(`DELETE FROM node_item WHERE seq = ?1`, old.Seq); err != nil {
			return err
		}
	}
	seq, err := tx.insert(`INSERT INTO node_item (node, id, publisher, stamp, payload)
		VALUES (?1, ?2, ?3, ?4, ?5)`, node, i.ID, i.Publisher, micros(i.Stamp), i.Payload)
	if err != nil {
		return err
	}
	return tx.do(`UPDATE node SET last = ?2, items = items + ?3, bytes = bytes + ?4 WHERE id = ?1`,
		node, seq, bit(!there, 1), len(i.Payload)-len(old.Payload))
}

// DeleteItem removes an item; ErrNotFound if there is none.
func (tx *Tx) DeleteItem(node int64, id string) error {
	bytes := 0
	err := tx.returning(`DELETE FROM node_item WHERE node = ?1 AND id = ?2
		RETURNING octet_length(payload)`, args(node, id), &bytes)
	if err == nil {
		err = tx.uncount(node, 1, bytes)
	}
	return wrap("delete item", err)
}

// TrimItems removes the oldest items beyond keep.
func (tx *Tx) TrimItems(node int64, keep int) error {
	return wrap("trim items", tx.trimItems(node, keep))
}

func (tx *Tx) trimItems(node int64, keep int) error {
	var last int64
	err := tx.row(`SELECT seq FROM node_item WHERE node = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2 + 0`,
		args(node, keep), &last)
	if there, err := found(err); !there {
		return err
	}
	var n, bytes int
	err = tx.row(`SELECT count(*), coalesce(sum(octet_length(payload)), 0) FROM node_item
		WHERE node = ?1 AND seq <= ?2`, args(node, last), &n, &bytes)
	if err == nil {
		err = tx.do(`DELETE FROM node_item WHERE node = ?1 AND seq <= ?2`, node, last)
	}
	if err == nil {
		err = tx.uncount(node, n, bytes)
	}
	return err
}

// uncount takes what was removed from what a node counts. It does not look at
// what is left: there may be much, and many may go.
func (tx *Tx) uncount(node int64, n, bytes int) error {
	return tx.do(`UPDATE node SET items = items - ?2, bytes = bytes - ?3,
		last = (SELECT coalesce(max(seq), 0) FROM node_item WHERE node = ?1) WHERE id = ?1`, node, n, bytes)
}

// recount sets what a node counts from what it has.
func (tx *Tx) recount(node int64) error {
	return tx.do(`UPDATE node SET
		items = (SELECT count(*) FROM node_item WHERE node = ?1),
		bytes = (SELECT coalesce(sum(octet_length(payload)), 0) FROM node_item WHERE node = ?1),
		last = (SELECT coalesce(max(seq), 0) FROM node_item WHERE node = ?1)
		WHERE id = ?1`, node)
}

// ExpireItems removes the items that are older than their node lets them
// become (XEP-0060 section 16.4.4, pubsub#item_expire).
func (tx *Tx) ExpireItems(now time.Time) error {
	ids, err := tx.ids(`SELECT DISTINCT n.id FROM node n JOIN node_item i ON i.node = n.id
		WHERE n.expire > 0 AND i.stamp < ?1 - n.expire * 1000000`, micros(now))
	for _, id := range ids {
		if err != nil {
			break
		}
		err = errors.Join(tx.do(`DELETE FROM node_item WHERE node = ?1 AND stamp < ?2 -
			(SELECT expire FROM node WHERE id = ?1) * 1000000`, id, micros(now)), tx.recount(id))
	}
	return wrap("expire items", err)
}
