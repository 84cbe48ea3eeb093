package pubsub

import (
	"context"
	"crypto/rand"
	"errors"

	"parley/internal/form"
	"parley/stanza"
	"parley/store"
)

// mayCreate says whether the asker may make nodes. A guest may not: nobody
// would own them tomorrow (XEP-0060 section 6.1.3.6, Anonymous Subscriptions
// Not Allowed, of subscriptions).
func (r *request) mayCreate() bool {
	return r.at.mayCreate(r.from) &&
		(r.at.personal() || r.p.Sender == nil || !r.p.Sender.Account.IsGuest())
}

// create makes a node (XEP-0060 section 8.1, Create a Node).
func (r *request) create(context.Context) error {
	options, err := r.createForm()
	switch {
	case err != nil:
		return err
	case !r.mayCreate():
		return stanza.Forbidden // section 8.1.1, General Considerations
	}
	return r.write(func(tx *store.Tx) error {
		name := r.node
		if name == "" {
			name = rand.Text() // the same section: an instant node
		}
		_, err := r.make(tx, name, options)
		if errors.Is(err, store.ErrExists) {
			return stanza.Conflict
		}
		if err != nil {
			return err
		}
		var b stanza.Builder
		r.reply(b.Start("create", "", "node", name).End().String())
		return nil
	})
}

// createForm is the configuration that comes with a request: behind it, and
// without a node of its own (XEP-0060 section 8.1.3, Create and Configure a Node).
func (r *request) createForm() (form.Values, error) {
	c := r.pubsub.Child("", "configure")
	if c == nil {
		return nil, nil
	}
	for _, e := range r.pubsub.Children {
		if e == c || c.Attr("node") != "" {
			return nil, stanza.BadRequest
		}
		if e == r.el {
			break
		}
	}
	return submitted(c, formNode)
}

// make makes a node with the defaults of its place, other than by default as
// the form says.
func (r *request) make(tx *store.Tx, name string, options form.Values) (n node, err error) {
	if n.config, err = r.at.defaults(name).with(options); err != nil {
		return n, err
	}
	if err := r.at.locked(name, &n.config); err != nil {
		return n, err
	}
	nodes, _, _, err := tx.Nodes().Use(r.at.owner, r.from.String())
	switch {
	case err != nil:
		return n, err
	case nodes >= r.m.router.Config().PubSub.Nodes:
		return n, errManyNodes
	}
	n.Node = store.Node{Name: name, Creator: r.from.String(), Created: now(),
		Config: n.config.encode()}
	if n.ID, err = tx.NewNode(r.at.owner, n.Node, n.config.Expire); err != nil {
		return n, err
	}
	if !r.at.personal() {
		err = tx.SetAffiliation(n.ID, r.from.String(), owner)
	}
	return n, err
}

// locked refuses an access model for nodes that have a private face (XEP-0411
// section 5, Security Considerations).
func (pl *place) locked(name string, c *Config) error {
	if pl.personal() && (name == nodeBookmarks || name == nodeStorage) && c.Access != accessWhitelist {
		return errModel
	}
	return nil
}
