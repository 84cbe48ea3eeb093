package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// schemaToken is for tokens and devices (XEP-0484, XEP-0494). A token is stored as
// it is, unlike a password: the mechanisms HT-* prove it by a MAC whose key is the
// token itself, so that whatever the server could check it by would be as good as
// the token. It is random, good for this server alone, and expires.
const schemaToken = `
-- fresh: the client has not used it yet. last: highest counter seen with it.
CREATE TABLE token (
	account   INTEGER NOT NULL,
	client    TEXT NOT NULL,
	fresh     INTEGER NOT NULL,
	mechanism TEXT NOT NULL,
	secret    TEXT NOT NULL,
	expires   INTEGER NOT NULL,
	last      INTEGER NOT NULL,
	PRIMARY KEY (account, client, fresh)
) STRICT, WITHOUT ROWID;
`

// Token is what a client of an account can log in with in place of a password.
// There are two for a client at most (XEP-0484 section 5.1, Server-side handling of
// multiple active tokens).
type Token struct {
	Client    string
	Fresh     bool // not used yet
	Mechanism string
	Secret    string
	Expires   time.Time
}

// ErrReplayed says that a token came with a counter that is not above the last.
var ErrReplayed = errors.New("store: counter of a token was seen before")

// maxTokenClients is how many clients of an account have tokens. Those whose
// tokens expire first lose theirs.
const maxTokenClients = 50

// Tokens lists the tokens of a client, the one that it has not used first.
func (db *DB) Tokens(ctx context.Context, account int64, client string) ([]Token, error) {
	return get(ctx, db, func(q querier) (list []Token, err error) {
		err = q.each(`SELECT fresh, mechanism, secret, expires FROM token
			WHERE account = ?1 AND client = ?2 ORDER BY fresh DESC`, args(account, client),
			func(rows *sql.Rows) error {
				t := Token{Client: client}
				var expires int64
				err := rows.Scan(&t.Fresh, &t.Mechanism, &t.Secret, &expires)
				t.Expires = fromMicros(expires)
				list = append(list, t)
				return err
			})
		return list, wrap("list tokens", err)
	})
}

// AddToken gives a client a token, in the place of one that it has never used.
func (tx *Tx) AddToken(account int64, t Token, now time.Time) error {
	return wrap("add token", errors.Join(
		tx.do(`INSERT INTO token (account, client, fresh, mechanism, secret, expires, last)
			VALUES (?1, ?2, 1, ?3, ?4, ?5, 0) ON CONFLICT (account, client, fresh) DO UPDATE SET
			mechanism = excluded.mechanism, secret = excluded.secret,
			expires = excluded.expires, last = 0`,
			account, t.Client, t.Mechanism, t.Secret, micros(t.Expires)),
		tx.do(`DELETE FROM token WHERE account = ?1 AND expires <= ?2`, account, micros(now)),
		tx.do(`DELETE FROM token WHERE account = ?1 AND client NOT IN (SELECT client FROM token
			WHERE account = ?1 GROUP BY client ORDER BY max(expires) DESC, client LIMIT ?2)`,
			account, maxTokenClients)))
}

// UseToken notes that a client has logged in with a token: one from before is gone
// then. With a counter that is not 0 it is ErrReplayed unless that is above all
// before it; ErrNotFound means that the token has gone meanwhile.
func (tx *Tx) UseToken(account int64, client, secret string, counter int64) error {
	var fresh bool
	var last int64
	err := tx.row(`SELECT fresh, last FROM token
		WHERE account = ?1 AND client = ?2 AND secret = ?3`,
		args(account, client, secret), &fresh, &last)
	switch {
	case err != nil:
		return wrap("use token", err)
	case counter != 0 && counter <= last:
		return ErrReplayed
	case fresh:
		err = tx.do(`DELETE FROM token WHERE account = ?1 AND client = ?2 AND fresh = 0`,
			account, client)
	}
	return wrap("use token", errors.Join(err, tx.do(`UPDATE token
		SET fresh = 0, last = max(last, ?4)
		WHERE account = ?1 AND client = ?2 AND secret = ?3`, account, client, secret, counter)))
}

// DeleteClientTokens takes a client's tokens away.
func (tx *Tx) DeleteClientTokens(account int64, client string) error {
	return wrap("delete tokens", tx.do(
		`DELETE FROM token WHERE account = ?1 AND client = ?2`, account, client))
}

// DeleteTokens takes all tokens of an account away.
func (tx *Tx) DeleteTokens(account int64) error {
	return wrap("delete tokens", tx.do(`DELETE FROM token WHERE account = ?1`, account))
}
