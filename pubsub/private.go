package pubsub

import (
	"context"
	"errors"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// PrivateName is the element of private XML storage (XEP-0049) that is kept as
// a node: the list of bookmarks (XEP-0411 section 3, Conversion).
func (m *Service) PrivateName() string { return privateStorage }

const privateStorage = "{" + nodeStorage + "}storage"

// Private is the list of bookmarks of an account, "" if there is none.
func (m *Service) Private(ctx context.Context, a *router.Account) (xml string, err error) {
	err = m.db.Nodes(ctx, func(nr store.NodeReader) error {
		n, err := m.on(a).find(nr, nodeStorage)
		if err == stanza.ItemNotFound || err == nil && n.Last == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		i, err := nr.Last(&n.Node)
		xml = i.Payload
		return err
	})
	return xml, err
}

// SetPrivate stores the list of bookmarks; it is called inside the packet's
// write.
func (m *Service) SetPrivate(tx *store.Tx, p *router.Packet, xml string) error {
	if len(xml) > m.router.Config().PubSub.Item {
		return errTooBig
	}
	r := &request{m: m, p: p, at: m.on(p.Account), from: p.Account.JID}
	return r.takeStorage(tx, xml)
}

// takeStorage publishes a whole list of bookmarks.
func (r *request) takeStorage(tx *store.Tx, xml string) error {
	if err := r.putAt(tx, nodeStorage, []item{{id: "current", payload: xml}}); err != nil {
		return err
	}
	return r.importStorage(tx, xml)
}

// Convert makes nodes of the bookmarks that were stored as private XML before
// there were nodes. It is called before the first stream.
func (m *Service) Convert(ctx context.Context) error {
	return m.db.Update(ctx, func(tx *store.Tx) error {
		list, err := tx.PrivateNamed(privateStorage)
		for i := 0; i < len(list) && err == nil; i++ {
			err = m.convert(tx, &list[i])
		}
		return err
	})
}

// convert makes nodes of one list. An account of a domain that is not served
// now keeps it as it is.
func (m *Service) convert(tx *store.Tx, e *store.PrivateElement) error {
	jid := bare(e.JID)
	h := m.router.Host(jid.Domain())
	if h == nil || !h.Accounts {
		return nil
	}
	at := m.on(&router.Account{ID: e.Account, JID: jid, Host: h})
	r := &request{m: m, at: at, from: jid}
	err := r.takeStorage(tx, e.XML)
	var se *stanza.Error
	if errors.As(err, &se) {
		m.router.Log.Warn("bookmarks not converted", "account", jid, "err", err)
		return nil
	}
	if err == nil {
		err = tx.SetPrivate(e.Account, privateStorage, "", 0)
	}
	return err
}
