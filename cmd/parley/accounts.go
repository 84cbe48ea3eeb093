package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parley/auth"
	"parley/conf"
	"parley/internal/control"
	"parley/stanza"
	"parley/store"
)

// accounts is where the accounts are worked on: the running server, or the
// data folder when it is stopped.
type accounts interface {
	add(ctx context.Context, jid, verifier string) error
	passwd(ctx context.Context, jid, verifier string) error
	list(ctx context.Context, domain, after string, n int) ([]control.User, error)
	remove(ctx context.Context, jid string) error
	disable(ctx context.Context, jid string, disabled bool) error
	close() error
}

// openAccounts finds out whether the server runs.
func openAccounts(ctx context.Context, c *conf.Config) (accounts, error) {
	err := control.Call(ctx, c.Data, control.CmdStatus, control.None{}, nil)
	if err == nil {
		return running{c.Data}, nil
	}
	if !errors.Is(err, control.ErrNotRunning) {
		return nil, err
	}
	if err := makeDataFolder(c.Data); err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, c.Data, store.Options{Readers: 1})
	if err != nil {
		return nil, err
	}
	return stopped{db, c}, nil
}

// running asks the server.
type running struct{ dir string }

func (r running) add(ctx context.Context, jid, verifier string) error {
	args := control.VerifierArgs{JID: jid, Verifier: verifier}
	return control.Call(ctx, r.dir, control.CmdAdd, args, nil)
}

func (r running) passwd(ctx context.Context, jid, verifier string) error {
	args := control.VerifierArgs{JID: jid, Verifier: verifier}
	return control.Call(ctx, r.dir, control.CmdPasswd, args, nil)
}

func (r running) list(ctx context.Context, domain, after string, n int) ([]control.User, error) {
	var users []control.User
	args := control.ListArgs{Domain: domain, After: after, Max: n}
	return users, control.Call(ctx, r.dir, control.CmdList, args, &users)
}

func (r running) remove(ctx context.Context, jid string) error {
	return control.Call(ctx, r.dir, control.CmdDelete, control.UserArgs{JID: jid}, nil)
}

func (r running) disable(ctx context.Context, jid string, disabled bool) error {
	args := control.DisableArgs{JID: jid, Disabled: disabled}
	return control.Call(ctx, r.dir, control.CmdDisable, args, nil)
}

func (r running) close() error { return nil }

// stopped works on the data folder.
type stopped struct {
	db   *store.DB
	conf *conf.Config
}

func (s stopped) add(ctx context.Context, jid, verifier string) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.CreateAccount(jid, verifier)
		return err
	})
}

// update changes an account that must be there.
func (s stopped) update(ctx context.Context, jid string,
	fn func(*store.Tx, store.Account) error) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.Account(jid)
		if err != nil {
			return err
		}
		return fn(tx, a)
	})
}

func (s stopped) passwd(ctx context.Context, jid, verifier string) error {
	return s.update(ctx, jid, func(tx *store.Tx, a store.Account) error {
		return tx.SetVerifier(a.ID, verifier)
	})
}

func (s stopped) disable(ctx context.Context, jid string, disabled bool) error {
	return s.update(ctx, jid, func(tx *store.Tx, a store.Account) error {
		return tx.SetDisabled(a.ID, disabled)
	})
}

func (s stopped) list(ctx context.Context, domain, after string, n int) ([]control.User, error) {
	list, err := s.db.Accounts(ctx, domain, after, n)
	users := make([]control.User, len(list))
	for i, a := range list {
		users[i] = control.User{JID: a.JID, Disabled: a.Disabled, Created: a.Created}
	}
	return users, err
}

func (s stopped) close() error { return s.db.Close() }

// account prepares the address of an account of one of the domains.
func account(c *conf.Config, text string) (stanza.JID, error) {
	j, err := stanza.ParseJID(text)
	if err != nil || j.Local() == "" || j.IsFull() {
		return j, fmt.Errorf("%q is not the address of an account such as alice@%s", text, c.Domains[0])
	}
	if !slices.Contains(c.Domains, j.Domain()) {
		return j, fmt.Errorf("%s is none of the domains in %s", j.Domain(), c.Path)
	}
	return j, nil
}

// verifier is what the server keeps of a password.
func verifier(c *conf.Config, password string) (string, error) {
	v, err := auth.NewVerifiers(password, c.Login.Iterations)
	if err != nil {
		return "", fmt.Errorf("this password cannot be used: %w", err)
	}
	return v.Encode(), nil
}

// explain turns the store's errors into sentences.
func explain(jid string, err error) error {
	switch {
	case is(err, store.ErrNotFound):
		return fmt.Errorf("there is no account %s", jid)
	case is(err, store.ErrExists):
		return fmt.Errorf("the account %s exists already; for a new password: parley user passwd %[1]s",
			jid)
	case is(err, store.ErrReserved):
		return fmt.Errorf("the name %s was deleted not long ago and is not given out again yet "+
			"(accounts.tombstone_days)", jid)
	}
	return err
}

// is is errors.Is, also for an error that the running server sent as a text.
func is(err, target error) bool {
	var remote *control.Error
	if errors.As(err, &remote) {
		return strings.Contains(remote.Text, target.Error())
	}
	return errors.Is(err, target)
}
