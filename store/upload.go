package store

import (
	"context"
	"database/sql"
	"time"
)

// schemaUpload is for uploaded files (XEP-0363). A row is made with the slot;
// the file is there when stored is 1.
const schemaUpload = `
CREATE TABLE upload (
	token   TEXT PRIMARY KEY NOT NULL,
	account INTEGER NOT NULL,
	name    TEXT NOT NULL,
	type    TEXT NOT NULL,
	bytes   INTEGER NOT NULL,
	stored  INTEGER NOT NULL,
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_account ON upload (account, created);
CREATE INDEX upload_expires ON upload (expires);
`

// Upload is a file that an account has uploaded, or may upload.
type Upload struct {
	Token   string // names the file
	Account int64
	Name    string
	Type    string // media type, "" if the client has not said
	Bytes   int64
	Stored  bool
	Created time.Time
	Expires time.Time // zero: with the account
}

const uploadColumns = `SELECT token, account, name, type, bytes, stored, created, expires FROM upload`

func uploads(q querier, where string, a []any) (list []Upload, err error) {
	err = q.each(uploadColumns+where, a, func(rows *sql.Rows) error {
		var u Upload
		var created, expires int64
		err := rows.Scan(&u.Token, &u.Account, &u.Name, &u.Type, &u.Bytes, &u.Stored, &created, &expires)
		u.Created, u.Expires = fromMicros(created), fromMicros(expires)
		list = append(list, u)
		return err
	})
	return list, err
}

// Upload finds a file by its token; ErrNotFound if there is none.
func (db *DB) Upload(ctx context.Context, token string) (Upload, error) {
	return get(ctx, db, func(q querier) (u Upload, err error) {
		list, err := uploads(q, ` WHERE token = ?1`, args(token))
		switch {
		case err != nil:
		case len(list) == 0:
			err = ErrNotFound
		default:
			u = list[0]
		}
		return u, wrap("find upload", err)
	})
}

// UploadedBytes is the size of all files and open slots together.
func (db *DB) UploadedBytes(ctx context.Context) (n int64, err error) {
	return get(ctx, db, func(q querier) (n int64, err error) {
		err = q.row(`SELECT coalesce(sum(bytes), 0) FROM upload`, nil, &n)
		return n, wrap("count uploads", err)
	})
}

// UploadedSince is the size of what the account may have uploaded since then,
// and when the first of these slots was made.
func (tx *Tx) UploadedSince(account int64, since time.Time) (n int64, first time.Time, err error) {
	var micro int64
	err = tx.row(`SELECT coalesce(sum(bytes), 0), coalesce(min(created), 0) FROM upload
		WHERE account = ?1 AND created >= ?2`, args(account, micros(since)), &n, &micro)
	return n, fromMicros(micro), wrap("count uploads of an account", err)
}

// AddUpload adds a slot.
func (tx *Tx) AddUpload(u *Upload) error {
	return wrap("add upload", tx.do(`INSERT INTO upload
		(token, account, name, type, bytes, stored, created, expires)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`, u.Token, u.Account, u.Name, u.Type, u.Bytes,
		bit(u.Stored, 1), micros(u.Created), micros(u.Expires)))
}

// Uploaded says that the file is there: ErrNotFound if the slot is gone or used.
func (tx *Tx) Uploaded(token, media string) error {
	return wrap("end upload", tx.one(
		`UPDATE upload SET stored = 1, type = ?2 WHERE token = ?1 AND stored = 0`, token, media))
}

// DeleteUpload removes one row; an unknown token does not matter.
func (tx *Tx) DeleteUpload(token string) error {
	return wrap("delete upload", tx.do(`DELETE FROM upload WHERE token = ?1`, token))
}

// DeleteUploads removes the rows of an account that goes away. Its files go
// when it is noticed that they have none.
func (tx *Tx) DeleteUploads(account int64) error {
	return wrap("delete uploads", tx.do(`DELETE FROM upload WHERE account = ?1`, account))
}

// OldUploads lists at most n files that have expired, and slots that were made
// before stale and not used.
func (db *DB) OldUploads(ctx context.Context, now, stale time.Time, n int) ([]Upload, error) {
	return get(ctx, db, func(q querier) ([]Upload, error) {
		list, err := uploads(q, ` WHERE expires > 0 AND expires <= ?1
			OR stored = 0 AND created <= ?2 LIMIT ?3 + 0`, args(micros(now), micros(stale), n))
		return list, wrap("list old uploads", err)
	})
}
