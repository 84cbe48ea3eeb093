package store

import (
	"context"
	"database/sql"
)

// Rule is one rule of a blocklist or privacy list (XEP-0016, XEP-0191). The
// blocklist is the list named "" ; its rules have Type "jid", Action deny, all kinds.
type Rule struct {
	Order int64
	Type  string // "", jid, group, subscription
	Value string
	Allow bool
	Kinds Kinds // 0: all
}

// Kinds are the kinds of stanza that a privacy rule concerns (XEP-0016
// section 2.1, Syntax and Semantics).
type Kinds uint8

// The kinds; a rule that names none concerns all.
const (
	KindMessage Kinds = 1 << iota
	KindIQ
	KindPresenceIn
	KindPresenceOut
)

// Rules are all rule lists of an account by name, each by Order, and the
// default list's name, "" for none.
func (db *DB) Rules(ctx context.Context, account int64) (
	lists map[string][]Rule, def string, err error) {
	err = db.read(ctx, func(c *conn) (err error) {
		lists, def, err = rules(c, account)
		return err
	})
	return lists, def, err
}

// Rules is DB.Rules inside a write.
func (tx *Tx) Rules(account int64) (lists map[string][]Rule, def string, err error) {
	return rules(tx, account)
}

// rules is one query: most accounts have none, and each is asked at login.
func rules(q querier, account int64) (lists map[string][]Rule, def string, err error) {
	lists = make(map[string][]Rule)
	err = q.each(`SELECT list, ord, kind, value, allow, stanzas,
		list IS (SELECT list FROM rule_default WHERE account = ?1)
		FROM rule WHERE account = ?1 ORDER BY list, ord, place`, args(account),
		func(rows *sql.Rows) error {
			var list string
			var r Rule
			var isDefault bool
			err := rows.Scan(&list, &r.Order, &r.Type, &r.Value, &r.Allow, &r.Kinds, &isDefault)
			lists[list] = append(lists[list], r)
			if isDefault {
				def = list
			}
			return err
		})
	return lists, def, wrap("read rules", err)
}

// SetRules replaces a list; no rules removes it.
func (tx *Tx) SetRules(account int64, name string, rules []Rule) error {
	err := tx.do(`DELETE FROM rule WHERE account = ?1 AND list = ?2`, account, name)
	for i := 0; i < len(rules) && err == nil; i++ {
		r := &rules[i]
		err = tx.do(`INSERT INTO rule (account, list, place, ord, kind, value, allow, stanzas)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
			account, name, i, r.Order, r.Type, r.Value, bit(r.Allow, 1), int64(r.Kinds))
	}
	return wrap("set rules", err)
}

// SetDefaultRules makes a list the default; "" for none.
func (tx *Tx) SetDefaultRules(account int64, name string) error {
	query := `INSERT INTO rule_default (account, list) VALUES (?1, ?2)
		ON CONFLICT (account) DO UPDATE SET list = excluded.list`
	if name == "" {
		query = `DELETE FROM rule_default WHERE account = ?1 AND ?2 = ''`
	}
	return wrap("set default list", tx.do(query, account, name))
}

// DeleteRules removes the lists of an account that goes away.
func (tx *Tx) DeleteRules(account int64) error {
	err := tx.do(`DELETE FROM rule WHERE account = ?1`, account)
	if err == nil {
		err = tx.SetDefaultRules(account, "")
	}
	return wrap("delete rules", err)
}
