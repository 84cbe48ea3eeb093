package server

import (
	"bytes"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"parley/stanza"
	"parley/store"
)

// TestDeletedAccountLeavesNothing: whatever table has a column for an account,
// deleting the account empties it, by the hook of the module whose table it is.
// A table that this test does not know how to fill fails it.
func TestDeletedAccountLeavesNothing(t *testing.T) {
	l := startLive(t, true)
	if err := l.Register(t.Context(), "alice", "secret"); err != nil {
		t.Fatal(err)
	}
	account, err := l.server.router.Account(t.Context(), stanza.MustJID("alice@localhost"))
	if err != nil {
		t.Fatal(err)
	}
	fill(t, l.server.store, account.ID)
	tables, err := l.server.store.AccountTables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The store has no door to count by: another connection to its file.
	db, err := sql.Open(sql.Drivers()[0], filepath.Join(l.config.Data, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	count := func(table string) (n int) {
		if err := db.QueryRowContext(t.Context(),
			fmt.Sprintf("SELECT count(*) FROM %s WHERE account = ?", table), account.ID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, table := range tables {
		if count(table) == 0 {
			t.Errorf("nothing is in table %s: fill must know it", table)
		}
	}
	if err := l.server.router.DeleteAccount(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if n := count(table); n != 0 {
			t.Errorf("table %s has %d rows left", table, n)
		}
	}
}

// fill puts something into every table that belongs to accounts.
func fill(t *testing.T, db *store.DB, account int64) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		_, err1 := tx.PutRosterItem(account, store.RosterItem{
			JID: "bob@localhost", Groups: []string{"Friends"}, Listed: true})
		_, err2 := tx.PutRosterItem(account, store.RosterItem{JID: "carol@localhost", Listed: true})
		_, err3 := tx.DeleteRosterItem(account, "carol@localhost")
		rules := []store.Rule{{Type: "jid", Value: "dave@localhost"}}
		return errors.Join(err1, err2, err3, tx.SetRules(account, "list", rules),
			tx.SetDefaultRules(account, "list"),
			tx.SetPrivate(account, "key", "<key/>", 1000),
			tx.SentTo(account, "erin@localhost", time.Now()),
			tx.AddOutbound(&store.Outbound{ID: 1, Account: account, Stamp: time.Now()}),
			tx.SetArchivePrefs(account, store.ArchivePrefs{Default: "roster", Never: []string{"a@b"}}),
			tx.AddToken(account, store.Token{Client: "c", Expires: time.Now().Add(time.Hour)}, time.Now()),
			tx.SetPush(account, store.Push{JID: "push.lit", Node: "n"}),
			tx.AddUpload(&store.Upload{Token: "token", Account: account}),
			tx.AddResumable("session", account),
			tx.Park(&store.Parked{ID: "session", Account: account}),
			nodes(tx, account),
			messages(tx, account))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// nodes adds a node, and one that has gone elsewhere.
func nodes(tx *store.Tx, account int64) error {
	o := store.NodeOwner{Account: account}
	gone, err1 := tx.NewNode(o, store.Node{Name: "gone"}, 0)
	_, err2 := tx.NewNode(o, store.Node{Name: "here"}, 0)
	return errors.Join(err1, err2, tx.DeleteNode(o, store.Node{ID: gone, Name: "gone"}, "xmpp:bob@localhost"))
}

// messages adds two that are owed, of which the later one has been taken.
func messages(tx *store.Tx, account int64) error {
	var ids [2]int64
	for i := range ids {
		body, err := tx.AddBody("<message xmlns='jabber:client'/>", "bob@localhost", time.Now())
		if err != nil {
			return err
		}
		if ids[i], err = tx.AddMissed(account, body, 100); err != nil {
			return err
		}
	}
	return tx.TakenUpTo(account, ids[1], ids[:1])
}

var update = flag.Bool("update", false, "write golden files anew")

// TestPipeline: the order of modules at each stage, and who owns which request,
// is what testdata says. A change of it is a change of behaviour.
func TestPipeline(t *testing.T) {
	l := startLive(t, true)
	var got bytes.Buffer
	l.server.Router().Pipeline(&got)
	const golden = "testdata/pipeline.golden"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the pipeline has changed (go test ./server -run Pipeline -update):\n%s", got.String())
	}
}
