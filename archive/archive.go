// Package archive keeps messages for accounts, in two views of the same rows:
// archives of all that was said (XEP-0313: Message Archive Management), which
// Reader reads for rooms too, and what nobody was there to take: offline messages
// (XEP-0160: Best Practices for Handling Offline Messages), which clients may also
// look through one by one (XEP-0013: Flexible Offline Message Retrieval).
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
	"parley/stanza"
	"parley/store"
)

// Archive is the module of one host with accounts.
type Archive struct {
	host  *router.Host
	db    *store.DB
	log   *slog.Logger
	inbox *router.Slot[*inbox]

	contacts Contacts
	reader   *Reader
	on       bool // there are archives

	// catching is the number of sessions that are still being given old
	// messages: while it is 0 nobody asks whether one must wait behind them.
	catching atomic.Int32
}

var _ router.Module = (*Archive)(nil)

// Contacts is what preferences ask an account's roster.
type Contacts interface {
	// Listed says whether the roster has the contact.
	Listed(ctx context.Context, a *router.Account, bare stanza.JID) (bool, error)
}

// New makes the module.
func New(c Contacts) *Archive { return &Archive{contacts: c} }

// Register implements router.Module.
func (m *Archive) Register(h *router.Host) {
	m.host, m.db, m.log = h, h.Router.Store, h.Router.Log
	m.reader, m.on = NewReader(h.Router), h.Router.Config().Messages.Archive
	m.inbox = router.NewSlot(h.Router, m.load)
	h.Feature(router.ToHost, NodeOffline) // XEP-0013 section 2.1, Discovering Server Support
	if h.Router.Config().Messages.Offline > 0 {
		h.Feature(router.ToHost, "msgoffline") // XEP-0160 section 4, Service Discovery
	}
	h.On(router.Record, router.OfMessage, "archive", m.record)
	// Rows go out before the presence module makes the session available, so
	// that what is new comes behind them: it does so in a later stage.
	h.On(router.Copy, router.OfPresence, "archive", m.presence)
	h.OnWrite("archive", m.write)
	h.OnTaken(m.taken)
	h.OnLost(m.lost)
	h.OnDetach(m.detached)
	h.OnPark("archive", parked, m.restored)
	h.OnUnbind(m.unbind)
	h.OnDelete(m.ending, (*store.Tx).DeleteMessages)
	h.HandleIQ("get", NodeOffline, "offline", router.ToSelf|router.ToAccount, m.view)
	h.HandleIQ("set", NodeOffline, "offline", router.ToSelf|router.ToAccount, m.remove)
	if m.on {
		m.registerArchives(h)
	}
}

// registerArchives states what there is where archives are on.
func (m *Archive) registerArchives(h *router.Host) {
	h.Feature(router.ToAccount, Features...)
	// Whatever is asked for, what rooms say is not in it (XEP-0313 section 7,
	// Determining support).
	h.Feature(router.ToAccount, NS+"#groupchat-field")
	h.Feature(router.ToAccount, nsRetract, nsRetract+"#tombstone") // XEP-0424 sections 2 and 4
	if m.db.Searches() {
		h.Feature(router.ToAccount, nsText) // XEP-0431 section 2.1, Discovering Support
	}
	h.On(router.Refuse, router.OfMessage, "stanza-id", unspoof)
	h.On(router.Deliver, router.OfMessage, "stanza-id", addStanzaID)
	all := router.ToSelf | router.ToAccount | router.ToMissing
	h.HandleIQ("set", NS, "query", all, m.mine(m.query))
	h.HandleIQ("get", NS, "query", all, m.mine(m.form))
	h.HandleIQ("get", NS, "metadata", all, m.mine(m.metadata))
	h.OnInline(router.Inline{Do: m.bound})
	h.HandleIQ("get", NS, "prefs", all, m.mine(m.prefs))
	h.HandleIQ("set", NS, "prefs", all, m.mine(m.setPrefs))
	if c := h.Router.Config(); len(c.Domains) > 0 && c.Domains[0] == h.Domain {
		h.Go("trim archives", m.trim)
	}
}

// load makes what is known of an account.
func (m *Archive) load(ctx context.Context, a *router.Account) (*inbox, error) {
	box := &inbox{account: a}
	if !m.on {
		return box, nil
	}
	rows, err := m.db.ArchivePrefs(ctx, a.ID)
	if err == nil {
		box.prefs.Store(readPrefs(rows))
	}
	return box, err
}

// ending is told that an account is being deleted, so that what is lost with
// its last sessions is not stored behind that. A long archive goes step by step,
// between what others write.
func (m *Archive) ending(ctx context.Context, a *router.Account) {
	box, err := m.inbox.Get(ctx, a)
	if err == nil {
		box.ending.Store(true)
	}
	for more := true; more && err == nil; {
		err = m.db.Update(ctx, func(tx *store.Tx) (err error) {
			more, err = tx.DeleteArchive(a.ID, trimStep)
			return err
		})
	}
	if err != nil {
		m.log.Error("remove archive", "of", a.JID.String(), "err", err)
	}
}
