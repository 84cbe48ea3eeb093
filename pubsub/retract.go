package pubsub

import (
	"context"
	"errors"

	"parley/stanza"
	"parley/store"
)

// retract deletes items (XEP-0060 section 7.2, Delete an Item from a Node).
func (r *request) retract(context.Context) error {
	if r.node == "" {
		return errNodeRequired // section 7.2.3.3, NodeID Required
	}
	var ids []string
	for _, c := range r.el.Children {
		if c.Name != "item" || c.NS != nsPubsub {
			continue
		}
		if c.Attr("id") == "" {
			return errItemRequired // section 7.2.3.4, Item or ItemID Required
		}
		ids = append(ids, c.Attr("id"))
	}
	switch {
	case len(ids) == 0:
		return errItemRequired
	case len(ids) > maxBatch:
		return errTooMany
	}
	asked, _ := truth(r.el.Attr("notify"))
	return r.write(func(tx *store.Tx) error {
		n, s, err := r.find(tx.Nodes())
		if err != nil {
			return err
		}
		if err := r.remove(tx, &n, &s, ids); err != nil {
			return err
		}
		r.p.Result("")
		if asked || n.config.NotifyRetract { // section 7.2.2.1, Delete And Notify
			if err := r.m.announce(r.p, tx, r.at, &n, retractEvent(n.Name, ids)); err != nil {
				return err
			}
		}
		return r.at.facesRetracted(r, tx, &n, ids)
	})
}

// remove deletes all of the items or none (XEP-0060 section 12.11, Batch
// Processing; section 7.2.3, Error Cases).
func (r *request) remove(tx *store.Tx, n *node, s *standing, ids []string) error {
	if !n.config.Persist {
		return unsupported("persistent-items") // section 7.2.3.5, Persistent Items Not Supported
	}
	for _, id := range ids {
		i, err := tx.Nodes().Item(n.ID, id)
		if errors.Is(err, store.ErrNotFound) {
			// Whether an item is there is nobody's business who may not publish.
			if err := s.publish(&n.config); err != nil {
				return err
			}
			return stanza.ItemNotFound // section 7.2.3.2, Node Does Not Exist
		}
		if err == nil {
			err = s.retract(&n.config, r.from, bare(i.Publisher))
		}
		if err == nil {
			err = tx.DeleteItem(n.ID, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// purge deletes all items (XEP-0060 section 8.5, Purge All Node Items).
func (r *request) purge(context.Context) error {
	return r.write(func(tx *store.Tx) error {
		n, err := r.owned(tx.Nodes())
		switch {
		case err != nil:
			return err
		case !n.config.Persist:
			return unsupported("persistent-items") // section 8.5.3.3, Node Does Not Persist Items
		}
		if err := tx.PurgeNode(n.ID); err != nil {
			return err
		}
		r.p.Result("")
		if n.config.NotifyRetract { // section 8.5.2, Success Case
			if err := r.m.announce(r.p, tx, r.at, &n, plainEvent("purge", n.Name, "")); err != nil {
				return err
			}
		}
		return r.at.facesPurged(r, tx, &n)
	})
}

// delete deletes a node (XEP-0060 section 8.4, Delete a Node).
func (r *request) delete(context.Context) error {
	uri := r.el.Child("", "redirect").Attr("uri")
	if len(uri) > maxText {
		return stanza.NotAcceptable
	}
	return r.write(func(tx *store.Tx) error {
		n, err := r.owned(tx.Nodes())
		if err != nil {
			return err
		}
		inner := ""
		if uri != "" {
			var b stanza.Builder
			inner = b.Start("redirect", "", "uri", uri).End().String()
		}
		if n.config.NotifyDelete { // section 8.4.2, Success Case
			if err := r.m.announce(r.p, tx, r.at, &n, plainEvent("delete", n.Name, inner)); err != nil {
				return err
			}
		}
		r.p.Result("")
		if err := tx.DeleteNode(r.at.owner, n.Node, uri); err != nil {
			return err
		}
		return r.at.facesPurged(r, tx, &n)
	})
}
