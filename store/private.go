package store

import (
	"context"
	"database/sql"
)

// Private is private XML storage (XEP-0049) and vcard-temp (XEP-0054): one
// XML element per account and key. The key of private XML is "{ns}name".
// ErrNotFound if there is none.
func (db *DB) Private(ctx context.Context, account int64, key string) (string, error) {
	return get(ctx, db, func(q querier) (string, error) { return findPrivate(q, account, key) })
}

// Private is DB.Private inside a write.
func (tx *Tx) Private(account int64, key string) (string, error) {
	return findPrivate(tx, account, key)
}

func findPrivate(q querier, account int64, key string) (xml string, err error) {
	err = q.row(`SELECT xml FROM private WHERE account = ?1 AND name = ?2`,
		args(account, key), &xml)
	return xml, wrap("find private element", err)
}

// SetPrivate stores an element; xml "" removes it. ErrQuota when the account's
// elements together exceed quota bytes (0: no limit).
func (tx *Tx) SetPrivate(account int64, key, xml string, quota int) error {
	return wrap("set private element", tx.setPrivate(account, key, xml, quota))
}

func (tx *Tx) setPrivate(account int64, key, xml string, quota int) error {
	if xml == "" {
		return tx.do(`DELETE FROM private WHERE account = ?1 AND name = ?2`, account, key)
	}
	if quota > 0 {
		others := 0
		err := tx.row(`SELECT coalesce(sum(bytes), 0) FROM private
			WHERE account = ?1 AND name <> ?2`, args(account, key), &others)
		if err != nil {
			return err
		}
		if others+len(xml) > quota {
			return ErrQuota
		}
	}
	return tx.do(`INSERT INTO private (account, name, bytes, xml) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (account, name) DO UPDATE SET bytes = excluded.bytes, xml = excluded.xml`,
		account, key, len(xml), xml)
}

// DeletePrivate removes the elements of an account that goes away.
func (tx *Tx) DeletePrivate(account int64) error {
	return wrap("delete private elements", tx.do(`DELETE FROM private WHERE account = ?1`, account))
}

// PrivateElement is an account's element.
type PrivateElement struct {
	Account int64
	JID     string
	XML     string
}

// PrivateNamed are all accounts' elements of that key.
func (tx *Tx) PrivateNamed(key string) (list []PrivateElement, err error) {
	err = tx.each(`SELECT a.id, a.local || '@' || a.domain, p.xml
		FROM private p JOIN account a ON a.id = p.account WHERE p.name = ?1`, args(key),
		func(rows *sql.Rows) error {
			var e PrivateElement
			err := rows.Scan(&e.Account, &e.JID, &e.XML)
			list = append(list, e)
			return err
		})
	return list, wrap("list private elements", err)
}
