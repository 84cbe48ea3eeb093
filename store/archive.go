package store

import (
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
// peer and resource are the two parts of the address at the other end, as far
// as the archive has the message. The indexes hold what is in archives, and
// what is owed, each without the other: to insert is what costs.
const schemaArchive = `
ALTER TABLE message ADD COLUMN peer TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN resource TEXT NOT NULL DEFAULT '';
DROP INDEX message_owed;
CREATE INDEX message_owed ON message (account) WHERE owed = 1;
CREATE INDEX message_archive ON message (account) WHERE archived = 1;
CREATE INDEX message_peer ON message (account, peer) WHERE archived = 1;
CREATE TABLE archive_key (hex TEXT NOT NULL) STRICT;
INSERT INTO archive_key (hex) VALUES (lower(hex(randomblob(16))));
`

// Row is a message that is stored for one owner.
type Row struct {
	Owner    int64 // account, or minus the id of a room
	Body     int64
	Owed     bool       // to the account (offline)
	Quota    int        // of what is owed, 0: no limit
	Archived bool       // the archive shows it
	Peer     stanza.JID // whom it is from, or to: what queries select by
}

// AddRow stores a message for one owner, or ErrQuota when the account is owed
// Quota messages already.
func (tx *Tx) AddRow(r Row) (id int64, err error) {
	if r.Owed && r.Quota > 0 {
		n, err := tx.MissedCount(r.Owner)
		if err != nil {
			return 0, err
		}
		if n >= r.Quota {
			return 0, wrap("add message", ErrQuota)
		}
	}
	id, err = tx.insert(`INSERT INTO message (account, body, owed, archived, peer, resource)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6)`, r.Owner, r.Body, bit(r.Owed, 1), bit(r.Archived, 1),
		r.Peer.Bare().String(), r.Peer.Resource())
	if err != nil {
		return 0, wrap("add message", err)
	}
	tx.bodies = slices.DeleteFunc(tx.bodies, func(b int64) bool { return b == r.Body })
	if r.Owed {
		tx.addCount(r.Owner, 1)
	}
	return id, nil
}

// AddArchived stores a message in an archive, and for nothing else.
func (tx *Tx) AddArchived(owner, body int64, peer stanza.JID) (id int64, err error) {
	return tx.AddRow(Row{Owner: owner, Body: body, Archived: true, Peer: peer})
}

// Tombstone replaces the text of a message, for everybody who has it:
// ErrNotFound when it is not in the owner's archive.
func (tx *Tx) Tombstone(owner, id int64, xml string) error {
	return wrap("replace message", tx.one(`UPDATE body SET stanza = ?3 WHERE id = (
		SELECT body FROM message WHERE id = ?2 AND account = ?1 AND archived = 1)`, owner, id, xml))
}

// ArchiveQuery says what to read of an archive. The zero value is all.
type ArchiveQuery struct {
	With       stanza.JID // bare: any resource of it
	Resource   string     // that of the other end, whoever it is
	Start, End time.Time  // both included; zero: no limit
	After      int64      // ids above this
	Before     int64      // ids below this; 0: no limit
	IDs        []int64    // these alone; nil: no limit
	Known      []int64    // must be in the archive, else ErrNotFound
	Backward   bool       // the last Max instead of the first
	Max        int        // how many at most
	Bytes      int        // none is added when there are so many; 0: no limit
}

// ArchivePage is a part of an archive, in the order of ids.
type ArchivePage struct {
	Messages []Message
	Complete bool // nothing that was asked for is left out
}

// archived selects from the archive of ?1 what is above ?2 and below ?3.
const (
	archiveColumns = `SELECT m.id, b.stanza, b.sender, b.stamp`
	archived       = ` FROM message m JOIN body b ON b.id = m.body
		WHERE m.account = ?1 AND m.archived = 1 AND m.id > ?2 AND m.id < ?3`
	archivedTimes = ` AND b.stamp >= ?5 AND b.stamp <= ?6`
	archivedWith  = ` AND m.peer = ?7`
	archivedFull  = ` AND m.resource = ?8`
	archivedAs    = ` AND m.resource = ?7`
	oldestFirst   = ` ORDER BY m.id LIMIT ?4 + 0`
	newestFirst   = ` ORDER BY m.id DESC LIMIT ?4 + 0`
)

// ArchivePage reads a part of an archive. It sees what was handed to Write
// before.
func (db *DB) ArchivePage(ctx context.Context, owner int64, query ArchiveQuery) (ArchivePage, error) {
	if err := db.catchUp(ctx); err != nil {
		return ArchivePage{}, err
	}
	var page ArchivePage
	err := db.view(ctx, func(q querier) (err error) {
		page, err = archivePage(q, owner, query)
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
	if query.IDs != nil {
		return byIDs(q, owner, query)
	}
	if err := query.bounds(q, owner); err != nil {
		return ArchivePage{}, err
	}
	return query.read(q, owner)
}

// inArchive is ErrNotFound for what is not in the owner's archive.
func inArchive(q querier, owner, id int64) error {
	var one int
	return q.row(`SELECT 1 FROM message WHERE id = ?2 AND account = ?1 AND archived = 1`,
		args(owner, id), &one)
}

// sql is the query and its values.
func (query *ArchiveQuery) sql(owner int64) (text string, values []any) {
	text = archiveColumns + archived
	values = args(owner, query.After, query.Before, limit(query.Max+1))
	times := !query.Start.IsZero() || !query.End.IsZero()
	with := !query.With.IsZero()
	as := !with && query.Resource != ""
	if times || with || as {
		text += archivedTimes
		values = append(values, micros(query.Start), endMicros(query.End))
	}
	if with {
		text += archivedWith
		values = append(values, query.With.Bare().String())
		if query.With.Resource() != "" {
			text += archivedFull
			values = append(values, query.With.Resource())
		}
	}
	if as {
		text += archivedAs
		values = append(values, query.Resource)
	}
	if query.Backward {
		return text + newestFirst, values
	}
	return text + oldestFirst, values
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

// scanMessage reads a row of archiveColumns.
func scanMessage(rows *sql.Rows) (m Message, err error) {
	var stamp int64
	err = rows.Scan(&m.ID, &m.Body, &m.From, &stamp)
	m.Stamp = fromMicros(stamp)
	return m, err
}

// byIDs reads single messages, of which those count that the rest of the query
// selects too.
func byIDs(q querier, owner int64, query ArchiveQuery) (page ArchivePage, err error) {
	ids := slices.Clone(query.IDs)
	slices.Sort(ids)
	if query.Backward {
		slices.Reverse(ids)
	}
	after, before := query.After, query.Before
	whole := ArchivePage{Complete: true}
	one := query
	one.Backward, one.Max = false, 1
	size := 0
	for _, id := range slices.Compact(ids) {
		if err := inArchive(q, owner, id); err != nil {
			return ArchivePage{}, err
		}
		if id <= after || id >= before || !whole.Complete {
			continue
		}
		one.After, one.Before = id-1, id+1
		page, err := one.read(q, owner)
		switch {
		case err != nil:
			return ArchivePage{}, err
		case len(page.Messages) == 0:
		case len(whole.Messages) == query.Max || query.Bytes > 0 && size >= query.Bytes:
			whole.Complete = false
		default:
			whole.Messages = append(whole.Messages, page.Messages[0])
			size += len(page.Messages[0].Body)
		}
	}
	if query.Backward {
		slices.Reverse(whole.Messages)
	}
	return whole, nil
}
