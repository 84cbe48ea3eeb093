package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"parley/auth"
	"parley/internal/control"
	"parley/store"
)

// open opens the data folder's store until the test, or close, ends it.
func (w *world) open() *store.DB {
	w.t.Helper()
	db, err := store.Open(w.t.Context(), w.data(), store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	return db
}

// account reads an account from the data folder.
func (w *world) account(jid string) (store.Account, error) {
	w.t.Helper()
	db := w.open()
	defer func() { _ = db.Close() }()
	return db.Account(w.t.Context(), jid)
}

func TestUserStopped(t *testing.T) {
	w := newWorld(t)
	w.config("domains = [\"example.org\", \"example.net\"]\nlogin.iterations = 4096")
	w.stdin = "pass-1\n"
	w.want("made the account alice@example.org\n", "user", "add", "Alice@Example.org")
	w.want("made the account bob@example.net\n", "user", "add", "--password-stdin", "bob@example.net")
	w.fail(1, "parley: the account alice@example.org exists already; for a new password: "+
		"parley user passwd alice@example.org\n", "user", "add", "alice@example.org")

	first, err := w.account("alice@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(first.Verifier, "pass-1") {
		t.Error("the password is stored")
	}
	if _, err := auth.DecodeVerifiers(first.Verifier); err != nil {
		t.Error(err)
	}
	w.stdin = "pass-2"
	w.want("the password of alice@example.org is changed\n", "user", "passwd", "alice@example.org")
	second, err := w.account("alice@example.org")
	if err != nil || second.Verifier == first.Verifier || second.ID != first.ID {
		t.Errorf("%+v, %v; before %+v", second, err, first)
	}

	w.want("alice@example.org cannot log in any more\n", "user", "disable", "alice@example.org")
	today := second.Created.Format(time.DateOnly)
	w.want("alice@example.org  "+today+"  disabled\n"+
		"bob@example.net    "+today+"  \n", "user", "list")
	w.want("alice@example.org can log in again\n", "user", "enable", "alice@example.org")
	w.want("alice@example.org  "+today+"  \n", "user", "list", "example.org")
	w.want("", "user", "list", "example.com")

	w.want("deleted alice@example.org; the name is not given out again for 365 days\n",
		"user", "delete", "alice@example.org")
	if _, err := w.account("alice@example.org"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after delete: %v", err)
	}
	w.fail(1, "parley: the name alice@example.org was deleted not long ago and is not given out "+
		"again yet (accounts.tombstone_days)\n", "user", "add", "alice@example.org")
}

func TestUserRandomPassword(t *testing.T) {
	w := newWorld(t)
	w.config("domains = [\"example.org\"]\nlogin.iterations = 4096")
	r := w.run("user", "add", "--random", "alice@example.org")
	lines := strings.Split(r.stdout, "\n")
	if r.code != 0 || len(lines) != 3 || !strings.HasPrefix(lines[1], "password: ") ||
		len(lines[1]) < len("password: ")+16 {
		t.Errorf("got %+v", r)
	}
}

func TestUserErrors(t *testing.T) {
	w := newWorld(t)
	w.config(`domains = ["example.org"]`)
	for jid, want := range map[string]string{
		"alice":                   `"alice" is not the address of an account such as alice@example.org`,
		"example.org":             `"example.org" is not the address of an account such as`,
		"alice@example.org/phone": `"alice@example.org/phone" is not the address of an account`,
		"alice@example.net":       "example.net is none of the domains in DIR/parley.toml",
	} {
		w.fail(1, "parley: "+want, "user", "add", jid)
	}
	for _, c := range []string{"passwd", "delete", "disable", "enable"} {
		w.stdin = "secret"
		w.fail(1, "parley: there is no account bob@example.org\n", "user", c, "bob@example.org")
	}
	for stdin, want := range map[string]string{
		"":                        "the password is empty; nothing was changed",
		"\n":                      "the password is empty; nothing was changed",
		strings.Repeat("x", 1025): "the password is longer than 1024 bytes; nothing was changed",
		"a\x00b":                  "this password cannot be used: ",
	} {
		w.stdin = stdin
		w.fail(1, "parley: "+want, "user", "add", "bob@example.org")
	}
	if _, err := w.account("bob@example.org"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an account was made: %v", err)
	}
}

// TestUserRunning holds that with a running server it is asked, with verifiers
// in place of passwords.
func TestUserRunning(t *testing.T) {
	w := newWorld(t)
	w.config("domains = [\"example.org\"]\nlogin.iterations = 4096")
	var asked []string
	note := func(command string, fail error) control.Handler {
		return control.Handle(func(_ context.Context, a struct {
			JID, Verifier, Domain, After string
			Disabled                     bool
		}) ([]control.User, error) {
			if strings.Contains(a.Verifier, "secret") {
				t.Error("the password left the command line")
			}
			if a.Verifier != "" {
				_, err := auth.DecodeVerifiers(a.Verifier)
				a.Verifier = map[bool]string{true: " verifier"}[err == nil]
			}
			state := map[bool]string{true: " disabled"}[a.Disabled]
			asked = append(asked, command+" "+a.JID+a.Domain+a.Verifier+state)
			users := []control.User{{JID: "alice@example.org", Created: time.Unix(0, 0).UTC()}}
			return users, fail
		})
	}
	w.serve(map[string]control.Handler{
		control.CmdStatus: note("status", nil), control.CmdAdd: note("add", store.ErrExists),
		control.CmdPasswd: note("passwd", nil), control.CmdList: note("list", nil),
		control.CmdDelete: note("delete", store.ErrNotFound), control.CmdDisable: note("disable", nil),
	})
	w.stdin = "secret"
	w.fail(1, "parley: the account a@example.org exists already", "user", "add", "a@example.org")
	w.want("the password of a@example.org is changed\n", "user", "passwd", "a@example.org")
	w.want("alice@example.org  1970-01-01  \n", "user", "list")
	w.fail(1, "parley: there is no account a@example.org\n", "user", "delete", "a@example.org")
	w.want("a@example.org cannot log in any more\n", "user", "disable", "a@example.org")
	w.want("a@example.org can log in again\n", "user", "enable", "a@example.org")
	got := strings.ReplaceAll(strings.Join(asked, ", "), "status , ", "")
	want := "add a@example.org verifier, passwd a@example.org verifier, list example.org, " +
		"delete a@example.org, disable a@example.org disabled, disable a@example.org"
	if got != want {
		t.Errorf("asked\n%s\nwant\n%s", got, want)
	}
}
