package router

import (
	"context"
	"errors"
	"fmt"

	"parley/stanza"
	"parley/store"
)

// GuestVerifier stands where other accounts have verifiers: nobody can log in
// to a guest's account.
const GuestVerifier = "guest"

// Guest makes an account that lives as long as one stream (XEP-0175 section 3,
// Recommendations). Leave removes it.
func (r *Router) Guest(ctx context.Context, bare stanza.JID) (*Account, error) {
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.CreateAccount(bare.String(), GuestVerifier)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make guest: %w", err)
	}
	a, err := r.Account(ctx, bare)
	if err != nil {
		return nil, fmt.Errorf("load guest: %w", err)
	}
	a.guest.Store(true)
	return a, nil
}

// IsGuest says whether the account goes with its stream.
func (a *Account) IsGuest() bool { return a.guest.Load() }

// Leave removes a guest's account with everything of it; its name may be used
// again. Other accounts it leaves alone.
func (r *Router) Leave(ctx context.Context, a *Account) {
	if !a.guest.Load() {
		return
	}
	if err := r.DeleteAccount(ctx, a); err != nil {
		r.Log.Error("remove guest", "account", a.JID, "err", err)
	}
}

// RemoveGuests removes the guests that a crash has left behind. It is called
// before the first stream.
func (r *Router) RemoveGuests(ctx context.Context) error {
	jids, err := r.Store.AccountsWith(ctx, GuestVerifier)
	if err != nil {
		return err
	}
	for _, text := range jids {
		jid, err := stanza.ParseJID(text)
		if err != nil {
			return fmt.Errorf("guest %q: %w", text, err)
		}
		a, err := r.Account(ctx, jid)
		switch {
		case errors.Is(err, store.ErrNotFound): // of a domain that is served no more
			continue
		case err != nil:
			return err
		}
		a.guest.Store(true)
		r.Leave(ctx, a)
	}
	return nil
}
