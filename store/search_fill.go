package store

import (
	"context"
	"database/sql"
	"time"
)

const (
	// fillEvery is how long the index may be behind, fillStep how many messages
	// it takes at a time.
	fillEvery = time.Second
	fillStep  = 500
)

// filler keeps the index up to date, behind the commits.
type filler struct {
	db    *DB
	wake  chan struct{} // there was a commit
	quit  chan struct{}
	ended chan struct{}
}

func newFiller(db *DB) *filler {
	return &filler{db, make(chan struct{}, 1), make(chan struct{}), make(chan struct{})}
}

// run fills the index while there is something to be done, and then waits for
// commits. What fails is tried again behind the next one.
func (f *filler) run() {
	defer close(f.ended)
	for {
		for more := true; more; {
			select {
			case <-f.quit:
				return
			default:
			}
			var err error
			more, err = f.step()
			more = more && err == nil
		}
		select {
		case <-f.wake:
		case <-f.quit:
			return
		}
		select {
		case <-time.After(fillEvery):
		case <-f.quit:
			return
		}
	}
}

func (f *filler) stop() {
	close(f.quit)
	<-f.ended
}

// document is a body to be indexed.
type document struct {
	body int64
	text string // with the words of its owners; "" removes it
}

// step indexes some messages, and what was changed. It says whether there may be
// more.
func (f *filler) step() (more bool, err error) {
	s := f.db.search
	var upto int64
	s.mu.Lock()
	err = s.c.row(`SELECT upto FROM state`, nil, &upto)
	s.mu.Unlock()
	if err != nil {
		return false, err
	}
	var docs, changed []document
	var seen int64
	last := upto
	err = f.db.read(context.Background(), func(c *conn) (err error) {
		if docs, last, err = f.db.newDocuments(c, upto); err == nil {
			changed, seen, err = f.db.changedDocuments(c)
		}
		return err
	})
	if err != nil || len(docs)+len(changed) == 0 && last == upto {
		return false, err
	}
	if err := s.put(append(docs, changed...), last); err != nil {
		return false, err
	}
	if len(changed) > 0 {
		f.db.WriteAside(func(tx *Tx) error {
			return tx.do(`DELETE FROM search_changed WHERE seq <= ?1`, seen)
		}, nil)
	}
	return last > upto, nil
}

// newDocuments are those of the archived messages behind a row, with all the
// archives that have them, and the row up to which they are. The rows of a text
// stand side by side: where the last ones may be half of them, they wait.
func (db *DB) newDocuments(q querier, upto int64) (docs []document, last int64, err error) {
	last = upto
	whole, body, n := upto, int64(0), 0 // the row up to which texts are whole
	err = q.each(`SELECT m.id, m.account, m.body, m.archived, b.stanza
		FROM message m JOIN body b ON b.id = m.body
		WHERE m.id > ?1 ORDER BY m.id LIMIT ?2 + 0`, args(upto, fillStep), func(rows *sql.Rows) error {
		var owner int64
		var archived bool
		var d document
		before := last
		if err := rows.Scan(&last, &owner, &d.body, &archived, &d.text); err != nil {
			return err
		}
		if d.body != body {
			whole, body = before, d.body
		}
		n++
		if archived {
			docs = db.join(docs, d, owner)
		}
		return nil
	})
	if n == fillStep && whole > upto {
		last = whole
		if len(docs) > 0 && docs[len(docs)-1].body == body {
			docs = docs[:len(docs)-1]
		}
	}
	return docs, last, err
}

// join adds a row to the documents; d.text is its stanza.
func (db *DB) join(docs []document, d document, owner int64) []document {
	if n := len(docs); n == 0 || docs[n-1].body != d.body {
		d.text = spoken(d.text)
		docs = append(docs, d)
	}
	if last := &docs[len(docs)-1]; last.text != "" {
		last.text += " " + db.ownerWord(owner)
	}
	return docs
}

// own makes of a message the text to be indexed.
func (db *DB) own(q querier, d *document) error {
	if d.text = spoken(d.text); d.text == "" {
		return nil
	}
	return q.each(`SELECT account FROM message WHERE body = ?1 AND archived = 1`, args(d.body),
		func(rows *sql.Rows) error {
			var owner int64
			err := rows.Scan(&owner)
			d.text += " " + db.ownerWord(owner)
			return err
		})
}

// changedDocuments are bodies that were replaced or have gone; seen is up to
// which change.
func (db *DB) changedDocuments(q querier) (docs []document, seen int64, err error) {
	err = q.each(`SELECT c.seq, c.body, coalesce((SELECT stanza FROM body WHERE id = c.body), '')
		FROM search_changed c ORDER BY c.seq LIMIT ?1 + 0`, args(fillStep), func(rows *sql.Rows) error {
		var d document
		err := rows.Scan(&seen, &d.body, &d.text)
		docs = append(docs, d)
		return err
	})
	for i := range docs {
		if err == nil {
			err = db.own(q, &docs[i])
		}
	}
	return docs, seen, err
}

// put writes documents in one transaction.
func (s *search) put(docs []document, upto int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := s.putAll(docs, upto)
	if err == nil {
		_, err = s.c.exec("COMMIT")
	}
	if err != nil {
		s.c.exec("ROLLBACK")
	}
	return err
}

func (s *search) putAll(docs []document, upto int64) error {
	for _, d := range docs {
		// The id may have been that of a body that nobody needs any more.
		_, err := s.c.exec(`DELETE FROM text WHERE rowid = ?1`, d.body)
		if err == nil && d.text != "" {
			_, err = s.c.exec(`INSERT INTO text (rowid, words) VALUES (?1, ?2)`, d.body, d.text)
		}
		if err != nil {
			return err
		}
	}
	_, err := s.c.exec(`UPDATE state SET upto = ?1`, upto)
	return err
}

// changeDocument has a body looked at again by the index.
func (tx *Tx) changeDocument(body int64) error {
	if !tx.w.db.indexed {
		return nil
	}
	return tx.do(`INSERT INTO search_changed (body) VALUES (?1)`, body)
}
