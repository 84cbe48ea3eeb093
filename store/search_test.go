package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"parley/stanza"
)

// say stores a message for owners and returns the ids of their rows.
func say(t testing.TB, db *DB, xml string, owners ...int64) (ids []int64) {
	t.Helper()
	update(t, db, func(tx *Tx) error {
		ids = nil
		body, err := tx.AddBody("<message xmlns='jabber:client'>"+xml+"</message>", "a@b/c", time.Unix(1e9, 0))
		for i := 0; i < len(owners) && err == nil; i++ {
			var id int64
			id, err = tx.AddArchived(owners[i], body, stanza.MustJID("a@b/c"))
			ids = append(ids, id)
		}
		return err
	})
	return ids
}

// filled waits until the index has everything.
func filled(t testing.TB, db *DB) {
	t.Helper()
	for range 500 {
		var upto, last, changed int64
		if err := db.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		db.search.mu.Lock()
		err := db.search.c.row(`SELECT upto FROM state`, nil, &upto)
		db.search.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		last = int64(number(t, db, `SELECT coalesce(max(id), 0) FROM message`))
		changed = int64(number(t, db, `SELECT count(*) FROM search_changed`))
		if upto >= last && changed == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the index is not filled")
}

// finds compares what a search finds.
func finds(t testing.TB, db *DB, owner int64, text string, want ...int64) {
	t.Helper()
	got, err := db.Search(t.Context(), owner, text)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q of %d: %v, %v; want %v", text, owner, got, err, want)
	}
}

func TestSearch(t *testing.T) {
	db := openTest(t, Options{Search: true})
	one := say(t, db, "<body>But soft, what light through yonder window breaks?</body>", 1, 2)
	two := say(t, db, "<subject>Light</subject><body>It is the East</body>", 1)
	room := say(t, db, "<body>double, double light and trouble</body>", -1)
	say(t, db, "<body>light, encrypted</body><encryption xmlns='urn:xmpp:eme:0' namespace='x'/>", 1)
	say(t, db, "<body>light</body><encrypted xmlns='eu.siacs.conversations.axolotl'/>", 1)
	add(t, db, "<message xmlns='jabber:client'><body>light, only missed</body></message>", 1)
	filled(t, db)
	finds(t, db, 1, "light", one[0], two[0])
	finds(t, db, 1, "WINDOW  light", one[0])
	finds(t, db, 2, "window", one[1])
	finds(t, db, -1, "light", room[0])
	finds(t, db, 1, "double")
	finds(t, db, 3, "light")
	finds(t, db, 1, "lig")
	for _, text := range []string{"", "?!", `"`, "zzaccount2zz"} {
		finds(t, db, 1, text)
	}
	finds(t, db, 1, `light" OR "double`)
	finds(t, db, 1, "soft, what* (light) yonder-window: -breaks^", one[0])
}

// TestSearchForgets: what was retracted or removed is not found, and its words
// are not in the file any more.
func TestSearchForgets(t *testing.T) {
	db := openTest(t, Options{Search: true})
	one, two := say(t, db, "<body>secret one</body>", 1, 2), say(t, db, "<body>secret two</body>", 2)
	three := say(t, db, "<body>secret three</body>", -1)
	filled(t, db)
	update(t, db, func(tx *Tx) error {
		return tx.Tombstone(1, one[0], "<message xmlns='jabber:client'><retracted xmlns='x'/></message>")
	})
	finds(t, db, 1, "secret")
	finds(t, db, 2, "secret", two[0])
	update(t, db, func(tx *Tx) error { return tx.DeleteMessages(2) })
	finds(t, db, 2, "secret")
	finds(t, db, -1, "secret", three[0])
	four := say(t, db, "<body>another</body>", 2) // has the id of a body that is gone
	filled(t, db)
	finds(t, db, 2, "another", four[0])
	db.search.mu.Lock()
	defer db.search.mu.Unlock()
	var n int
	if err := db.search.c.row(`SELECT count(*) FROM text`, nil, &n); err != nil || n != 2 {
		t.Errorf("%d documents, %v; want 2", n, err)
	}
}

// TestSearchAnew: an index that does not fit is made anew: of another driver, of
// another database, of another version, and one that is no database at all.
func TestSearchAnew(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, Options{Search: true})
	ids := say(t, db, "<body>light</body>", 1)
	filled(t, db)
	finds(t, db, 1, "light", ids[0])
	closeTest(t, db)
	file := filepath.Join(dir, SearchName)
	for name, spoil := range map[string]func() error{
		"missing": func() error { return os.Remove(file) },
		"garbage": func() error { return os.WriteFile(file, []byte("no database, but a long text"), 0o600) },
		"another database": func() error {
			return spoilIndex(t, dir, `UPDATE state SET key = 'x'`)
		},
		"another version": func() error { return spoilIndex(t, dir, `PRAGMA user_version = 99`) },
		"another driver": func() error {
			return spoilIndex(t, dir, `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET
				sql = replace(sql, 'USING fts', 'USING otherfts') WHERE name = 'text'`)
		},
	} {
		if err := spoil(); err != nil {
			t.Fatal(name, err)
		}
		db := openIn(t, dir, Options{Search: true})
		filled(t, db)
		finds(t, db, 1, "light", ids[0])
		closeTest(t, db)
	}
	// Without an index: changes are noted for the next time.
	db = openIn(t, dir, Options{})
	if _, err := db.Search(t.Context(), 1, "light"); err == nil || db.Searches() {
		t.Error("found without an index")
	}
	update(t, db, func(tx *Tx) error { return tx.DeleteMessages(1) })
	closeTest(t, db)
	db = openIn(t, dir, Options{Search: true})
	filled(t, db)
	finds(t, db, 1, "light")
}

// spoilIndex changes an index that nobody has open.
func spoilIndex(t *testing.T, dir, sql string) error {
	t.Helper()
	pool := openPool(filepath.Join(dir, SearchName))
	defer pool.Close()
	c, err := connect(t.Context(), pool, "")
	if err != nil {
		return err
	}
	defer c.close()
	_, err = c.c.ExecContext(t.Context(), sql)
	return err
}

// TestSearchCatchesUp with a long archive, and gives the newest.
func TestSearchCatchesUp(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, Options{})
	const n = 2*mostFound + 10
	update(t, db, func(tx *Tx) error {
		for i := range n {
			body, err := tx.AddBody(fmt.Sprintf("<message xmlns='jabber:client'><body>light %d</body></message>", i),
				"a@b", time.Unix(1e9, 0))
			if err == nil {
				_, err = tx.AddArchived(1, body, stanza.MustJID("a@b"))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	closeTest(t, db)
	db = openIn(t, dir, Options{Search: true})
	filled(t, db)
	ids := must[[]int64](t)(db.Search(t.Context(), 1, "light"))
	page := must[ArchivePage](t)(db.ArchivePage(t.Context(), 1, ArchiveQuery{Found: ids, Max: 2, Backward: true}))
	if len(ids) != mostFound || len(page.Messages) != 2 || page.Complete ||
		page.Messages[1].Body != fmt.Sprintf("<message xmlns='jabber:client'><body>light %d</body></message>", n-1) {
		t.Errorf("%d found, page %+v", len(ids), page)
	}
	finds(t, db, 1, fmt.Sprint("light ", 7), ids[0]-int64(n-mostFound)+7)
}
