package store

import (
	"fmt"
	"testing"
	"time"

	"parley/stanza"
)

// fillArchive gives owner 1 an archive of so many messages with 100 contacts,
// one with every tenth other message.
func fillArchive(b *testing.B, db *DB, rows int) {
	b.Helper()
	update(b, db, func(tx *Tx) error {
		return tx.do(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
			INSERT INTO body (id, stamp, sender, stanza) SELECT i, i * 1000000, 'a@b/c', ?2 FROM n`,
			rows, stanza500)
	})
	update(b, db, func(tx *Tx) error {
		return tx.do(`INSERT INTO message (account, body, owed, archived, peer, resource)
			SELECT 1, id, 0, 1, 'c' || CASE WHEN id % 10 = 0 THEN 0 ELSE id % 100 END || '@b', 'r' FROM body`)
	})
	b.ResetTimer()
}

// BenchmarkArchivePage reads pages of 50 of an archive of 1,000,000 messages.
func BenchmarkArchivePage(b *testing.B) {
	db := openTest(b, Options{})
	const rows = 1_000_000
	fillArchive(b, db, rows)
	at := func(n int64) time.Time { return time.Unix(n, 0) }
	for name, query := range map[string]func(n int64) ArchiveQuery{
		"after": func(n int64) ArchiveQuery {
			return ArchiveQuery{After: n * 997 % (rows / 2), Known: []int64{n*997%(rows/2) + 1}}
		},
		"last": func(int64) ArchiveQuery { return ArchiveQuery{Backward: true, Missed: true} },
		"with": func(n int64) ArchiveQuery {
			return ArchiveQuery{With: stanza.MustJID(fmt.Sprintf("c%d@b", n%90+1+n%90/9)), Backward: true}
		},
		"times": func(n int64) ArchiveQuery {
			return ArchiveQuery{Start: at(n * 997 % (rows / 2)), End: at(n*997%(rows/2) + rows/4)}
		},
		"times with": func(n int64) ArchiveQuery {
			return ArchiveQuery{With: stanza.MustJID("c11@b"), End: at(n*997%(rows/2) + rows/4), Backward: true}
		},
	} {
		b.Run(name, func(b *testing.B) {
			for n := int64(0); b.Loop(); n++ {
				q := query(n)
				q.Max = 50
				page, err := db.ArchivePage(b.Context(), 1, q)
				if len(page.Messages) != 50 || err != nil {
					b.Fatal(len(page.Messages), err)
				}
			}
		})
	}
}

// BenchmarkArchived stores one message in two archives, and takes the one
// before it.
func BenchmarkArchived(b *testing.B) {
	db := openTest(b, Options{})
	fillArchive(b, db, 100_000)
	peer := stanza.MustJID("romeo@example.net/orchard")
	var last [100][]int64
	group(b, db, func(tx *Tx, n int64) error {
		account := n % 100
		body, err := tx.AddBody(stanza500, peer.String(), time.Now())
		if err == nil && len(last[account]) == 20 {
			_, err = tx.Taken(account+1, last[account]...)
			last[account] = nil
		}
		if err == nil {
			_, err = tx.AddArchived(account+101, body, peer)
		}
		if err == nil {
			var id int64
			id, err = tx.AddRow(Row{Owner: account + 1, Body: body, Owed: true, Quota: 1000,
				Archived: true, Peer: peer})
			last[account] = append(last[account], id)
		}
		return err
	})
}
