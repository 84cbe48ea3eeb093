package xep

import (
	"context"
	"errors"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

const nsPrivate = "jabber:iq:private"

// Private implements XEP-0049: Private XML Storage. Nobody but the account's
// own sessions reads or writes it (XEP-0049 section 4, Security Considerations).
type Private struct {
	host *router.Host
	node PrivateNode
}

// PrivateNode keeps one element elsewhere: bookmarks are nodes too (XEP-0411
// section 3, Conversion).
type PrivateNode interface {
	PrivateName() string // {namespace}name
	Private(ctx context.Context, a *router.Account) (xml string, err error)
	SetPrivate(tx *store.Tx, p *router.Packet, xml string) error
}

var _ router.Module = (*Private)(nil)

// NewPrivate makes the module; node may be nil.
func NewPrivate(node PrivateNode) *Private { return &Private{node: node} }

// Register implements router.Module.
func (m *Private) Register(h *router.Host) {
	m.host = h
	h.Feature(router.ToHost, nsPrivate)
	h.HandleIQ("get", nsPrivate, "query", router.ToSelf, m.get)
	h.HandleIQ("set", nsPrivate, "query", router.ToSelf, m.set)
	// XEP-0049 section 2.3, Elements: another's data is forbidden.
	h.HandleIQ("get", nsPrivate, "query", router.ToAccount|router.ToMissing, forbid)
	h.HandleIQ("set", nsPrivate, "query", router.ToAccount|router.ToMissing, forbid)
	h.OnDelete(nil, (*store.Tx).DeletePrivate)
}

// privateKey is the key of an element in the store.
func privateKey(e *stanza.Element) string { return "{" + e.NS + "}" + e.Name }

// get returns the element asked for, empty if there is none (XEP-0049 section
// 2.3, Elements: exactly one child).
func (m *Private) get(ctx context.Context, p *router.Packet) error {
	query := p.Payload()
	switch {
	case len(query.Children) == 0:
		return stanza.BadRequest
	case len(query.Children) > 1 || query.Children[0].NS == nsPrivate:
		return stanza.NotAcceptable
	}
	e := query.Children[0]
	xml, err := m.read(ctx, p.Account, privateKey(e))
	if err != nil {
		return err
	}
	var b stanza.Builder
	if xml == "" {
		xml = b.Start(e.Name, e.NS).End().String()
		b = stanza.Builder{}
	}
	p.Result(b.Start("query", nsPrivate).Raw(xml).End().String())
	return nil
}

// read is the element of a key, "" if there is none.
func (m *Private) read(ctx context.Context, a *router.Account, key string) (string, error) {
	if m.node != nil && key == m.node.PrivateName() {
		return m.node.Private(ctx, a)
	}
	xml, err := m.host.Router.Store.Private(ctx, a.ID, key)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return xml, err
}

// write stores an element where it belongs.
func (m *Private) write(tx *store.Tx, p *router.Packet, e *stanza.Element) error {
	key := privateKey(e)
	if m.node != nil && key == m.node.PrivateName() {
		return m.node.SetPrivate(tx, p, e.Standalone())
	}
	quota := m.host.Router.Config().Messages.PrivateQuota
	return setPrivate(tx, p.Account.ID, key, e.Standalone(), quota)
}

// set stores each child under its name and namespace (XEP-0049 section 2.3,
// Elements).
func (m *Private) set(_ context.Context, p *router.Packet) error {
	query := p.Payload()
	if len(query.Children) == 0 {
		return stanza.NotAcceptable
	}
	for _, e := range query.Children {
		if e.NS == nsPrivate || e.NS == "" {
			return stanza.NotAcceptable
		}
	}
	p.Write(func(tx *store.Tx) error {
		if err := alive(tx, p.Account); err != nil {
			return err
		}
		for _, e := range query.Children {
			if err := m.write(tx, p, e); err != nil {
				return err
			}
		}
		return nil
	})
	p.Result("")
	return nil
}

// setPrivate stores an element; what is too much is not acceptable.
func setPrivate(tx *store.Tx, account int64, key, xml string, quota int) error {
	err := tx.SetPrivate(account, key, xml, quota)
	if errors.Is(err, store.ErrQuota) {
		return stanza.NotAcceptable.WithText("the space for private data is used up")
	}
	return err
}
