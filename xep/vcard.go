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

// VCard implements XEP-0054: vcard-temp. The photo is kept elsewhere: it is the
// account's avatar (XEP-0398).
type VCard struct {
	host   *router.Host
	photos Photos
}

// Photos keeps the photos of vCards.
type Photos interface {
	// Photo is the <PHOTO/> of the account that is asked, for the asker, "" for
	// none; known is false if the vCard's own is to stay.
	Photo(ctx context.Context, p *router.Packet) (xml string, known bool, err error)
	// SetPhoto stores one inside the packet's write; taken is false if it is to
	// stay in the vCard.
	SetPhoto(tx *store.Tx, p *router.Packet, photo *stanza.Element) (taken bool, err error)
}

var _ router.Module = (*VCard)(nil)

// NewVCard makes the module; photos may be nil.
func NewVCard(photos Photos) *VCard { return &VCard{photos: photos} }

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
// vCard, and 3.3, Viewing Another User's vCard), with the photo that the asker
// may see.
func (m *VCard) get(ctx context.Context, p *router.Packet) error {
	xml, err := m.host.Router.Store.Private(ctx, p.Account.ID, vCardKey)
	none := errors.Is(err, store.ErrNotFound)
	if err != nil && !none {
		return err
	}
	photo, known := "", false
	if m.photos != nil {
		if photo, known, err = m.photos.Photo(ctx, p); err != nil {
			return err
		}
	}
	switch {
	case known && (!none || photo != ""):
		p.Result(withPhoto(xml, photo))
	case !none:
		p.Result(xml)
	case p.From.Bare() == p.Account.JID:
		return stanza.ItemNotFound
	default:
		// As for an account that does not exist (section 3.3).
		return stanza.ServiceUnavailable
	}
	return nil
}

// withPhoto is a vCard with another photo; xml may be "".
func withPhoto(xml, photo string) string {
	if xml == "" {
		xml = "<vCard xmlns='" + nsVCard + "'/>"
	}
	st := stanza.MustParse(xml)
	var e stanza.Edits
	for i, c := range st.Children() {
		if c.Name == "PHOTO" && c.NS == nsVCard {
			e.Cut(i)
		}
	}
	if photo != "" {
		e.Last(photo)
	}
	return string(st.Append(nil, &e, stanza.Out{}))
}

// set replaces the vCard (XEP-0054 section 3.2, Updating One's vCard). Its photo
// becomes the avatar (XEP-0398 section 3.2, From vCard to PEP).
func (m *VCard) set(_ context.Context, p *router.Packet) error {
	xml := p.Payload().Standalone()
	photo := p.Payload().Child(nsVCard, "PHOTO")
	quota := m.host.Router.Config().Messages.PrivateQuota
	p.Write(func(tx *store.Tx) error {
		if err := alive(tx, p.Account); err != nil {
			return err
		}
		if m.photos == nil || photo == nil {
			return setPrivate(tx, p.Account.ID, vCardKey, xml, quota)
		}
		taken, err := m.photos.SetPhoto(tx, p, photo)
		if err != nil {
			return err
		}
		if taken {
			return setPrivate(tx, p.Account.ID, vCardKey, withPhoto(xml, ""), quota)
		}
		return setPrivate(tx, p.Account.ID, vCardKey, xml, quota)
	})
	p.Result("")
	return nil
}
