package xep

import (
	"context"
	"errors"
	"sync"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// How long somebody who was written to is no stranger, and how often that is
// noted at most.
const (
	strangerAfter = 30 * 24 * time.Hour
	noteEvery     = 24 * time.Hour
)

// maxNotes is how many notes of an account are kept in memory.
const maxNotes = 500

// Strangers keeps messages of strangers away from accounts, where strangers is
// "block". A stranger is who has no subscription either way, and to whom the
// account has sent no message and no presence, such as that by which one
// enters a room, in the last 30 days, whether it arrived or not: two who do not
// know each other begin to talk when both have tried. Presence of strangers
// goes on, so that they can ask to be contacts, and so do requests, which reach
// only those who know a full JID.
type Strangers struct {
	contacts Contacts
	host     *router.Host
	notes    *router.Slot[*notes]
}

var _ router.Module = (*Strangers)(nil)

// NewStrangers makes the module.
func NewStrangers(c Contacts) *Strangers { return &Strangers{contacts: c} }

// notes are the bare JIDs that an account has written to lately.
type notes struct {
	mu   sync.Mutex
	sent map[stanza.JID]time.Time
}

// Register implements router.Module.
func (m *Strangers) Register(h *router.Host) {
	m.host = h
	m.notes = router.NewSlot(h.Router, func(context.Context, *router.Account) (*notes, error) {
		return &notes{sent: make(map[stanza.JID]time.Time)}, nil
	})
	h.On(router.Refuse, router.OfMessage|router.OfPresence, "strangers", m.refuse)
	h.OnDelete(nil, (*store.Tx).DeleteSentTo)
}

// refuse refuses messages from strangers, and notes whom the account's own
// sessions write to. The condition is the one for an account that does not
// exist: who guesses addresses learns nothing (RFC 6120 section 13.11, Directory
// Harvesting; RFC 6121 section 8.5.1, No Such User).
func (m *Strangers) refuse(ctx context.Context, p *router.Packet) error {
	switch {
	case p.Origin == router.Server || !m.blocks():
		return nil
	case p.Side == router.Sending:
		return m.note(ctx, p)
	case p.Stanza.Kind != stanza.Message || harmless(p):
		return nil
	}
	known, err := m.known(ctx, p.Account, p.From.Bare())
	if err != nil || known {
		return err
	}
	return stanza.ServiceUnavailable
}

func (m *Strangers) blocks() bool { return m.host.Router.Config().Messages.Strangers == "block" }

// harmless says that no client shows the message by itself: an error belongs
// to a message that was sent, a room's messages to a room that was entered, a
// headline without text to a program that asked for it.
func harmless(p *router.Packet) bool {
	switch p.MessageType() {
	case "error", "groupchat":
		return true
	case "headline":
		return !p.Stanza.Has("", "body")
	}
	return false
}

// known says whether somebody is no stranger to the account.
func (m *Strangers) known(ctx context.Context, a *router.Account, bare stanza.JID) (bool, error) {
	if exempt(a, bare) {
		return true, nil
	}
	to, from, err := m.contacts.Subscribed(ctx, a, bare)
	if err != nil || to || from {
		return true, err
	}
	n, err := m.notes.Get(ctx, a)
	if err != nil {
		return false, err
	}
	since := time.Now().Add(-strangerAfter)
	if n.after(bare, since) {
		return true, nil
	}
	return m.host.Router.Store.HasSentTo(ctx, a.ID, bare.String(), since)
}

// note remembers whom the account writes to, before an answer can come, and
// before the other side refuses it: what the account wants does not depend on
// that. It is written down once a day and only for who is not known anyway, and
// nobody waits for that.
func (m *Strangers) note(ctx context.Context, p *router.Packet) error {
	if p.To.IsZero() || !writes(p.Stanza) {
		return nil
	}
	a, to := p.Account, p.To.Bare()
	if exempt(a, to) {
		return nil
	}
	if to, from, err := m.contacts.Subscribed(ctx, a, to); err == nil && (to || from) {
		return nil
	}
	n, err := m.notes.Get(ctx, a)
	now := time.Now()
	if err != nil || !n.add(to, now) {
		return err
	}
	m.host.Router.Store.Write(func(tx *store.Tx) error {
		if err := alive(tx, a); err != nil {
			return err
		}
		return tx.SentTo(a.ID, to.String(), now)
	}, func(err error) {
		if err != nil && !errors.Is(err, stanza.ServiceUnavailable) {
			m.host.Router.Log.Error("note contact", "account", a.JID, "err", err)
		}
	})
	return nil
}

// writes says whether a stanza makes its receiver known: a message, available
// presence and a subscription request, but no error.
func writes(st *stanza.Stanza) bool {
	if st.Kind == stanza.Message {
		return st.Type != "error"
	}
	return st.Type == "" || st.Type == "subscribe"
}

// after says whether a note was made since then.
func (n *notes) after(bare stanza.JID, since time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sent[bare].After(since)
}

// add makes a note; it is false if there is a recent one.
func (n *notes) add(bare stanza.JID, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Sub(n.sent[bare]) < noteEvery {
		return false
	}
	if len(n.sent) >= maxNotes {
		clear(n.sent)
	}
	n.sent[bare.Clone()] = now
	return true
}
