package pubsub

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Photo is an account's avatar as the <PHOTO/> of its vCard, for those who may
// read both nodes (XEP-0398 section 5.2, Server, and section 7, Security
// Considerations). known is false if nothing was ever published: then the photo
// is whatever the vCard has.
func (m *Service) Photo(ctx context.Context, p *router.Packet) (xml string, known bool, err error) {
	at := m.on(p.Account)
	err = m.db.Nodes(ctx, func(nr store.NodeReader) error {
		meta, i, err := avatarNode(nr, at, nodeAvatarMeta)
		if err != nil || i.ID == "" {
			return err
		}
		known = true
		info := avatarInfo(i.Payload)
		if info == nil {
			return nil
		}
		data, err := at.find(nr, nodeAvatarData)
		if errors.Is(err, stanza.ItemNotFound) {
			return nil
		}
		for _, n := range []*node{&meta, &data} {
			s, err2 := at.standing(nr, n, p.From.Bare())
			if err = errors.Join(err, err2); err != nil || s.access(&n.config) != nil {
				return err
			}
		}
		image, err := nr.Item(data.ID, info.Attr("id"))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		xml = photoXML(info.Attr("type"), element(image.Payload))
		return err
	})
	return xml, known, err
}

func photoXML(typ string, data *stanza.Element) string {
	if data == nil || data.Name != "data" {
		return ""
	}
	var b stanza.Builder
	return b.Start("PHOTO", nsVCard).Elem("TYPE", "", typ).Elem("BINVAL", "", data.Text).End().String()
}

// SetPhoto publishes the <PHOTO/> of a vCard as the account's avatar; it is
// called inside the packet's write. Taken is false if that is no image of its
// own, which then stays in the vCard (XEP-0398 section 3.2, From vCard to PEP).
// An empty one takes the avatar away (XEP-0084 section 3.5, Publisher Disables
// Avatar Publishing).
func (m *Service) SetPhoto(tx *store.Tx, p *router.Packet, photo *stanza.Element) (
	taken bool, err error) {
	text := strings.Join(strings.Fields(photo.ChildText(nsVCard, "BINVAL")), "")
	if text == "" && len(photo.Children) > 0 && photo.Child(nsVCard, "EXTVAL") != nil {
		return false, nil
	}
	image, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false, nil
	}
	r := &request{m: m, p: p, at: m.on(p.Account), from: p.Account.JID}
	if len(image) == 0 {
		var b stanza.Builder
		none := item{id: "current", payload: b.Start("metadata", nodeAvatarMeta).End().String()}
		return true, r.publishAvatar(tx, nil, none)
	}
	if len(text) > m.router.Config().PubSub.Item {
		return false, errTooBig
	}
	sum := sha1.Sum(image)
	id := hex.EncodeToString(sum[:])
	var d, b stanza.Builder
	data := item{id: id, payload: d.Elem("data", nodeAvatarData, text).String()}
	b.Start("metadata", nodeAvatarMeta).Start("info", "", "id", id, "bytes", strconv.Itoa(len(image)),
		"type", photo.ChildText(nsVCard, "TYPE")).End().End()
	return true, r.publishAvatar(tx, &data, item{id: id, payload: b.String()})
}

// publishAvatar publishes data, if there is any, and then metadata. Nodes that
// are made for it are open: everybody may read a vCard.
func (r *request) publishAvatar(tx *store.Tx, data *item, meta item) error {
	open := map[string][]string{"pubsub#access_model": {accessOpen}}
	for _, one := range []struct {
		node string
		item *item
	}{{nodeAvatarData, data}, {nodeAvatarMeta, &meta}} {
		if one.item == nil {
			continue
		}
		if _, err := r.at.find(tx.Nodes(), one.node); errors.Is(err, stanza.ItemNotFound) {
			if _, err := r.make(tx, one.node, open); err != nil {
				return err
			}
		}
		if err := r.putAt(tx, one.node, []item{*one.item}); err != nil {
			return err
		}
	}
	r.m.avatarChanged(r.p, r.at.account, avatarHash(meta.payload))
	return nil
}
