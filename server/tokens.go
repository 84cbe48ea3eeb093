package server

import (
	"context"
	"errors"
	"time"

	"parley/auth"
	"parley/c2s"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// tokens implements XEP-0484: Fast Authentication Streamlining Tokens, as far as the
// store has to do with it.
type tokens struct{ router *router.Router }

var (
	_ c2s.Tokens    = tokens{}
	_ router.Module = tokens{}
)

// Register implements router.Module.
func (tokens) Register(h *router.Host) { h.OnDelete(nil, (*store.Tx).DeleteTokens) }

// Of implements c2s.Tokens.
func (t tokens) Of(ctx context.Context, account stanza.JID, client string) ([]auth.Token, error) {
	a, err := t.router.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	rows, err := t.router.Store.Tokens(ctx, a.ID, client)
	list := make([]auth.Token, len(rows))
	for n, r := range rows {
		list[n] = auth.Token{
			Mechanism: r.Mechanism, Secret: r.Secret, Expires: r.Expires, Fresh: r.Fresh,
		}
	}
	return list, err
}

// Use implements c2s.Tokens. There is nothing to write for a token that was used
// before and has no counter, so that most logins wait for no disk.
func (t tokens) Use(ctx context.Context, account stanza.JID, client string, used auth.Token,
	counter int64, last bool) (ok bool, err error) {
	if !used.Fresh && counter == 0 && !last {
		return true, nil
	}
	a, err := t.router.Account(ctx, account)
	if err != nil {
		return false, err
	}
	err = t.router.Store.Update(ctx, func(tx *store.Tx) error {
		err := tx.UseToken(a.ID, client, used.Secret, counter)
		if err == nil && last {
			err = tx.DeleteClientTokens(a.ID, client)
		}
		return err
	})
	if errors.Is(err, store.ErrReplayed) || errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Give implements c2s.Tokens.
func (t tokens) Give(ctx context.Context, account stanza.JID, client string, n auth.Token) error {
	a, err := t.router.Account(ctx, account)
	if err != nil {
		return err
	}
	row := store.Token{Client: client, Mechanism: n.Mechanism, Secret: n.Secret, Expires: n.Expires}
	return t.router.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.AddToken(a.ID, row, time.Now())
	})
}
