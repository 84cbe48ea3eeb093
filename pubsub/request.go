package pubsub

import (
	"context"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// request is one iq request to a place.
type request struct {
	m      *Service
	p      *router.Packet
	at     *place
	from   stanza.JID      // bare: whom rights belong to
	pubsub *stanza.Element // the payload
	el     *stanza.Element // what is to be done
	node   string
}

// actions are the requests by type, namespace and element.
func action(typ, ns, name string) func(*request, context.Context) error {
	switch typ + " " + ns + " " + name {
	case "get " + nsPubsub + " items":
		return (*request).items
	case "get " + nsPubsub + " affiliations":
		return (*request).myAffiliations
	case "get " + nsPubsub + " subscriptions":
		return (*request).mySubscriptions
	case "get " + nsPubsub + " options":
		return (*request).options
	case "get " + nsPubsub + " default":
		return (*request).defaultOptions
	case "set " + nsPubsub + " publish":
		return (*request).publish
	case "set " + nsPubsub + " retract":
		return (*request).retract
	case "set " + nsPubsub + " create":
		return (*request).create
	case "set " + nsPubsub + " subscribe":
		return (*request).subscribe
	case "set " + nsPubsub + " unsubscribe":
		return (*request).unsubscribe
	case "set " + nsPubsub + " options":
		return (*request).setOptions
	case "get " + nsOwner + " configure":
		return (*request).configuration
	case "get " + nsOwner + " default":
		return (*request).defaultConfiguration
	case "get " + nsOwner + " affiliations":
		return (*request).affiliations
	case "get " + nsOwner + " subscriptions":
		return (*request).subscriptions
	case "set " + nsOwner + " configure":
		return (*request).configure
	case "set " + nsOwner + " delete":
		return (*request).delete
	case "set " + nsOwner + " purge":
		return (*request).purge
	case "set " + nsOwner + " affiliations":
		return (*request).setAffiliations
	case "set " + nsOwner + " subscriptions":
		return (*request).setSubscriptions
	}
	return nil
}

// request answers an iq: the first child that names something to do says what.
func (m *Service) request(ctx context.Context, p *router.Packet) error {
	r := &request{m: m, p: p, at: m.place(p), from: p.From.Bare(), pubsub: p.Payload()}
	for _, c := range r.pubsub.Children {
		if c.NS != r.pubsub.NS || c.Name == "options" && r.pubsub.Child("", "subscribe") != nil {
			continue // options that come with a subscription are no request (section 6.3.7)
		}
		if do := action(p.Stanza.Type, c.NS, c.Name); do != nil {
			r.el, r.node = c, c.Attr("node")
			if len(r.node) > maxName {
				return stanza.NotAcceptable.WithText("The node's name is too long.")
			}
			return do(r, ctx)
		}
	}
	if len(r.pubsub.Children) == 0 {
		return stanza.BadRequest
	}
	return stanza.FeatureNotImplemented // XEP-0060 section 11, Error Conditions
}

// read runs fn on nodes as they are now.
func (r *request) read(ctx context.Context, fn func(store.NodeReader) error) error {
	return r.m.db.Nodes(ctx, fn)
}

// write runs fn in the request's transaction.
func (r *request) write(fn func(tx *store.Tx) error) error {
	if r.at.missing {
		return r.hidden()
	}
	r.p.Write(func(tx *store.Tx) error {
		if err := r.at.alive(tx); err != nil {
			return err
		}
		return fn(tx)
	})
	return nil
}

// hidden is the error for what a stranger asks of an account that has no such
// node, or does not exist, or is there and shows its nodes to contacts: it is
// the same, so that nobody learns which (RFC 6120 section 13.11, Directory
// Harvesting).
func (r *request) hidden() error { return errPresence }

// find is the node of a request with what the asker is to it.
func (r *request) find(nr store.NodeReader) (n node, s standing, err error) {
	n, err = r.at.find(nr, r.node)
	if err == nil {
		s, err = r.at.standing(nr, &n, r.from)
	}
	if err == stanza.ItemNotFound && r.stranger(nr) {
		err = r.hidden()
	}
	return n, s, err
}

// stranger says whether the asker is nobody who may know what an account has.
func (r *request) stranger(nr store.NodeReader) bool {
	if !r.at.personal() || r.at.isOwner(r.from) {
		return false
	}
	if r.at.missing {
		return true
	}
	from, _, err := nr.Roster(r.at.account.ID, r.from.String())
	return err != nil || !from
}

// owned is find for what only owners may do.
func (r *request) owned(nr store.NodeReader) (n node, err error) {
	n, s, err := r.find(nr)
	if err == nil {
		err = s.own()
	}
	return n, err
}

// reply answers with a payload in the request's namespace.
func (r *request) reply(inner string) {
	var b stanza.Builder
	r.p.Result(b.Start("pubsub", r.pubsub.NS).Raw(inner).End().String())
}
