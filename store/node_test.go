package store

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// newNode makes a node with some items.
func newNode(t *testing.T, db *DB, o NodeOwner, name string, items ...string) (id int64) {
	t.Helper()
	update(t, db, func(tx *Tx) (err error) {
		id, err = tx.NewNode(o, Node{Name: name, Creator: "a@b", Config: "{}", Created: time.Unix(1, 0)}, 0)
		for i := 0; i < len(items) && err == nil; i++ {
			err = tx.PutItem(id, NodeItem{ID: items[i], Publisher: "a@b",
				Stamp: time.Unix(int64(i)+1, 0), Payload: "<p>" + items[i] + "</p>"})
		}
		return err
	})
	return id
}

// nodes runs a read.
func nodes(t *testing.T, db *DB, fn func(r NodeReader) error) {
	t.Helper()
	if err := db.Nodes(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// itemIDs are the ids of items in a range, with "+" where there is more.
func itemIDs(t *testing.T, db *DB, node int64, g ItemRange) (text string) {
	t.Helper()
	nodes(t, db, func(r NodeReader) error {
		list, more, err := r.Items(node, g)
		for _, i := range list {
			text += i.ID
		}
		if more {
			text += "+"
		}
		return err
	})
	return text
}

func TestNodeItems(t *testing.T) {
	db := openTest(t, Options{})
	o := NodeOwner{Account: 1}
	id := newNode(t, db, o, "n", "a", "b", "c", "a", "d")
	var b NodeItem
	nodes(t, db, func(r NodeReader) (err error) {
		b, err = r.Item(id, "b")
		return err
	})
	for _, tc := range []struct {
		name string
		g    ItemRange
		want string
	}{
		{"all, an item published again is the newer one", ItemRange{}, "bcad"},
		{"newest", ItemRange{Newest: true, Max: 2}, "da+"},
		{"all of them fit", ItemRange{Max: 4}, "bcad"},
		{"behind", ItemRange{After: b.Seq, Max: 1}, "c+"},
		{"before", ItemRange{Before: b.Seq + 1}, "b"},
		{"bytes", ItemRange{Bytes: 17}, "bc+"},
		{"at least one", ItemRange{Bytes: 1}, "b+"},
		{"since", ItemRange{Since: time.Unix(4, 0)}, "ad"},
	} {
		if got := itemIDs(t, db, id, tc.g); got != tc.want {
			t.Errorf("%s: %s, not %s", tc.name, got, tc.want)
		}
	}
	checkNode(t, db, o, "n", "4 32 d")
	update(t, db, func(tx *Tx) error { return tx.DeleteItem(id, "d") })
	checkNode(t, db, o, "n", "3 24 a")
	update(t, db, func(tx *Tx) error { return tx.TrimItems(id, 3) })
	checkNode(t, db, o, "n", "3 24 a")
	update(t, db, func(tx *Tx) error { return tx.TrimItems(id, 1) })
	checkNode(t, db, o, "n", "1 8 a")
	update(t, db, func(tx *Tx) error { return tx.PurgeNode(id) })
	checkNode(t, db, o, "n", "0 0 ")
}

// checkNode compares what a node counts: items, bytes, and the id of the last.
func checkNode(t *testing.T, db *DB, o NodeOwner, name, want string) {
	t.Helper()
	nodes(t, db, func(r NodeReader) error {
		n, err := r.Node(o, name)
		if err != nil {
			return err
		}
		last, err := r.Last(&n)
		if _, err := found(err); err != nil {
			return err
		}
		if got := fmt.Sprintf("%d %d %s", n.Items, n.Bytes, last.ID); got != want {
			t.Errorf("node %s: %q, not %q", name, got, want)
		}
		return nil
	})
}

func TestNodeExpire(t *testing.T) {
	db := openTest(t, Options{})
	o := NodeOwner{Host: "pubsub.example"}
	id := newNode(t, db, o, "n", "a", "b", "c")
	newNode(t, db, o, "kept", "a")
	update(t, db, func(tx *Tx) error {
		return errors.Join(tx.ConfigureNode(id, "{}", 10), tx.ExpireItems(time.Unix(12, 5000)))
	})
	checkNode(t, db, o, "n", "1 8 c")
	checkNode(t, db, o, "kept", "1 8 a")
	nodes(t, db, func(r NodeReader) error {
		n, items, bytes, err := r.Use(o, "a@b")
		if n != 2 || items != 2 || bytes != 16 {
			t.Errorf("in use: %d nodes, %d items, %d bytes", n, items, bytes)
		}
		return err
	})
}

func TestNodeLists(t *testing.T) {
	db := openTest(t, Options{})
	o := NodeOwner{Host: "pubsub.example"}
	a, b := newNode(t, db, o, "a"), newNode(t, db, o, "b")
	update(t, db, func(tx *Tx) error {
		return errors.Join(tx.SetAffiliation(a, "x@y", "owner"), tx.SetAffiliation(b, "x@y", "member"),
			tx.SetAffiliation(a, "x@y", "publisher"), tx.SetAffiliation(b, "x@y", ""),
			tx.PutSubscription(a, "x@y", NodeSubscription{JID: "x@y/r", State: "pending"}),
			tx.PutSubscription(a, "x@y", NodeSubscription{JID: "x@y/r", State: "subscribed"}),
			tx.PutSubscription(b, "x@y", NodeSubscription{JID: "x@y", State: "subscribed"}),
			tx.DeleteSubscription(b, "x@y"))
	})
	nodes(t, db, func(r NodeReader) error {
		mine, err1 := r.AffiliationsOf(o, "x@y")
		all, err2 := r.Affiliations(a)
		one, err3 := r.Affiliation(a, "x@y")
		subs, err4 := r.SubscriptionsOf(o, "x@y")
		to, err5 := r.SubscriptionsTo(a, "x@y")
		n, err6 := r.CountSubscriptions(a)
		got := fmt.Sprintln(mine, all, one, subs, to, n)
		want := "[{a x@y publisher}] [{ x@y publisher}] publisher " +
			"[{a x@y/r subscribed }] [{ x@y/r subscribed }] 1\n"
		if got != want {
			t.Errorf("%s\nnot %s", got, want)
		}
		return errors.Join(err1, err2, err3, err4, err5, err6)
	})
}

// TestDeleteNodes: with an account go its nodes, and on services those that
// nobody else owns.
func TestDeleteNodes(t *testing.T) {
	db := openTest(t, Options{})
	account := create(t, db, "a@b")[0]
	host := NodeOwner{Host: "pubsub.b"}
	newNode(t, db, NodeOwner{Account: account}, "own", "a")
	alone, shared := newNode(t, db, host, "alone"), newNode(t, db, host, "shared")
	update(t, db, func(tx *Tx) error {
		return errors.Join(tx.SetAffiliation(alone, "a@b", "owner"),
			tx.SetAffiliation(shared, "a@b", "owner"), tx.SetAffiliation(shared, "c@b", "owner"),
			tx.PutSubscription(shared, "a@b", NodeSubscription{JID: "a@b/r", State: "subscribed"}),
			tx.DeleteNodes(account))
	})
	nodes(t, db, func(r NodeReader) error {
		list, err := r.All(host, "", 0)
		if len(list) != 1 || list[0].Name != "shared" {
			t.Errorf("left: %v", list)
		}
		own, err2 := r.OfAccount("b", "a")
		left, err3 := r.Affiliations(shared)
		subs, err4 := r.Subscriptions(shared)
		if len(own) != 0 || len(left) != 1 || len(subs) != 0 {
			t.Errorf("nodes %v, affiliations %v, subscriptions %v", own, left, subs)
		}
		return errors.Join(err, err2, err3, err4)
	})
	if n := number(t, db, `SELECT count(*) FROM node_item`); n != 0 {
		t.Errorf("%d items are left", n)
	}
}

func TestNodeGone(t *testing.T) {
	db := openTest(t, Options{})
	o := NodeOwner{Host: "pubsub.b"}
	id := newNode(t, db, o, "n")
	update(t, db, func(tx *Tx) error { return tx.DeleteNode(o, Node{ID: id, Name: "n"}, "xmpp:c@d") })
	nodes(t, db, func(r NodeReader) error {
		uri, err := r.Gone(o, "n")
		if uri != "xmpp:c@d" {
			t.Errorf("gone to %q", uri)
		}
		return err
	})
	newNode(t, db, o, "n")
	err := db.Nodes(t.Context(), func(r NodeReader) error { _, err := r.Gone(o, "n"); return err })
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("error %v", err)
	}
	err = db.Update(t.Context(), func(tx *Tx) error { _, err := tx.NewNode(o, Node{Name: "n"}, 0); return err })
	if !errors.Is(err, ErrExists) {
		t.Errorf("error %v", err)
	}
}

// fillNodes puts a row of the account into the tables of nodes.
func fillNodes(tx *Tx, account int64) error {
	o := NodeOwner{Account: account}
	id, err := tx.NewNode(o, Node{Name: "gone"}, 0)
	_, err2 := tx.NewNode(o, Node{Name: "here"}, 0)
	return errors.Join(err, err2, tx.DeleteNode(o, Node{ID: id, Name: "gone"}, "xmpp:a@b"))
}
