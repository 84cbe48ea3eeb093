package muc

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

const nsVCardUpdate = "vcard-temp:x:update" // XEP-0153

// vCard is what the room shows of itself (XEP-0486 section 3.4, User Retrieves
// the vCard). The lock is held.
func (r *Room) vCard(_ context.Context, p *router.Packet) error {
	if r.vcard == "" || r.lockedTo(p.From) {
		return stanza.ItemNotFound // XEP-0054 section 3.1, Retrieving One's vCard
	}
	p.Result(r.vcard)
	return nil
}

// setVCard replaces it (XEP-0486 section 3.2, Owner of the Room Publishes Avatar).
// The lock is held.
func (r *Room) setVCard(ctx context.Context, p *router.Packet) error {
	if r.affiliation(p.From) != Owner && !r.service.isAdmin(p.From) {
		return stanza.Forbidden.WithText("Only owners may set the avatar.")
	}
	xml := ""
	if e := p.Payload(); len(e.Children) > 0 {
		xml = e.Standalone()
	}
	r.wear(xml)
	to, news, avatar := r.viewers(), r.changed(104), r.presence()
	r.write(ctx, p, func(tx *store.Tx) error { return tx.SetRoomVCard(r.row.Load(), xml) },
		func(ctx context.Context) {
			r.sendAll(ctx, avatar, to)
			r.sendAll(ctx, news, to)
			r.done(ctx, p)
		})
	return router.Handled
}

// wear takes a vCard over, with the hashes of its pictures (XEP-0486 section 5.1,
// Multiple Stored Version of an Avatar; XEP-0153 section 3.1, User Publishes
// Avatar).
func (r *Room) wear(xml string) {
	r.vcard, r.avatar = xml, nil
	st, err := stanza.Parse(xml)
	if err != nil {
		return // there is none
	}
	for _, photo := range children(st.Root(), "PHOTO") {
		data := strings.Join(strings.Fields(photo.ChildText("", "BINVAL")), "")
		image, err := base64.StdEncoding.DecodeString(data)
		if err != nil || len(image) == 0 {
			continue
		}
		sum := sha1.Sum(image)
		r.avatar = append(r.avatar, hex.EncodeToString(sum[:]))
	}
}

// presence is the room's own: it says what the avatar is, for clients that look
// for that there (XEP-0486 section 5.2, Previous Usage of Presence for Avatar
// Advertising).
func (r *Room) presence() *stanza.Stanza {
	var b stanza.Builder
	b.Start("presence", "", "from", r.jid.String()).Start("x", nsVCardUpdate).Start("photo", "")
	if len(r.avatar) > 0 {
		b.Text(r.avatar[0])
	}
	return b.End().End().End().Stanza()
}
