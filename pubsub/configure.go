package pubsub

import (
	"context"

	"parley/internal/form"
	"parley/stanza"
	"parley/store"
)

// configuration gives the owner the form (XEP-0060 section 8.2, Configure a Node).
func (r *request) configuration(ctx context.Context) error {
	return r.read(ctx, func(nr store.NodeReader) error {
		n, err := r.owned(nr)
		if err != nil {
			return err
		}
		var b stanza.Builder
		r.reply(b.Start("configure", "", "node", n.Name).Raw(n.config.formXML()).End().String())
		return nil
	})
}

// configure takes the owner's form (XEP-0060 section 8.2.4, Form Submission).
func (r *request) configure(context.Context) error {
	x := r.el.Child(form.NS, "x")
	if x == nil {
		return stanza.BadRequest
	}
	options, err := submitted(r.el, formNode)
	if err != nil {
		return err
	}
	return r.write(func(tx *store.Tx) error {
		n, err := r.owned(tx.Nodes())
		if err != nil {
			return err
		}
		r.p.Result("")
		if options == nil {
			return nil // cancelled: what there is stays (the same section)
		}
		return r.reconfigure(tx, &n, options)
	})
}

// reconfigure changes a node's configuration and what follows from that.
func (r *request) reconfigure(tx *store.Tx, n *node, options form.Values) error {
	c, err := n.config.with(options)
	if err == nil {
		err = r.at.locked(n.Name, &c)
	}
	if err == nil {
		err = tx.ConfigureNode(n.ID, c.encode(), c.Expire)
	}
	if err == nil {
		err = tx.TrimItems(n.ID, c.keep(r.m.router.Config().PubSub.Items))
	}
	if err != nil {
		return err
	}
	n.config = c
	if !c.NotifyConfig {
		return nil
	}
	inner := ""
	if c.Payloads { // XEP-0060 section 8.2.5.3, Success With Notifications
		inner = c.resultXML()
	}
	return r.m.announce(r.p, tx, r.at, n, plainEvent("configuration", n.Name, inner))
}

// defaultConfiguration gives what a new node has (XEP-0060 section 8.3, Request
// Default Node Configuration Options).
func (r *request) defaultConfiguration(context.Context) error {
	if t := r.el.Attr("type"); t != "" && t != "leaf" {
		return unsupported(t + "s") // XEP-0248: collections
	}
	c := r.at.defaults("")
	var b stanza.Builder
	r.reply(b.Start("default", "").Raw(c.formXML()).End().String())
	return nil
}
