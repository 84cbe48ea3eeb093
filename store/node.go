package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// schemaNode is for nodes and their items (XEP-0060). A node belongs to an
// account, host is then ”; or to a service host, account is then 0. items and
// bytes count what node_item has; last is the seq of the newest item, 0 for
// none. Items are in the order of seq, which is that of publication.
const schemaNode = `
CREATE TABLE node (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	account INTEGER NOT NULL,
	host    TEXT NOT NULL,
	name    TEXT NOT NULL,
	creator TEXT NOT NULL,
	created INTEGER NOT NULL,
	config  TEXT NOT NULL,
	expire  INTEGER NOT NULL,
	items   INTEGER NOT NULL DEFAULT 0,
	bytes   INTEGER NOT NULL DEFAULT 0,
	last    INTEGER NOT NULL DEFAULT 0,
	UNIQUE (account, host, name)
) STRICT;
CREATE INDEX node_creator ON node (account, host, creator);

CREATE TABLE node_item (
	seq       INTEGER PRIMARY KEY AUTOINCREMENT,
	node      INTEGER NOT NULL,
	id        TEXT NOT NULL,
	publisher TEXT NOT NULL,
	stamp     INTEGER NOT NULL,
	payload   TEXT NOT NULL,
	UNIQUE (node, id)
) STRICT;
CREATE INDEX node_item_order ON node_item (node, seq);

CREATE TABLE node_affiliation (
	node        INTEGER NOT NULL,
	jid         TEXT NOT NULL,
	affiliation TEXT NOT NULL,
	PRIMARY KEY (node, jid)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_affiliation_jid ON node_affiliation (jid);

CREATE TABLE node_subscription (
	node    INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	bare    TEXT NOT NULL,
	state   TEXT NOT NULL,
	options TEXT NOT NULL,
	PRIMARY KEY (node, jid)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_subscription_bare ON node_subscription (bare);

CREATE TABLE node_gone (
	account INTEGER NOT NULL,
	host    TEXT NOT NULL,
	name    TEXT NOT NULL,
	uri     TEXT NOT NULL,
	PRIMARY KEY (account, host, name)
) STRICT, WITHOUT ROWID;
`

// NodeOwner is what nodes belong to: an account, or a service host.
type NodeOwner struct {
	Account int64
	Host    string
}

// Node is a node (XEP-0060 section 4.4, Node Types: all are leaves).
type Node struct {
	ID      int64
	Name    string
	Creator string // bare JID
	Created time.Time
	Config  string
	Items   int
	Bytes   int
	Last    int64 // seq of the newest item, 0 for none
}

// NodeAffiliation is an affiliation with a node (XEP-0060 section 4.1).
type NodeAffiliation struct{ Node, JID, Affiliation string }

// NodeSubscription is a subscription to a node (XEP-0060 section 4.2).
type NodeSubscription struct{ Node, JID, State, Options string }

// NodeReader reads nodes, all of one moment.
type NodeReader struct{ q querier }

// Nodes reads nodes for a request.
func (db *DB) Nodes(ctx context.Context, fn func(NodeReader) error) error {
	return db.view(ctx, func(q querier) error { return fn(NodeReader{q}) })
}

// Nodes reads nodes inside a write.
func (tx *Tx) Nodes() NodeReader { return NodeReader{tx} }

const nodeColumns = `id, name, creator, created, config, items, bytes, last`

func (n *Node) scan(row func(...any) error) error {
	var created int64
	err := row(&n.ID, &n.Name, &n.Creator, &created, &n.Config, &n.Items, &n.Bytes, &n.Last)
	n.Created = fromMicros(created)
	return err
}

// Node is the node of that name; ErrNotFound if there is none.
func (r NodeReader) Node(o NodeOwner, name string) (n Node, err error) {
	err = n.scan(func(dest ...any) error {
		return r.q.row(`SELECT `+nodeColumns+` FROM node
			WHERE account = ?1 AND host = ?2 AND name = ?3`, args(o.Account, o.Host, name), dest...)
	})
	return n, wrap("find node", err)
}

// All are the nodes, by name, those behind the name after, up to max of them.
func (r NodeReader) All(o NodeOwner, after string, max int) (list []Node, err error) {
	err = r.q.each(`SELECT `+nodeColumns+` FROM node
		WHERE account = ?1 AND host = ?2 AND name > ?4 ORDER BY name`+limit3,
		args(o.Account, o.Host, limit(max), after), scanNodes(&list))
	return list, wrap("list nodes", err)
}

func scanNodes(list *[]Node) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var n Node
		err := n.scan(rows.Scan)
		*list = append(*list, n)
		return err
	}
}

// OfAccount are the nodes of an account of that address that have items.
func (r NodeReader) OfAccount(domain, local string) (list []Node, err error) {
	err = r.q.each(`SELECT n.id, n.name, n.creator, n.created, n.config, n.items, n.bytes, n.last
		FROM account a JOIN node n ON n.account = a.id AND n.host = ''
		WHERE a.domain = ?1 AND a.local = ?2 AND n.last > 0`, args(domain, local), scanNodes(&list))
	return list, wrap("list nodes of an account", err)
}

// Use is how many nodes a creator has there, how many items and bytes are in them.
func (r NodeReader) Use(o NodeOwner, creator string) (nodes, items, bytes int, err error) {
	err = r.q.row(`SELECT count(*), coalesce(sum(items), 0), coalesce(sum(bytes), 0) FROM node
		WHERE account = ?1 AND host = ?2 AND creator = ?3`,
		args(o.Account, o.Host, creator), &nodes, &items, &bytes)
	return nodes, items, bytes, wrap("count nodes", err)
}

// Gone is where a deleted node has gone to; ErrNotFound if that is not known.
func (r NodeReader) Gone(o NodeOwner, name string) (uri string, err error) {
	err = r.q.row(`SELECT uri FROM node_gone WHERE account = ?1 AND host = ?2 AND name = ?3`,
		args(o.Account, o.Host, name), &uri)
	return uri, wrap("find where a node has gone", err)
}

// found is false for ErrNotFound.
func found(err error) (bool, error) {
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
