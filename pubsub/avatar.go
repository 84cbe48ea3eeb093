package pubsub

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

const (
	nodeAvatarData = "urn:xmpp:avatar:data"
	nodeAvatarMeta = "urn:xmpp:avatar:metadata"

	nsVCard  = "vcard-temp"
	nsUpdate = "vcard-temp:x:update"
)

// avatar is the hash of an account's avatar as its presence shows it, "" for none.
type avatar struct{ hash atomic.Pointer[string] }

func (v *avatar) set(hash string) { v.hash.Store(&hash) }

// loadAvatar reads the hash from the account's nodes.
func (m *Service) loadAvatar(ctx context.Context, a *router.Account) (*avatar, error) {
	v := new(avatar)
	err := m.db.Nodes(ctx, func(nr store.NodeReader) error {
		_, meta, err := avatarNode(nr, m.on(a), nodeAvatarMeta)
		v.set(avatarHash(meta.Payload))
		return err
	})
	return v, err
}

// avatarNode is a node with its last item, empty if there is none.
func avatarNode(nr store.NodeReader, at *place, name string) (n node, i store.NodeItem, err error) {
	n, err = at.find(nr, name)
	var se *stanza.Error
	if errors.As(err, &se) || err == nil && n.Last == 0 {
		return n, i, nil
	}
	if err == nil {
		i, err = nr.Last(&n.Node)
	}
	return n, i, err
}

// avatarInfo is the description of the image that is published here, not
// somewhere else (XEP-0398 section 3.1, From PEP to vCard; XEP-0084 section
// 4.2.1, Info Element), nil for none.
func avatarInfo(metadata string) *stanza.Element {
	if metadata == "" {
		return nil
	}
	e := element(metadata)
	if e == nil || e.Name != "metadata" {
		return nil
	}
	for _, c := range e.Children {
		if c.Name == "info" && c.Attr("url") == "" {
			return c
		}
	}
	return nil
}

// avatarHash is the SHA-1 in metadata, "" for none.
func avatarHash(metadata string) string {
	id := avatarInfo(metadata).Attr("id")
	if sum, err := hex.DecodeString(id); err != nil || len(sum) != sha1.Size {
		return ""
	}
	return strings.ToLower(id)
}

// avatarChanged has presence show another hash from the commit on. Those who
// see the account's presence now get it anew.
func (m *Service) avatarChanged(p *router.Packet, a *router.Account, hash string) {
	if p == nil {
		return
	}
	p.Committed(func() {
		if v, ok := m.avatars.Peek(a); ok {
			v.set(hash)
		}
	})
	p.Then(func(ctx context.Context) {
		again, ok := a.Host.Presences.(interface {
			Again(ctx context.Context, s *router.Session, before *router.Presence, st *stanza.Stanza) error
		})
		for _, s := range a.Sessions() {
			before := s.Presence()
			if st := restamped(before, hash); ok && st != nil {
				if err := again.Again(ctx, s, before, st); err != nil {
					m.router.Log.Error("avatar not shown", "from", s.JID, "err", err)
				}
			}
		}
	})
}

// restamped is presence with another hash, nil if it stays as it is.
func restamped(p *router.Presence, hash string) *stanza.Stanza {
	if p == nil {
		return nil
	}
	e, ok := addStamp(p.Stanza, stanza.Edits{}, hash)
	if !ok {
		return nil
	}
	return stanza.MustParse(string(p.Stanza.Append(nil, &e, stanza.Out{XMLNS: true})))
}

// stamp puts the hash into available presence, unless the client says that it
// shows no image (XEP-0398 section 4, Presence Broadcast).
func (m *Service) stamp(ctx context.Context, p *router.Packet) error {
	if p.Side != router.Sending || p.Origin != router.Local || p.Stanza.Type != "" {
		return nil
	}
	v, err := m.avatars.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	p.Edits, _ = addStamp(p.Stanza, p.Edits, *v.hash.Load())
	return nil
}

// addStamp adds to e what puts the hash into available presence; ok is false if
// that needs nothing.
func addStamp(st *stanza.Stanza, e stanza.Edits, hash string) (_ stanza.Edits, ok bool) {
	if hash == "" {
		return e, false
	}
	next := e
	for i, c := range st.Children() {
		if c.NS != nsUpdate || c.Name != "x" {
			continue
		}
		photo := st.Element(c).Child(nsUpdate, "photo")
		if photo != nil && (photo.Text == "" || photo.Text == hash) {
			return e, false
		}
		next.Cut(i)
	}
	var b stanza.Builder
	next.Last(b.Start("x", nsUpdate).Elem("photo", "", hash).End().String())
	return next, true
}

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
func (m *Service) SetPhoto(tx *store.Tx, p *router.Packet, photo *stanza.Element) (taken bool, err error) {
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
		return true, r.publishAvatar(tx, nil, item{id: "current", payload: b.Start("metadata", nodeAvatarMeta).End().String()})
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
