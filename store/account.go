package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Account is a local account. ID is never given out again.
type Account struct {
	ID       int64
	JID      string // canonical bare JID
	Verifier string // salted verifiers in auth's text form, never a password
	Disabled bool
	Created  time.Time
}

const accountColumns = `id, local || '@' || domain, verifier, disabled, created`

// scan reads accountColumns.
func (a *Account) scan(row func(...any) error) error {
	var created int64
	err := row(&a.ID, &a.JID, &a.Verifier, &a.Disabled, &created)
	a.Created = fromMicros(created)
	return err
}

// Account finds an account by its bare JID; ErrNotFound if there is none.
func (db *DB) Account(ctx context.Context, jid string) (Account, error) {
	return get(ctx, db, func(q querier) (Account, error) { return findAccount(q, jid) })
}

// Account is DB.Account inside a write.
func (tx *Tx) Account(jid string) (Account, error) { return findAccount(tx, jid) }

func findAccount(q querier, jid string) (a Account, err error) {
	local, domain, _ := strings.Cut(jid, "@")
	err = a.scan(func(dest ...any) error {
		return q.row(`SELECT `+accountColumns+` FROM account WHERE domain = ?1 AND local = ?2`,
			args(domain, local), dest...)
	})
	return a, wrap("find account", err)
}

// Accounts lists the accounts of a domain by name, after the given one (a
// name or a bare JID, "" to begin), at most n (0: all).
func (db *DB) Accounts(ctx context.Context, domain, after string, n int) ([]Account, error) {
	return get(ctx, db, func(q querier) (list []Account, err error) {
		after, _, _ = strings.Cut(after, "@")
		err = q.each(`SELECT `+accountColumns+` FROM account
			WHERE domain = ?1 AND local > ?2 ORDER BY local`+limit3,
			args(domain, after, limit(n)), func(rows *sql.Rows) error {
				var a Account
				err := a.scan(rows.Scan)
				list = append(list, a)
				return err
			})
		return list, wrap("list accounts", err)
	})
}

// CountAccounts is the number of accounts of a domain, of all for "".
func (db *DB) CountAccounts(ctx context.Context, domain string) (int, error) {
	return get(ctx, db, func(q querier) (n int, err error) {
		err = q.row(`SELECT count(*) FROM account WHERE ?1 = '' OR domain = ?1`, args(domain), &n)
		return n, wrap("count accounts", err)
	})
}

// AccountsWith lists the accounts whose verifier is this text.
func (db *DB) AccountsWith(ctx context.Context, verifier string) ([]string, error) {
	return get(ctx, db, func(q querier) ([]string, error) {
		list, err := texts(q, `SELECT local || '@' || domain FROM account WHERE verifier = ?1`, verifier)
		return list, wrap("list accounts", err)
	})
}

// Domains lists the domains that have accounts.
func (db *DB) Domains(ctx context.Context) ([]string, error) {
	return get(ctx, db, func(q querier) ([]string, error) {
		list, err := texts(q, `SELECT DISTINCT domain FROM account ORDER BY domain`)
		return list, wrap("list domains", err)
	})
}

// CreateAccount makes an account: ErrExists, or ErrReserved while the
// tombstone of a deleted one stands.
func (tx *Tx) CreateAccount(jid, verifier string) (Account, error) {
	a := Account{JID: jid, Verifier: verifier, Created: fromMicros(micros(time.Now()))}
	err := tx.createAccount(&a)
	return a, wrap("create account", err)
}

func (tx *Tx) createAccount(a *Account) error {
	local, domain, _ := strings.Cut(a.JID, "@")
	if local == "" || domain == "" || strings.Contains(domain, "/") {
		return fmt.Errorf("not a bare JID: %q", a.JID)
	}
	if err := tx.reserved(domain, local, a.Created); err != nil {
		return err
	}
	err := tx.returning(`INSERT INTO account (domain, local, verifier, disabled, created)
		VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT DO NOTHING RETURNING id`,
		args(domain, local, a.Verifier, micros(a.Created)), &a.ID)
	if errors.Is(err, ErrNotFound) {
		return ErrExists
	}
	return err
}

// reserved finds a tombstone, and removes one whose time is over.
func (tx *Tx) reserved(domain, local string, now time.Time) error {
	var until int64
	err := tx.row(`SELECT until FROM tombstone WHERE domain = ?1 AND local = ?2`,
		args(domain, local), &until)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case until > micros(now):
		return ErrReserved
	}
	return tx.do(`DELETE FROM tombstone WHERE domain = ?1 AND local = ?2`, domain, local)
}

// SetVerifier replaces the verifiers: there is a new password. Tokens that clients
// got for the old one are gone.
func (tx *Tx) SetVerifier(id int64, verifier string) error {
	err := tx.one(`UPDATE account SET verifier = ?2 WHERE id = ?1`, id, verifier)
	return wrap("set verifier", errors.Join(err, tx.DeleteTokens(id)))
}

// SetDisabled disables or enables logins.
func (tx *Tx) SetDisabled(id int64, disabled bool) error {
	err := tx.one(`UPDATE account SET disabled = ?2 WHERE id = ?1`, id, bit(disabled, 1))
	return wrap("disable account", err)
}

// DeleteAccount removes the account row and leaves a tombstone until then.
// Other tables are emptied by those who own them (router's AccountDeleted).
func (tx *Tx) DeleteAccount(id int64, until time.Time) error {
	var domain, local string
	err := tx.returning(`DELETE FROM account WHERE id = ?1 RETURNING domain, local`,
		args(id), &domain, &local)
	if err == nil && until.After(time.Now()) {
		err = tx.do(`INSERT INTO tombstone (domain, local, until) VALUES (?1, ?2, ?3)
			ON CONFLICT (domain, local) DO UPDATE SET until = excluded.until`,
			domain, local, micros(until))
	}
	return wrap("delete account", err)
}

// LastActivity is when the account's last session ended and its last status
// text (XEP-0012 section 3, Offline User Query); the zero time if none did.
func (db *DB) LastActivity(ctx context.Context, id int64) (time.Time, string, error) {
	if err := db.catchUp(ctx); err != nil { // it is written late
		return time.Time{}, "", err
	}
	var status string
	t, err := get(ctx, db, func(q querier) (time.Time, error) {
		var seen int64
		err := q.row(`SELECT last_seen, last_status FROM account WHERE id = ?1`,
			args(id), &seen, &status)
		return fromMicros(seen), wrap("last activity", err)
	})
	return t, status, err
}

// SetLastActivity keeps when the account's last session ended.
func (tx *Tx) SetLastActivity(id int64, t time.Time, status string) error {
	err := tx.one(`UPDATE account SET last_seen = ?2, last_status = ?3 WHERE id = ?1`,
		id, micros(t), status)
	return wrap("set last activity", err)
}
