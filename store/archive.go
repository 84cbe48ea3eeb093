package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"

	"parley/stanza"
)

// schemaArchive is for message archives (XEP-0313). From here on
// message.account is the owner of an archive: the id of an account, or minus
// the id of a room, which no account has.
//
// peer and resource are the two parts of the address at the other end, where
// the archive has the message. A whole archive is read by the index that finds
// what is owed, from its two parts at once: for every message stored, a third
// index costs more than reading saves.
const schemaArchive = `
ALTER TABLE message ADD COLUMN peer TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN resource TEXT NOT NULL DEFAULT '';
CREATE INDEX message_peer ON message (account, peer) WHERE peer <> '';
CREATE TABLE archive_key (hex TEXT NOT NULL) STRICT;
INSERT INTO archive_key (hex) VALUES (lower(hex(randomblob(16))));
CREATE TABLE search_changed (
	seq  INTEGER PRIMARY KEY AUTOINCREMENT,
	body INTEGER NOT NULL
) STRICT;
CREATE TABLE archive_default (
	account INTEGER PRIMARY KEY NOT NULL,
	keep    TEXT NOT NULL
) STRICT;
CREATE TABLE archive_rule (
	account INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	keep    INTEGER NOT NULL,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;
`

// Tombstone replaces the text of a message, for everybody who has it:
// ErrNotFound when it is not in the owner's archive.
func (tx *Tx) Tombstone(owner, id int64, xml string) error {
	var body int64
	err := tx.row(`SELECT body FROM message WHERE id = ?2 AND account = ?1 AND archived = 1`,
		args(owner, id), &body)
	if err == nil {
		err = tx.do(`UPDATE body SET stanza = ?2 WHERE id = ?1`, body, xml)
	}
	if err == nil {
		err = tx.changeDocument(body)
	}
	return wrap("replace message", err)
}

// ArchiveQuery says what to read of an archive. The zero value is all.
type ArchiveQuery struct {
	With       stanza.JID // bare: any resource of it
	Resource   string     // that of the other end, whoever it is
	Start, End time.Time  // both included; zero: no limit
	After      int64      // ids above this
	Before     int64      // ids below this; 0: no limit
	IDs        []int64    // these alone, which must be in the archive; nil: no limit
	Found      []int64    // these alone, as Search found them; nil: no limit
	Known      []int64    // must be in the archive, else ErrNotFound
	Backward   bool       // the last Max instead of the first
	Max        int        // how many at most
	Bytes      int        // none is added when there are so many; 0: no limit
	Missed     bool       // say which of them are owed to the account
}

// ArchivePage is a part of an archive, in the order of ids.
type ArchivePage struct {
	Messages []Message
	Complete bool    // nothing that was asked for is left out
	Missed   []int64 // if that was asked for: ids of those that are owed
}

// Queries select from the archive of ?1 what is above ?2 and below ?3. The
// whole archive is in both parts of the index message_owed. One contact's is in
// message_peer; SQLite must not see there that it could use the other.
const (
	columns   = `SELECT m.id, b.stanza, b.sender, b.stamp, m.archived`
	ends      = `SELECT m.id, b.sender, b.stamp`
	rows      = ` FROM message m JOIN body b ON b.id = m.body WHERE m.account = ?1`
	between   = ` AND m.archived = 1 AND m.id > ?2 AND m.id < ?3`
	isOwed    = ` AND m.owed = 1`
	notOwed   = ` AND m.owed = 0`
	withPeer  = ` AND m.peer <> '' AND m.peer = ?7`
	withFull  = withPeer + ` AND m.resource = ?8`
	asNick    = ` AND m.resource = ?7`
	atTimes   = ` AND b.stamp >= ?5 AND b.stamp <= ?6`
	ascending = ` ORDER BY 1 LIMIT ?4 + 0`
	backwards = ` ORDER BY 1 DESC LIMIT ?4 + 0`
)

// both is a query of a whole archive.
func both(columns, more, order string) string {
	return columns + rows + notOwed + between + more +
		" UNION ALL " + columns + rows + isOwed + between + more + order
}

// ArchivePage reads a part of an archive. It sees what was handed to Write
// before.
func (db *DB) ArchivePage(ctx context.Context, owner int64, query ArchiveQuery) (
	page ArchivePage, err error) {
	if err := db.settle(ctx); err != nil {
		return page, err
	}
	err = db.view(ctx, func(q querier) (err error) {
		page, err = archivePage(q, owner, query)
		if err == nil && query.Missed {
			err = page.missed(q, owner)
		}
		return err
	})
	return page, wrap("read archive", err)
}

func archivePage(q querier, owner int64, query ArchiveQuery) (ArchivePage, error) {
	for _, id := range query.Known {
		if err := inArchive(q, owner, id); err != nil {
			return ArchivePage{}, err
		}
	}
	if query.Before == 0 {
		query.Before = math.MaxInt64
	}
	if query.IDs != nil || query.Found != nil {
		return byIDs(q, owner, query)
	}
	if err := query.bounds(q, owner); err != nil {
		return ArchivePage{}, err
	}
	return query.read(q, owner)
}

// recent is how many messages with a contact ArchivedWith looks at.
const recent = 5000

