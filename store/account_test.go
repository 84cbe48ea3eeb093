package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// create makes accounts and returns their ids.
func create(t testing.TB, db *DB, jids ...string) (ids []int64) {
	t.Helper()
	update(t, db, func(tx *Tx) error {
		for _, jid := range jids {
			a, err := tx.CreateAccount(jid, "verifier of "+jid)
			if err != nil {
				return err
			}
			ids = append(ids, a.ID)
		}
		return nil
	})
	return ids
}

func TestAccount(t *testing.T) {
	db := openTest(t, Options{})
	start := time.Now().Truncate(time.Microsecond)
	id := create(t, db, "romeo@example.net")[0]
	a := must[Account](t)(db.Account(t.Context(), "romeo@example.net"))
	if a.ID != id || a.JID != "romeo@example.net" || a.Verifier != "verifier of romeo@example.net" ||
		a.Disabled || a.Created.Before(start) || a.Created.Location() != time.UTC {
		t.Errorf("account %+v", a)
	}
	update(t, db, func(tx *Tx) error {
		err := errors.Join(tx.SetVerifier(id, "new"), tx.SetDisabled(id, true))
		inside, err2 := tx.Account("romeo@example.net")
		if inside.Verifier != "new" {
			t.Errorf("inside: %+v", inside)
		}
		return errors.Join(err, err2)
	})
	b := must[Account](t)(db.Account(t.Context(), "romeo@example.net"))
	if b.Verifier != "new" || !b.Disabled || !b.Created.Equal(a.Created) {
		t.Errorf("account %+v", b)
	}
	update(t, db, func(tx *Tx) error { return tx.SetDisabled(id, false) })
	if must[Account](t)(db.Account(t.Context(), "romeo@example.net")).Disabled {
		t.Error("still disabled")
	}
}

func TestNoSuchAccount(t *testing.T) {
	db := openTest(t, Options{})
	create(t, db, "romeo@example.net")
	for _, jid := range []string{"", "romeo", "@example.net", "romeo@", "juliet@example.net"} {
		if _, err := db.Account(t.Context(), jid); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", jid, err)
		}
	}
	if _, _, err := db.LastActivity(t.Context(), 9); !errors.Is(err, ErrNotFound) {
		t.Errorf("last activity: %v", err)
	}
	refused(t, db, ErrNotFound, func(tx *Tx) error { return tx.SetVerifier(9, "x") })
	refused(t, db, ErrNotFound, func(tx *Tx) error { return tx.SetDisabled(9, true) })
	refused(t, db, ErrNotFound, func(tx *Tx) error { return tx.SetLastActivity(9, time.Now(), "") })
	refused(t, db, ErrNotFound, func(tx *Tx) error { return tx.DeleteAccount(9, time.Time{}) })
}

