package roster

import (
	"context"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// set answers a roster set: one item is added, updated or removed, atomically
// (RFC 6121 sections 2.3 to 2.5).
func (m *Roster) set(ctx context.Context, p *router.Packet) error {
	req, err := parseSet(p.Payload(), p.Account.JID, m.router.Config().Roster.Groups)
	if err != nil {
		return err
	}
	h, err := m.half(ctx, p.Account, req.jid)
	if err != nil {
		return err
	}
	write := h.list
	if req.remove {
		write = h.remove
		p.Then(func(ctx context.Context) { m.cancel(ctx, h) })
	}
	p.Write(func(tx *store.Tx) error { return write(tx, &req) })
	p.Committed(h.publish)
	p.Result("")
	return nil
}

// forbid refuses a roster set that is not for the sender's own roster
// (RFC 6121 section 2.1.5, Roster Set).
func (m *Roster) forbid(context.Context, *router.Packet) error { return stanza.Forbidden }

// list adds or updates an item. What the user may set is replaced, the
// subscription stays (RFC 6121 section 2.1.5, Roster Set, rule 2), and every
// set is pushed (section 2.3.2, Success Case).
func (h *half) list(tx *store.Tx, req *request) error {
	before, err := h.item(tx)
	if err != nil {
		return err
	}
	item := before
	item.Name, item.Groups, item.Listed = req.name, req.groups, true
	if err := h.put(tx, &before, &item); err != nil {
		return err
	}
	h.change.item = itemXML(&item)
	return nil
}

// remove deletes an item (RFC 6121 section 2.5, Deleting a Roster Item).
func (h *half) remove(tx *store.Tx, req *request) error {
	before, err := h.item(tx)
	if err != nil {
		return err
	}
	if !before.Listed {
		return stanza.ItemNotFound // RFC 6121 section 2.5.3, Error Cases
	}
	h.effect = effect{before: before}
	if err := h.put(tx, &before, &store.RosterItem{JID: before.JID}); err != nil {
		return err
	}
	h.change.item = removedXML(before.JID)
	return nil
}

// cancel ends both ways of the subscription with a contact that was removed
// (RFC 6121 section 2.5.2, Success Case), and denies or takes back what was
// only asked for: nobody is left who could answer.
func (m *Roster) cancel(ctx context.Context, h *half) {
	was := &h.effect.before
	if was.From {
		// RFC 6121 section 3.2.2, Server Processing of Outbound Subscription
		// Cancellation: unavailable goes first.
		h.withdraw(ctx)
	}
	if was.To || was.Ask {
		m.router.Route(ctx, h.stanza(unsubscribe))
	}
	if was.From || was.Pending != "" {
		m.router.Route(ctx, h.stanza(unsubscribed))
	}
}
