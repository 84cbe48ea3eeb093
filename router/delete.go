package router

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/stanza"
	"parley/store"
)

// DeleteAccount ends the account's sessions, runs every OnDelete, and leaves a
// tombstone. It does not wait for lines, so a handler may call it: what the
// account's streams have sent is still finished.
func (r *Router) DeleteAccount(ctx context.Context, a *Account) error {
	a = r.accounts.keep(a)
	a.setDeleted(true)
	for _, s := range a.Sessions() {
		// XEP-0077 section 3.2, Entity Cancels an Existing Registration
		s.refuse(stanza.StreamNotAuthorized)
		s.unbound.Do(func() { s.depart(ctx) })
	}
	for _, d := range a.Host.deletion {
		if d.before != nil {
			d.before(ctx, a)
		}
	}
	until := time.Now()
	if !a.guest.Load() {
		until = until.AddDate(0, 0, r.Config().Accounts.TombstoneDays)
	}
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		for _, d := range a.Host.deletion {
			if d.tx == nil {
				continue
			}
			if err := d.tx(tx, a.ID); err != nil {
				return err
			}
		}
		return errors.Join(tx.DeleteAccountResumable(a.ID), tx.DeleteAccount(a.ID, until))
	})
	if err != nil {
		a.setDeleted(false)
		return fmt.Errorf("delete account %s: %w", a.JID, err)
	}
	r.accounts.drop(a)
	return nil
}

// SetDisabled says what has just been committed of an account: whether it may
// log in. From now on no session is bound while it may not, even if its client
// had authenticated before; the sessions that there are go on until somebody
// ends them.
func (a *Account) SetDisabled(disabled bool) {
	a.mu.Lock()
	a.disabled = disabled
	a.mu.Unlock()
}

func (a *Account) setDeleted(deleted bool) {
	a.mu.Lock()
	a.deleted = deleted
	a.mu.Unlock()
}

func (a *Account) isDeleted() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.deleted
}