// ArchivedWith lists the messages with a contact whose text contains a string,
// newest first: of those that are in the archive the last few thousand.
func (db *DB) ArchivedWith(ctx context.Context, owner int64, peer stanza.JID, text string) (
	list []Message, err error) {
	if err := db.settle(ctx); err != nil {
		return nil, err
	}
	err = db.read(ctx, func(c *conn) error {
		return c.each(`SELECT r.id, b.stanza, b.sender, b.stamp, r.archived FROM (
				SELECT m.id, m.body, m.archived FROM message m WHERE m.account = ?1
				AND m.peer <> '' AND m.peer = ?2 AND m.archived = 1 ORDER BY m.id DESC LIMIT ?3 + 0
			) r JOIN body b ON b.id = r.body WHERE instr(b.stanza, ?4) > 0 ORDER BY r.id DESC`,
			args(owner, peer.Bare().String(), recent, text), func(rows *sql.Rows) error {
				m, err := scanMessage(rows)
				list = append(list, m)
				return err
			})
	})
	return list, wrap("search archive", err)
}

// missed fills in what is owed.
func (p *ArchivePage) missed(q querier, account int64) error {
	n := len(p.Messages)
	if n == 0 {
		return nil
	}
	ids, err := missedAmong(q, account, p.Messages[0].ID, p.Messages[n-1].ID)
	p.Missed = slices.DeleteFunc(ids, func(id int64) bool {
		_, ok := slices.BinarySearchFunc(p.Messages, id, func(m Message, id int64) int {
			return cmp.Compare(m.ID, id)
		})
		return !ok
	})
	return err
}

// inArchive is ErrNotFound for what is not in the owner's archive.
func inArchive(q querier, owner, id int64) error {
	var one int
	return q.row(`SELECT 1 FROM message WHERE id = ?2 AND account = ?1 AND archived = 1`,
		args(owner, id), &one)
}

// sql is the query and its values.
func (query *ArchiveQuery) sql(owner int64) (text string, values []any) {
	values = args(owner, query.After, query.Before, limit(query.Max+1))
	more, order := "", ascending
	as := query.With.IsZero() && query.Resource != ""
	if !query.Start.IsZero() || !query.End.IsZero() || !query.With.IsZero() || as {
		more = atTimes
		values = append(values, micros(query.Start), endMicros(query.End))
	}
	if query.Backward {
		order = backwards
	}
	if as {
		more += asNick
		values = append(values, query.Resource)
	}
	if query.With.IsZero() {
		return both(columns, more, order), values
	}
	peer := withPeer
	values = append(values, query.With.Bare().String())
	if query.With.IsFull() {
		peer = withFull
		values = append(values, query.With.Resource())
	}
	return columns + rows + peer + between + more + order, values
}

// endMicros is the latest time that counts.
func endMicros(t time.Time) int64 {
	if t.IsZero() {
		return math.MaxInt64
	}
	return micros(t)
}

// errEnough ends the reading of a page.
var errEnough = errors.New("enough")

// read reads the page, in the order of ids.
func (query *ArchiveQuery) read(q querier, owner int64) (page ArchivePage, err error) {
	text, values := query.sql(owner)
	size := 0
	page.Complete = true
	err = q.each(text, values, func(rows *sql.Rows) error {
		if len(page.Messages) == query.Max || query.Bytes > 0 && size >= query.Bytes {
			page.Complete = false
			return errEnough
		}
		m, err := scanMessage(rows)
		page.Messages = append(page.Messages, m)
		size += len(m.Body)
		return err
	})
	if query.Backward {
		slices.Reverse(page.Messages)
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	return page, err
}

// scanMessage reads a row of columns.
func scanMessage(rows *sql.Rows) (m Message, err error) {
	var stamp int64
	err = rows.Scan(&m.ID, &m.Body, &m.From, &stamp, &m.Archived)
	m.Stamp = fromMicros(stamp)
	return m, err
}

// list are the single messages that are asked for, in the order of reading.
func (query *ArchiveQuery) list() []int64 {
	ids := slices.Clone(query.IDs)
	if query.IDs == nil {
		ids = slices.Clone(query.Found)
	} else if query.Found != nil {
		ids = slices.DeleteFunc(ids, func(id int64) bool { return !slices.Contains(query.Found, id) })
	}
	slices.Sort(ids)
	if query.Backward {
		slices.Reverse(ids)
	}
	return slices.Compact(ids)
}

// byIDs reads single messages, of which those count that the rest of the query
// selects too.
func byIDs(q querier, owner int64, query ArchiveQuery) (whole ArchivePage, err error) {
	for _, id := range query.IDs {
		if err := inArchive(q, owner, id); err != nil {
			return ArchivePage{}, err
		}
	}
	whole.Complete = true
	one := query
	one.Backward, one.Max = false, 1
	size := 0
	for _, id := range query.list() {
		if id <= query.After || id >= query.Before {
			continue
		}
		one.After, one.Before = id-1, id+1
		page, err := one.read(q, owner)
		if err != nil {
			return ArchivePage{}, err
		}
		if len(page.Messages) == 0 {
			continue
		}
		if len(whole.Messages) == query.Max || query.Bytes > 0 && size >= query.Bytes {
			whole.Complete = false
			break
		}
		whole.Messages = append(whole.Messages, page.Messages[0])
		size += len(page.Messages[0].Body)
	}
	if query.Backward {
		slices.Reverse(whole.Messages)
	}
	return whole, nil
}
