package pubsub

import (
	"context"
	"crypto/rand"
	"errors"

	"parley/internal/form"
	"parley/stanza"
	"parley/store"
)

// maxBatch is how many items one request is about: all of them are one
// transaction, for which everybody else waits.
const maxBatch = 500

// item is one item to be published.
type item struct {
	id      string // "": the service makes one
	payload string // XML that stands alone, "" for none
}

// publish publishes items (XEP-0060 section 7.1, Publish an Item to a Node).
func (r *request) publish(context.Context) error {
	items, err := r.toPublish()
	if err != nil {
		return err
	}
	options, err := submitted(r.pubsub.Child("", "publish-options"), formPub)
	if err != nil {
		return err
	}
	return r.write(func(tx *store.Tx) error {
		n, err := r.target(tx, options)
		if err != nil {
			return err
		}
		ids, err := r.put(tx, &n, items)
		if err != nil {
			return err
		}
		r.published(ids)
		return r.at.faces(r, tx, &n, ids)
	})
}

// toPublish reads what is to be published and checks what can be checked
// without the node (XEP-0060 section 7.1.3.5, Payload Too Big, and section
// 7.1.3.6, Bad Payload).
func (r *request) toPublish() (items []item, err error) {
	most := r.m.router.Config().PubSub.Item
	for _, c := range r.el.Children {
		if c.Name != "item" || c.NS != nsPubsub {
			continue
		}
		i := item{id: c.Attr("id")}
		switch {
		case len(i.id) > maxName:
			return nil, stanza.NotAcceptable.WithText("The item's id is too long.")
		case len(c.Children) > 1:
			return nil, errBadPayload
		case len(c.Children) == 1:
			i.payload = c.Children[0].Standalone()
		}
		if len(i.payload) > most {
			return nil, errTooBig
		}
		if items = append(items, i); len(items) > maxBatch {
			return nil, errTooMany
		}
	}
	return items, nil
}

// target is the node to publish at, made if need be (XEP-0060 section 7.1.4,
// Automatic Node Creation), with its preconditions met (section 7.1.5,
// Publishing Options).
func (r *request) target(tx *store.Tx, options form.Values) (node, error) {
	n, s, err := r.find(tx.Nodes())
	switch {
	case errors.Is(err, stanza.ItemNotFound) && r.mayCreate():
		if !knows(options) {
			return n, errPrecondition
		}
		return r.make(tx, r.node, options)
	case err != nil:
		return n, err
	}
	if err := s.publish(&n.config); err != nil {
		return n, err
	}
	return n, n.config.meets(options)
}

// put writes items into a node and makes the event. It returns them with their
// ids.
func (r *request) put(tx *store.Tx, n *node, items []item) ([]item, error) {
	if err := n.config.suits(items); err != nil {
		return nil, err
	}
	limits := r.m.router.Config().PubSub
	keep := n.config.keep(limits.Items)
	if len(items) > keep && keep > 1 || len(items) > 1 && keep == 1 {
		return nil, errTooMany // XEP-0060 section 12.11, Batch Processing
	}
	for i := range items {
		if items[i].id == "" {
			items[i].id = rand.Text() // XEP-0060 section 7.1.2, Success Case
		}
	}
	if err := n.room(tx, items, keep); err != nil {
		return nil, err
	}
	when := now()
	for i := range items {
		err := tx.PutItem(n.ID, store.NodeItem{ID: items[i].id, Publisher: r.from.String(),
			Stamp: when, Payload: items[i].payload})
		if err != nil {
			return nil, err
		}
	}
	// The oldest go. That is no event: a node of one item would have two for
	// each that is published (XEP-0060 section 7.1.2.5, Node is full: MAY).
	if err := tx.TrimItems(n.ID, keep); err != nil {
		return nil, err
	}
	if err := r.inLimits(tx, n); err != nil {
		return nil, err
	}
	return items, r.m.announce(r.p, tx, r.at, n, itemsEvent(n, items, r.from))
}

// suits checks a request against the kind of event that the node has (XEP-0060
// section 7.1.3.7, Request Does Not Match Configuration; section 4.3, Event Types).
func (c *Config) suits(items []item) error {
	if !c.Persist && !c.Payloads {
		if len(items) > 0 {
			return errItemForbid
		}
		return nil
	}
	if len(items) == 0 {
		return errItemRequired
	}
	for _, i := range items {
		switch {
		case c.Payloads && i.payload == "":
			return errNoPayload
		case c.MaxPayload > 0 && len(i.payload) > c.MaxPayload:
			return errTooBig
		}
	}
	return nil
}

// room refuses new items where the owner wants no old ones to make way
// (XEP-0060 section 7.1.3.4, Node is full).
func (n *node) room(tx *store.Tx, items []item, keep int) error {
	if n.config.Full != fullReject {
		return nil
	}
	have, err := tx.Nodes().CountItems(n.ID, 0, n.config.since(now()))
	for i := 0; i < len(items) && err == nil; i++ {
		_, err = tx.Nodes().Item(n.ID, items[i].id)
		if errors.Is(err, store.ErrNotFound) {
			if have++; have > keep {
				return errNodeFull
			}
			err = nil
		}
	}
	return err
}

// inLimits undoes a request that takes its creator's nodes beyond the server's
// limits.
func (r *request) inLimits(tx *store.Tx, n *node) error {
	limits := r.m.router.Config().PubSub
	_, items, bytes, err := tx.Nodes().Use(r.at.owner, n.Creator)
	if err == nil && (items > limits.Items || bytes > limits.Bytes) {
		return errSpace
	}
	return err
}

// published answers the publisher (XEP-0060 section 7.1.2, Success Case).
func (r *request) published(items []item) {
	var b stanza.Builder
	b.Start("publish", "", "node", r.node)
	for _, i := range items {
		b.Start("item", "").Attr("id", i.id).End()
	}
	r.reply(b.End().String())
}
