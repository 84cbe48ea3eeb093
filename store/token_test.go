package store

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestTokens goes through the life of a client's tokens (XEP-0484 section 5.1,
// Server-side handling of multiple active tokens).
func TestTokens(t *testing.T) {
	db := openTest(t, Options{})
	now := time.UnixMicro(1 << 50).UTC()
	token := func(secret string) Token {
		return Token{Client: "c", Mechanism: "M", Secret: secret, Expires: now.Add(time.Hour)}
	}
	add := func(secret string) {
		t.Helper()
		update(t, db, func(tx *Tx) error { return tx.AddToken(1, token(secret), now) })
	}
	use := func(secret string, counter int64, want error) {
		t.Helper()
		err := db.Update(t.Context(), func(tx *Tx) error { return tx.UseToken(1, "c", secret, counter) })
		if !errors.Is(err, want) {
			t.Errorf("use %s with %d: %v", secret, counter, err)
		}
	}
	check := func(want string) {
		t.Helper()
		list, err := db.Tokens(t.Context(), 1, "c")
		got := ""
		for _, s := range list {
			got += fmt.Sprintf("%s %v ", s.Secret, s.Fresh)
			if w := token(s.Secret); s.Expires != w.Expires || s.Mechanism != w.Mechanism || s.Client != w.Client {
				t.Errorf("%+v", s)
			}
		}
		if got != want || err != nil {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	add("lost")
	add("a") // the one before was never used
	check("a true ")
	use("lost", 0, ErrNotFound)
	use("a", 5, nil)
	check("a false ")
	use("a", 5, ErrReplayed)
	use("a", 4, ErrReplayed)
	use("a", 6, nil)
	use("a", 0, nil)
	use("a", 6, ErrReplayed) // the one without a counter has not reset it
	add("b")
	check("b true a false ")
	use("a", 7, nil) // the new one did not arrive
	check("b true a false ")
	use("b", 1, nil)
	check("b false ")
	use("a", 8, ErrNotFound)
	update(t, db, func(tx *Tx) error {
		return errors.Join(tx.DeleteClientTokens(2, "c"), tx.DeleteClientTokens(1, "d"), tx.DeleteTokens(2))
	})
	check("b false ")
	update(t, db, func(tx *Tx) error { return tx.DeleteClientTokens(1, "c") })
	check("")
}

// TestTokensEnd: tokens end with their time, with a new password, and when too many
// clients have some.
func TestTokensEnd(t *testing.T) {
	db := openTest(t, Options{})
	now := time.UnixMicro(1 << 50)
	var account int64
	update(t, db, func(tx *Tx) error {
		a, err := tx.CreateAccount("a@x", "v")
		account = a.ID
		return err
	})
	add := func(client string, expires time.Duration) {
		t.Helper()
		update(t, db, func(tx *Tx) error {
			return tx.AddToken(account, Token{Client: client, Expires: now.Add(expires)}, now)
		})
	}
	has := func(client string, want bool) {
		t.Helper()
		list, err := db.Tokens(t.Context(), account, client)
		if (len(list) > 0) != want || err != nil {
			t.Errorf("%s: %v, %v", client, list, err)
		}
	}
	add("old", 0)
	add("next", time.Hour)
	has("old", false)
	for n := range maxTokenClients {
		add(fmt.Sprint("c", n), time.Duration(n+2)*time.Hour)
	}
	has("next", false)
	has("c0", true)
	update(t, db, func(tx *Tx) error { return tx.SetVerifier(account, "w") })
	has("c0", false)
	has("c49", false)
}
