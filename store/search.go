package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode"

	"parley/stanza"
)

// SearchName is the name of the file that finds words in archives, in the data
// folder. It holds nothing that is not in the database, and is made anew when it
// does not fit: by another driver, which has another kind of index, or beside
// another database.
const SearchName = "search.db"

// searchVersion is that of the file's layout.
const searchVersion = 1

// search is the index of words. A document is a body; its text is what the
// message says, and one word for each archive that has it.
type search struct {
	file string
	pool *sql.DB

	mu   sync.Mutex // one at a time
	c    *conn      // nil when it could not be opened
	kind string     // fts5 or fts4
}

// kinds are the kinds of index that drivers have: one of them is in each.
var kinds = map[string]string{
	"fts5": `CREATE VIRTUAL TABLE text USING fts5(words)`,
	"fts4": `CREATE VIRTUAL TABLE text USING fts4(words, tokenize=unicode61)`,
}

// openSearch opens the index, or makes an empty one; key is the database's own.
func openSearch(ctx context.Context, dir, key string) (*search, error) {
	s := &search{file: filepath.Join(dir, SearchName)}
	if err := s.open(ctx); err == nil && s.fits(key) {
		return s, nil
	}
	err := s.anew(ctx, key)
	return s, wrap("open search index", err)
}

func (s *search) open(ctx context.Context) (err error) {
	if err := touch(s.file); err != nil {
		return err
	}
	s.pool = openPool(s.file)
	// What a crash loses is read again.
	s.c, err = connect(ctx, s.pool, `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
		PRAGMA wal_autocheckpoint = 1000;`)
	return err
}

// fits says whether the file is an index of this database that this driver can
// read.
func (s *search) fits(key string) bool {
	var version, n int
	var of string
	err := errors.Join(s.c.row(`PRAGMA user_version`, nil, &version),
		s.c.row(`SELECT kind, key FROM state`, nil, &s.kind, &of),
		s.c.row(`SELECT count(*) FROM text WHERE text MATCH 'nothing'`, nil, &n))
	return err == nil && version == searchVersion && of == key
}

// anew throws the file away and makes an empty one.
func (s *search) anew(ctx context.Context, key string) error {
	if err := s.close(); err != nil {
		return err
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(s.file + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	s.kind = ""
	var failed error
	for kind, sql := range kinds {
		if _, err := s.c.exec(sql); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		s.kind = kind
		break
	}
	if s.kind == "" {
		return failed
	}
	for _, sql := range []string{fmt.Sprintf(`PRAGMA user_version = %d`, searchVersion),
		`CREATE TABLE state (kind TEXT NOT NULL, key TEXT NOT NULL, upto INTEGER NOT NULL) STRICT`} {
		if _, err := s.c.exec(sql); err != nil {
			return err
		}
	}
	_, err := s.c.exec(`INSERT INTO state (kind, key, upto) VALUES (?1, ?2, 0)`, s.kind, key)
	return err
}

func (s *search) close() error {
	if s.pool == nil {
		return nil
	}
	var err error
	if s.c != nil {
		err = s.c.close()
	}
	return errors.Join(err, s.pool.Close())
}

// mostFound is how many messages one search finds at most: the newest.
const mostFound = 1000

// find lists bodies that have all the words and the owner's, newest first.
func (s *search) find(owner, text string) (bodies []int64, err error) {
	list := words(text)
	if len(list) == 0 {
		return nil, nil
	}
	match := `"` + strings.Join(append(list, owner), `" "`) + `"`
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.c.each(`SELECT rowid FROM text WHERE text MATCH ?1 ORDER BY rowid DESC LIMIT ?2 + 0`,
		args(match, mostFound), func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			bodies = append(bodies, id)
			return err
		})
	return bodies, err
}

// words are the words of a text, without signs that mean something to the index.
func words(text string) []string {
	list := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	return list[:min(len(list), 32)]
}

// ownerWord stands for an archive; nobody can guess it.
func (db *DB) ownerWord(owner int64) string {
	return hex.EncodeToString(db.encipher(owner, 0))
}

// spoken is what a message says: nothing if that is encrypted.
func spoken(xml string) string {
	st, err := stanza.Parse(xml)
	if err != nil {
		return ""
	}
	text := ""
	for _, c := range st.Children() {
		switch {
		case c.Name == "encrypted" || c.Name == "encryption" || c.NS == "jabber:x:encrypted" ||
			c.Name == "openpgp":
			return "" // what stands beside it is for those who cannot read it
		case c.NS == st.NS && (c.Name == "body" || c.Name == "subject"):
			text += st.Element(c).Text + "\n"
		}
	}
	return text
}

// Search lists the messages of an archive that have all words of a text, at most
// the newest 1,000: ids of rows, ascending. What was stored in the last seconds
// may be missing.
func (db *DB) Search(ctx context.Context, owner int64, text string) (ids []int64, err error) {
	if db.search == nil {
		return nil, wrap("search archive", errors.New("there is no index"))
	}
	bodies, err := db.search.find(db.ownerWord(owner), text)
	if err != nil {
		return nil, wrap("search archive", err)
	}
	err = db.view(ctx, func(q querier) error {
		for i := len(bodies) - 1; i >= 0; i-- {
			err := q.each(`SELECT m.id, b.stanza FROM message m JOIN body b ON b.id = m.body
				WHERE m.body = ?1 AND m.account = ?2 AND m.archived = 1`, args(bodies[i], owner),
				func(rows *sql.Rows) error {
					var id int64
					var xml string
					err := rows.Scan(&id, &xml)
					if spoken(xml) != "" { // else it was retracted a moment ago
						ids = append(ids, id)
					}
					return err
				})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return ids, wrap("search archive", err)
}

// Searches says whether there is an index of words.
func (db *DB) Searches() bool { return db.search != nil }
