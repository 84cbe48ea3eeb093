package xep

import (
	"context"
	"errors"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

const nsVCard = "vcard-temp"

// vCardKey is the vCard's key in the store; no element of private XML has it.
const vCardKey = "vcard"

// VCard implements XEP-0054: vcard-temp. The photo hash of XEP-0153 is in the
// clients' own presence and relayed with it.
type VCard struct{ host *router.Host }

var _ router.Module = (*VCard)(nil)

// Register implements router.Module.
func (m *VCard) Register(h *router.Host) {
	m.host = h
	h.Feature(router.ToHost|router.ToAccount, nsVCard)
	h.HandleIQ("get", nsVCard, "vCard", router.ToSelf|router.ToAccount, m.get)
	h.HandleIQ("set", nsVCard, "vCard", router.ToSelf, m.set)
	// XEP-0054 section 3.2, Updating One's vCard: nobody else may.
	h.HandleIQ("set", nsVCard, "vCard", router.ToAccount|router.ToMissing, forbid)
}

// get returns a vCard, to everybody (XEP-0054 sections 3.1, Retrieving One's
// vCard, and 3.3, Viewing Another User's vCard).
func (m *VCard) get(ctx context.Context, p *router.Packet) error {
	xml, err := m.host.Router.Store.Private(ctx, p.Account.ID, vCardKey)
	if errors.Is(err, store.ErrNotFound) {
		if p.From.Bare() == p.Account.JID {
			return stanza.ItemNotFound
		}
		// As for an account that does not exist (section 3.3).
		return stanza.ServiceUnavailable
	}
	if err == nil {
		p.Result(xml)
	}
	return err
}

// set replaces the vCard (XEP-0054 section 3.2, Updating One's vCard).
func (m *VCard) set(_ context.Context, p *router.Packet) error {
	xml := p.Payload().Standalone()
	quota := m.host.Router.Config().Messages.PrivateQuota
	p.Write(func(tx *store.Tx) error {
		if err := alive(tx, p.Account); err != nil {
			return err
		}
		return setPrivate(tx, p.Account.ID, vCardKey, xml, quota)
	})
	p.Result("")
	return nil
}