func TestCreateAccountRefuses(t *testing.T) {
	db := openTest(t, Options{})
	create(t, db, "romeo@example.net")
	refused(t, db, ErrExists, func(tx *Tx) error {
		_, err := tx.CreateAccount("romeo@example.net", "x")
		return err
	})
	for _, jid := range []string{"", "example.net", "@example.net", "a@", "a@b/c"} {
		err := db.Update(t.Context(), func(tx *Tx) error {
			_, err := tx.CreateAccount(jid, "x")
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "not a bare JID") {
			t.Errorf("%q: %v", jid, err)
		}
	}
	if n := must[int](t)(db.CountAccounts(t.Context(), "")); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

func TestTombstone(t *testing.T) {
	db := openTest(t, Options{})
	old := create(t, db, "romeo@example.net")[0]
	again := func(tx *Tx) error {
		_, err := tx.CreateAccount("romeo@example.net", "x")
		return err
	}
	update(t, db, func(tx *Tx) error { return tx.DeleteAccount(old, time.Now().Add(time.Hour)) })
	refused(t, db, ErrReserved, again)
	update(t, db, func(tx *Tx) error {
		return tx.do(`UPDATE tombstone SET until = ?1`, micros(time.Now().Add(-time.Second)))
	})
	update(t, db, again)
	a := must[Account](t)(db.Account(t.Context(), "romeo@example.net"))
	if a.ID <= old || number(t, db, `SELECT count(*) FROM tombstone`) != 0 {
		t.Errorf("account %+v", a)
	}
	update(t, db, func(tx *Tx) error { return tx.DeleteAccount(a.ID, time.Time{}) })
	update(t, db, again)
	if b := must[Account](t)(db.Account(t.Context(), "romeo@example.net")); b.ID <= a.ID {
		t.Errorf("id %d was given out again", b.ID)
	}
}

func TestAccounts(t *testing.T) {
	db := openTest(t, Options{})
	create(t, db, "c@a", "a-b@a", "a@a", "b@a", "a@b", "z@0")
	names := func(domain, after string, n int) string {
		list := must[[]Account](t)(db.Accounts(t.Context(), domain, after, n))
		s := ""
		for _, a := range list {
			s += a.JID + " "
		}
		return s
	}
	for _, c := range []struct {
		domain, after string
		n             int
		want          string
	}{
		{"a", "", 0, "a@a a-b@a b@a c@a "}, {"a", "", 2, "a@a a-b@a "}, {"a", "a", 2, "a-b@a b@a "},
		{"a", "a-b@a", 9, "b@a c@a "}, {"a", "c", 9, ""}, {"b", "", 9, "a@b "}, {"x", "", 9, ""},
	} {
		if got := names(c.domain, c.after, c.n); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	for domain, want := range map[string]int{"": 6, "a": 4, "b": 1, "x": 0} {
		if n := must[int](t)(db.CountAccounts(t.Context(), domain)); n != want {
			t.Errorf("%q has %d accounts", domain, n)
		}
	}
	if got := fmt.Sprint(must[[]string](t)(db.Domains(t.Context()))); got != "[0 a b]" {
		t.Errorf("domains %s", got)
	}
}

func TestLastActivity(t *testing.T) {
	db := openTest(t, Options{})
	id := create(t, db, "romeo@example.net")[0]
	check := func(want time.Time, wantStatus string) {
		t.Helper()
		seen, status, err := db.LastActivity(t.Context(), id)
		if !seen.Equal(want) || status != wantStatus || err != nil {
			t.Errorf("%v %q %v", seen, status, err)
		}
	}
	check(time.Time{}, "")
	when := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("", 3600))
	update(t, db, func(tx *Tx) error { return tx.SetLastActivity(id, when, "gone") })
	check(when, "gone")
}

func TestSetting(t *testing.T) {
	db := openTest(t, Options{})
	if _, err := db.Setting(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("error %v", err)
	}
	update(t, db, setting("a", "1"))
	update(t, db, setting("a", ""))
	if got, err := db.Setting(t.Context(), "a"); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestAccountTables fills every table that belongs to accounts and empties
// them again, so that none is without a method that does.
func TestAccountTables(t *testing.T) {
	db := openTest(t, Options{})
	fillAccount(t, db, 1)
	fillAccount(t, db, 2)
	tables := must[[]string](t)(db.AccountTables(t.Context()))
	if len(tables) < 10 {
		t.Errorf("tables: %v", tables)
	}
	update(t, db, func(tx *Tx) error {
		return errors.Join(tx.DeleteRoster(1), tx.DeleteMessages(1), tx.DeletePrivate(1),
			tx.DeleteRules(1), tx.DeleteSentTo(1), tx.DeleteAccountOutbound(1),
			tx.DeleteNodes(1), tx.DeleteUploads(1), tx.DeletePushes(1), tx.DeleteAccountResumable(1),
			tx.DeleteTokens(1))
	})
	for _, table := range tables {
		if n := number(t, db, `SELECT count(*) FROM `+table+` WHERE account = 1`); n != 0 {
			t.Errorf("%s still has %d rows", table, n)
		}
		if number(t, db, `SELECT count(*) FROM `+table+` WHERE account = 2`) == 0 {
			t.Errorf("%s has no row: fillAccount or a Delete method is wrong", table)
		}
	}
	checkMessages(t, db)
}

// fillAccount puts a row of the account into every table that has such.
func fillAccount(t *testing.T, db *DB, account int64) {
	t.Helper()
	update(t, db, func(tx *Tx) error {
		_, err := tx.PutRosterItem(account, RosterItem{JID: "a@b", Listed: true})
		_, err2 := tx.PutRosterItem(account, RosterItem{JID: "c@d", Listed: true})
		_, err3 := tx.DeleteRosterItem(account, "a@b")
		err4 := errors.Join(storeMessage(tx, account, 0), storeMessage(tx, account, 0))
		var first int64
		err5 := tx.row(`SELECT min(id) FROM message WHERE account = ?1`, args(account), &first)
		return errors.Join(err, err2, err3, err4, err5,
			tx.TakenUpTo(account, first+1, []int64{first}),
			tx.SetPrivate(account, "{ns}name", "<name xmlns='ns'/>", 0),
			tx.SetRules(account, "", []Rule{{Type: "jid", Value: "a@b"}}),
			tx.SetDefaultRules(account, "list"),
			tx.SentTo(account, "a@b", time.Now()),
			tx.AddOutbound(&Outbound{ID: account, Account: account}),
			tx.AddToken(account, Token{Client: "c", Expires: time.Now().Add(time.Hour)}, time.Now()),
			tx.SetPush(account, Push{JID: "push.lit", Node: "n"}),
			tx.AddUpload(&Upload{Token: fmt.Sprint("token", account), Account: account}),
			tx.AddResumable(fmt.Sprint(account), account),
			tx.Park(&Parked{ID: fmt.Sprint(account), Account: account}),
			tx.SetArchivePrefs(account, ArchivePrefs{Default: "roster", Never: []string{"a@b"}}),
			fillNodes(tx, account))
	})
}
