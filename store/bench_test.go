package store

import (
	"strings"
	"sync"
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

// BenchmarkGrouped keeps 256 messages waiting for the writer.
func BenchmarkGrouped(b *testing.B) {
	db := openTest(b, Options{})
	slots := make(chan struct{}, 256)
	var all sync.WaitGroup
	n := int64(0)
	for b.Loop() {
		slots <- struct{}{}
		all.Add(1)
		n++
		account := n%100 + 1
		db.Write(func(tx *Tx) error { return storeMessage(tx, account, 0) }, func(err error) {
			if err != nil {
				b.Error(err)
			}
			<-slots
			all.Done()
		})
	}
	all.Wait()
}
