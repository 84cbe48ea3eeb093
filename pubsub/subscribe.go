package pubsub

import (
	"context"
	"errors"

	"parley/internal/form"
	"parley/stanza"
	"parley/store"
)

// subscriber is the address that a request is about: one of the asker's own
// (XEP-0060 section 6.1.3.1, JIDs Do Not Match). refusal is the error for
// somebody else's.
func (r *request) subscriber(refusal error) (stanza.JID, error) {
	text := r.el.Attr("jid")
	if text == "" {
		return stanza.JID{}, errJIDRequired
	}
	jid, err := stanza.ParseJID(text)
	switch {
	case err != nil:
		return jid, errInvalidJID
	case jid.Bare() != r.from:
		return jid, refusal
	}
	return jid, nil
}

// subscribe makes a subscription (XEP-0060 section 6.1, Subscribe to a Node).
func (r *request) subscribe(context.Context) error {
	jid, err := r.subscriber(errInvalidJID)
	if err != nil {
		return err
	}
	values, err := r.subscribeForm()
	if err != nil {
		return err
	}
	return r.write(func(tx *store.Tx) error {
		n, s, err := r.find(tx.Nodes())
		if err != nil {
			return err
		}
		if r.p.Sender != nil && r.p.Sender.Account.IsGuest() {
			// section 6.1.3.6, Anonymous Subscriptions Not Allowed
			return stanza.Forbidden.WithType(stanza.Cancel)
		}
		state, err := s.subscribe(&n.config)
		if err != nil {
			return err
		}
		return r.join(tx, &n, jid, state, values)
	})
}

// join writes a subscription, or finds the one that is there (XEP-0060 section
// 6.1.6, Multiple Subscriptions), and tells all who have to know.
func (r *request) join(tx *store.Tx, n *node, jid stanza.JID, state string,
	values form.Values) error {
	sub, err := findSubscription(tx.Nodes(), n, jid)
	fresh := errors.Is(err, errNoSubscriber)
	switch {
	case fresh:
		sub, err = store.NodeSubscription{JID: jid.String(), State: state}, r.fits(tx, n)
	case err == nil:
		state = sub.State
	}
	if err != nil {
		return err
	}
	options, err := optionsOf(&sub).with(values)
	if err != nil {
		return err
	}
	sub.Options = options.encode()
	if err := tx.PutSubscription(n.ID, jid.Bare().String(), sub); err != nil {
		return err
	}
	inner := subscriptionXML(&sub, n.Name)
	if values != nil { // section 6.3.7, Subscribe and Configure
		inner += "<options>" + options.xml("result") + "</options>"
	}
	r.reply(inner)
	if !fresh {
		return nil
	}
	return r.joined(tx, n, jid, state)
}

// joined asks the owners about a new subscription, or tells them, and sends the
// subscriber the last item (XEP-0060 section 6.1.4, Approval Required, and
// section 6.1.7, Receiving the Last Published Item).
func (r *request) joined(tx *store.Tx, n *node, jid stanza.JID, state string) error {
	owners, err := r.at.owners(tx.Nodes(), n)
	if err != nil {
		return err
	}
	if state == pending {
		r.m.ask(r.p, r.at, n, jid, owners)
		return nil
	}
	if n.config.NotifySub {
		r.m.tellState(r.p, r.at, n, jid, state, owners...)
	}
	if n.config.SendLast == sendNever || n.Last == 0 || !n.config.Deliver {
		return nil
	}
	i, err := tx.Nodes().Last(&n.Node)
	if err != nil {
		return err
	}
	st := r.at.last(n, &i)
	r.m.box(n.ID).send(r.p, func(ctx context.Context) {
		r.m.router.RouteAs(ctx, r.at.account, st, r.at.jid, jid)
	})
	return nil
}

// maxSubscribers is how many subscriptions a node has at most.
const maxSubscribers = 20000

// fits checks that another subscription may be made (XEP-0060 section 6.1.3.9,
// Too Many Subscriptions).
func (r *request) fits(tx *store.Tx, n *node) error {
	list, err := tx.Nodes().SubscriptionsOf(r.at.owner, r.from.String())
	if err != nil {
		return err
	}
	if len(list) >= r.m.router.Config().PubSub.Subscriptions {
		return errManySubscriptions
	}
	all, err := tx.Nodes().CountSubscriptions(n.ID)
	if err == nil && all >= maxSubscribers {
		return errManySubscriptions
	}
	return err
}

// findSubscription is the subscription of an address; errNoSubscriber if it has
// none.
func findSubscription(nr store.NodeReader, n *node, jid stanza.JID) (
	store.NodeSubscription, error) {
	list, err := nr.SubscriptionsTo(n.ID, jid.Bare().String())
	if err != nil {
		return store.NodeSubscription{}, err
	}
	for _, s := range list {
		if s.JID == jid.String() {
			return s, nil
		}
	}
	return store.NodeSubscription{}, errNoSubscriber
}

// unsubscribe ends a subscription (XEP-0060 section 6.2, Unsubscribe from a
// Node). There are no subscription identifiers; one that is sent is ignored
// (section 6.2.3.5, Bad Subscription ID).
func (r *request) unsubscribe(context.Context) error {
	jid, err := r.subscriber(stanza.Forbidden) // section 6.2.3.3, Insufficient Privileges
	if err != nil {
		return err
	}
	return r.write(func(tx *store.Tx) error {
		n, _, err := r.find(tx.Nodes())
		if err != nil {
			return err
		}
		err = tx.DeleteSubscription(n.ID, jid.String())
		if errors.Is(err, store.ErrNotFound) {
			return errNotSubscriber // section 6.2.3.2, No Such Subscriber
		}
		if err != nil {
			return err
		}
		r.reply(subscriptionXML(&store.NodeSubscription{JID: jid.String(), State: none}, n.Name))
		if !n.config.NotifySub {
			return nil
		}
		owners, err := r.at.owners(tx.Nodes(), &n)
		if err == nil {
			r.m.tellState(r.p, r.at, &n, jid, none, owners...)
		}
		return err
	})
}

// subscriptionXML is a subscription as it is told.
func subscriptionXML(s *store.NodeSubscription, node string) string {
	var b stanza.Builder
	return b.Start("subscription", "", "node", node, "jid", s.JID, "subscription", s.State).
		End().String()
}

// owners are those who own a node.
func (pl *place) owners(r store.NodeReader, n *node) (list []stanza.JID, err error) {
	if pl.account != nil {
		return []stanza.JID{pl.jid}, nil
	}
	all, err := r.Affiliations(n.ID)
	for _, a := range all {
		if j := bare(a.JID); a.Affiliation == owner && !j.IsZero() {
			list = append(list, j)
		}
	}
	return list, err
}
