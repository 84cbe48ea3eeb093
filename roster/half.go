package roster

import (
	"context"
	"fmt"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// half is one account's side of a subscription, while a stanza changes it.
type half struct {
	account *router.Account
	book    *book
	contact stanza.JID // bare

	effect effect // of the stanza
	change change // of the roster, once it is written
}

// half makes ready to change an account's roster. The contact's address is
// copied: it stays in memory.
func (m *Roster) half(ctx context.Context, a *router.Account, contact stanza.JID) (*half, error) {
	b, err := m.books.Get(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("load roster: %w", err)
	}
	return &half{account: a, book: b, contact: contact.Clone()}, nil
}

// item reads the item as it is in this transaction.
func (h *half) item(tx *store.Tx) (store.RosterItem, error) {
	i, _, err := tx.RosterItem(h.account.ID, h.contact.String())
	i.JID = h.contact.String()
	return i, err
}

// write stores the effect of a subscription stanza.
func (h *half) write(tx *store.Tx, e effect) error {
	h.effect, h.change = e, change{}
	if !e.changed() {
		return nil
	}
	if err := h.put(tx, &e.before, &e.item); err != nil {
		return err
	}
	if e.item.Listed && e.visible() {
		h.change.item = itemXML(&e.item)
	}
	return nil
}

// put stores an item. One that says nothing any more goes.
func (h *half) put(tx *store.Tx, before, item *store.RosterItem) (err error) {
	if item.Listed && !before.Listed {
		if err := h.room(tx); err != nil {
			return err
		}
	}
	c := change{contact: newContact(h.contact, item)}
	if c.gone = !item.Listed && item.Pending == ""; c.gone {
		c.version, err = tx.DeleteRosterItem(h.account.ID, item.JID)
	} else {
		c.version, err = tx.PutRosterItem(h.account.ID, *item)
	}
	h.change = c
	return err
}

// room checks that another item may be listed.
func (h *half) room(tx *store.Tx) error {
	n, err := tx.CountRoster(h.account.ID)
	if err == nil && n >= h.account.Host.Router.Config().Roster.Items {
		err = stanza.PolicyViolation.WithText("The roster is full.")
	}
	return err
}

// publish makes the committed change known.
func (h *half) publish() { h.book.apply(h.account, h.change) }

// deliver gives the stanza to the account: a request to the available
// resources (RFC 6121 section 3.1.3, Server Processing of Inbound Subscription
// Request), all else to the interested ones, which so know why the push comes
// that follows (section 3.1.6, Server Processing of Inbound Subscription Approval).
func (h *half) deliver(p *router.Packet) {
	for _, s := range h.account.Sessions() {
		takes := s.Interested.Load()
		if p.Stanza.Type == subscribe {
			takes = s.Presence() != nil
		}
		if takes {
			s.Send(p)
		}
	}
}

// answered gives the account what the contact's server has answered.
func (h *half) answered(typ string) {
	if !h.effect.pass {
		return
	}
	var b stanza.Builder
	st := b.Start("presence", "", "from", h.contact.String(), "to", h.account.JID.String(),
		"type", typ).End().Stanza()
	for _, s := range h.account.Sessions() {
		if s.Interested.Load() {
			s.Push(st)
		}
	}
}

// stanza is one that the server sends on the account's behalf, between the
// bare addresses (RFC 6121 section 3.1.3).
func (h *half) stanza(typ string) *stanza.Stanza {
	var b stanza.Builder
	return b.Start("presence", "", "from", h.account.JID.String(), "to", h.contact.String(),
		"type", typ).End().Stanza()
}

// withdraw tells the contact that the account's available resources are
// unavailable (RFC 6121 section 3.2.2, Server Processing of Outbound
// Subscription Cancellation; section 3.3.3, Server Processing of Inbound
// Unsubscribe).
func (h *half) withdraw(ctx context.Context) {
	for _, s := range h.account.Sessions() {
		if s.Presence() != nil {
			h.account.Host.Router.Route(ctx, h.unavailable(s.JID))
		}
	}
}

// withdrawFrom is withdraw where the contact is ours. It does not wait, so that
// it can run between commits.
func (h *half) withdrawFrom(contact *router.Account) {
	for _, s := range h.account.Sessions() {
		if s.Presence() == nil {
			continue
		}
		st := h.unavailable(s.JID)
		for _, o := range contact.Sessions() {
			if o.Presence() != nil {
				o.Push(st)
			}
		}
	}
}

func (h *half) unavailable(from stanza.JID) *stanza.Stanza {
	var b stanza.Builder
	return b.Start("presence", "", "from", from.String(), "to", h.contact.String(),
		"type", "unavailable").End().Stanza()
}

// announce sends the contact the presence of the account's resources.
func (h *half) announce(ctx context.Context) {
	if p := h.account.Host.Presences; p != nil {
		p.Announce(ctx, h.account, h.contact)
	}
}
