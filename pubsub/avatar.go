package pubsub

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
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
