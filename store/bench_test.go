package store

import (
	"strings"
	"testing"
	"time"
)

// stanza500 is a message as clients send them, of 500 bytes.
var stanza500 = `<message xmlns='jabber:client' type='chat' id='a1'><body>` +
	strings.Repeat("x", 500-57-17) + `</body></message>`

// store adds one missed message.
func storeMessage(tx *Tx, account int64, quota int) error {
	body, err := tx.AddBody(stanza500, "romeo@example.net/orchard", time.Unix(1e9, 0))
	if err != nil {
		return err
	}
	_, err = tx.AddMissed(account, body, quota)
	return err
}

// BenchmarkSingle waits for each message's commit before it writes the next.
func BenchmarkSingle(b *testing.B) {
	db := openTest(b, Options{})
	for b.Loop() {
		update(b, db, func(tx *Tx) error { return storeMessage(tx, 1, 0) })
	}
}

// group runs fn b.N times with 256 functions waiting for the writer.
func group(b *testing.B, db *DB, fn func(tx *Tx, n int64) error) {
	slots := make(chan struct{}, 256)
	done := func(err error) {
		if err != nil {
			b.Error(err)
		}
		<-slots
	}
	for n := int64(0); b.Loop(); n++ {
		slots <- struct{}{}
		db.Write(func(tx *Tx) error { return fn(tx, n) }, done)
	}
	if err := db.Sync(b.Context()); err != nil {
		b.Error(err)
	}
}

// BenchmarkGrouped is BenchmarkSingle for those who do not wait in turn.
func BenchmarkGrouped(b *testing.B) {
	group(b, openTest(b, Options{}), func(tx *Tx, n int64) error {
		return storeMessage(tx, n%100+1, 0)
	})
}

// BenchmarkGroupedFailing has every second function undone after it wrote.
func BenchmarkGroupedFailing(b *testing.B) {
	db := openTest(b, Options{})
	slots := make(chan struct{}, 256)
	for n := int64(0); b.Loop(); n++ {
		slots <- struct{}{}
		db.Write(func(tx *Tx) error {
			err := storeMessage(tx, n%100+1, 0)
			if n%2 == 0 {
				err = errOwn
			}
			return err
		}, func(error) { <-slots })
	}
}

// BenchmarkTaken stores a message under a quota and takes the one before it.
func BenchmarkTaken(b *testing.B) {
	var last [100]int64
	group(b, openTest(b, Options{}), func(tx *Tx, n int64) error {
		account := n % 100
		body, err := tx.AddBody(stanza500, "romeo@example.net/orchard", time.Unix(1e9, 0))
		if err == nil {
			_, err = tx.Taken(account+1, last[account])
		}
		if err == nil {
			last[account], err = tx.AddMissed(account+1, body, 1000)
		}
		return err
	})
}

// BenchmarkMissed reads pages of 50 of an account among 1,000,000 rows.
func BenchmarkMissed(b *testing.B) {
	db := openTest(b, Options{})
	const rows, accounts, page = 1_000_000, 1000, 50
	update(b, db, func(tx *Tx) error {
		return tx.do(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
			INSERT INTO body (id, stamp, sender, stanza) SELECT i, 0, 'a@b/c', ?2 FROM n`,
			rows, stanza500[:100])
	})
	update(b, db, func(tx *Tx) error {
		return tx.do(`INSERT INTO message (account, body, owed, archived)
			SELECT id % ?1 + 1, id, 1, 0 FROM body`, accounts)
	})
	for n := int64(0); b.Loop(); n++ {
		list, err := db.Missed(b.Context(), n%accounts+1, n*accounts%(rows/2), page)
		if len(list) != page || err != nil {
			b.Fatal(len(list), err)
		}
	}
}
