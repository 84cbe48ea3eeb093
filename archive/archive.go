// Package archive keeps messages for accounts. So far it keeps those that
// nobody was there to take: offline messages (XEP-0160: Best Practices for
// Handling Offline Messages), which clients may also look through one by one
// (XEP-0013: Flexible Offline Message Retrieval). Message archives (XEP-0313)
// will be another view of the same rows.
//
// A message that is owed to its receiver is in one of two places until a
// client has taken it, which means that the write to its socket returned: in
// the queue of a session, or in a row. A row is written before the sender
// knows that the message went anywhere; a queue that dies hands back what it
// held (Archive.lost). So a message may arrive twice, but not never.
package archive

import (
	"context"
	"log/slog"
	"sync/atomic"

	"parley/router"
	"parley/store"
)

// Archive is the module of one host with accounts.
type Archive struct {
	host  *router.Host
	db    *store.DB
	log   *slog.Logger
	inbox *router.Slot[*inbox]

	// catching is the number of sessions that are still being given old
	// messages: while it is 0 nobody asks whether one must wait behind them.
	catching atomic.Int32
}

var _ router.Module = (*Archive)(nil)

// New makes the module.
func New() *Archive { return new(Archive) }

// Register implements router.Module.
func (m *Archive) Register(h *router.Host) {
	m.host, m.db, m.log = h, h.Router.Store, h.Router.Log
	m.inbox = router.NewSlot(h.Router, func(_ context.Context, a *router.Account) (*inbox, error) {
		return &inbox{account: a}, nil
	})
	h.Feature(router.ToHost, NodeOffline) // XEP-0013 section 2.1, Discovering Server Support
	if h.Router.Config().Messages.Offline > 0 {
		h.Feature(router.ToHost, "msgoffline") // XEP-0160 section 4, Service Discovery
	}
	h.On(router.Record, router.OfMessage, "offline", m.record)
	// Rows go out before the presence module makes the session available, so
	// that what is new comes behind them: it does so in a later stage.
	h.On(router.Copy, router.OfPresence, "offline", m.presence)
	h.OnWrite("offline", m.write)
	h.OnTaken(m.taken)
	h.OnLost(m.lost)
	h.OnDetach(m.detached)
	h.OnUnbind(m.unbind)
	h.OnDelete(m.ending, (*store.Tx).DeleteMessages)
	h.HandleIQ("get", NodeOffline, "offline", router.ToSelf|router.ToAccount, m.view)
	h.HandleIQ("set", NodeOffline, "offline", router.ToSelf|router.ToAccount, m.remove)
}

// ending is told that an account is being deleted, so that what is lost with
// its last sessions is not stored behind that.
func (m *Archive) ending(ctx context.Context, a *router.Account) {
	if box, err := m.inbox.Get(ctx, a); err == nil {
		box.ending.Store(true)
	}
}
