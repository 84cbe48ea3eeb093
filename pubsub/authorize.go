package pubsub

import (
	"context"
	"crypto/rand"
	"errors"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// ask sends a request to subscribe to all owners; the first answer counts
// (XEP-0060 section 8.6, Manage Subscription Requests; section 12.13,
// Authorizing Subscription Requests (Pending Subscribers)).
func (m *Service) ask(p *router.Packet, at *place, n *node, jid stanza.JID, owners []stanza.JID) {
	x := form.XML("form", "PubSub subscriber request", formAllow,
		form.Field{Var: "pubsub#node", Type: textOne, Label: "Node ID", Values: []string{n.Name}},
		form.Field{Var: "pubsub#subscriber_jid", Type: "jid-single", Label: "Subscriber Address",
			Values: []string{jid.String()}},
		form.Field{Var: "pubsub#allow", Type: boolean,
			Label: "Allow this JID to subscribe to this pubsub node?", Values: form.Bool(false)})
	var b stanza.Builder
	// The text has it kept for owners who are not there.
	st := b.Start("message", "", "from", at.jid.String(), "id", rand.Text()).
		Elem("body", "", jid.String()+" asks to subscribe to "+n.Name+".").Raw(x).End().Stanza()
	m.box(n.ID).send(p, func(ctx context.Context) {
		for _, to := range owners {
			m.router.RouteAs(ctx, at.account, st, at.jid, to)
		}
	})
}

// tellState tells of the state of a subscription (XEP-0060 section 12.14,
// Notification of Subscription State Changes).
func (m *Service) tellState(p *router.Packet, at *place, n *node, jid stanza.JID, state string,
	to ...stanza.JID) {
	st := at.stateMessage(n, jid, state)
	m.box(n.ID).send(p, func(ctx context.Context) {
		for _, one := range to {
			m.router.RouteAs(ctx, at.account, st, at.jid, one)
		}
	})
}

// stateMessage says what has become of a subscription.
func (pl *place) stateMessage(n *node, jid stanza.JID, state string) *stanza.Stanza {
	s := store.NodeSubscription{JID: jid.String(), State: state}
	c := Config{Style: "normal"} // it is to reach who is not there now
	return pl.message(&c, subscriptionXML(&s, n.Name), "")
}

// lapse ends the subscription of somebody who may not have what is published
// any more (XEP-0163 section 7.1, Cancelling Subscriptions).
func (m *Service) lapse(ctx context.Context, e *event, jid stanza.JID) {
	err := m.db.Update(ctx, func(tx *store.Tx) error {
		return tx.DeleteSubscription(e.node.ID, jid.String())
	})
	if err != nil {
		if !errors.Is(err, store.ErrNotFound) {
			m.router.Log.Error("subscription not ended", "jid", jid, "node", e.node.Name, "err", err)
		}
		return
	}
	m.router.RouteAs(ctx, e.at.account, e.at.stateMessage(&e.node, jid, none), e.at.jid, jid)
}

// authorization takes an owner's answer to a request to subscribe (XEP-0060
// section 8.6, Manage Subscription Requests). The form is all that is looked at:
// it names the node and the subscriber.
func (m *Service) authorization(_ context.Context, p *router.Packet) error {
	if p.Side != router.Receiving || p.To.IsFull() || p.Stanza.Type == "error" {
		return nil
	}
	c, ok := p.Stanza.Child(form.NS, "x")
	if !ok || p.Account != nil && p.From.Bare() != p.Account.JID {
		return nil
	}
	x := p.Stanza.Element(c)
	v := form.Fields(x)
	if v.Text("FORM_TYPE") != formAllow || x.Attr("type") != "submit" && x.Attr("type") != "cancel" {
		return nil
	}
	allow, ok := truth(v.One("pubsub#allow"))
	if x.Attr("type") == "cancel" || !ok {
		return router.Handled // the request stays as it is
	}
	p.Write(func(tx *store.Tx) error { return m.authorize(tx, p, v, allow) })
	return router.Handled
}

// authorize carries out an owner's answer. What does not fit is dropped: a
// message is not answered by what it may not do.
func (m *Service) authorize(tx *store.Tx, p *router.Packet, v form.Values, allow bool) error {
	at := m.place(p)
	n, err := at.find(tx.Nodes(), v.Text("pubsub#node"))
	if err != nil {
		return err
	}
	s, err := at.standing(tx.Nodes(), &n, p.From.Bare())
	if err == nil {
		err = s.own()
	}
	if err != nil {
		return err
	}
	jid, err := stanza.ParseJID(v.One("pubsub#subscriber_jid"))
	if err != nil {
		return errInvalidJID
	}
	sub, err := findSubscription(tx.Nodes(), &n, jid)
	if err != nil || sub.State != pending {
		return err
	}
	return m.setState(tx, p, at, &n, jid, &sub, map[bool]string{true: subscribed, false: none}[allow])
}

// setState gives a subscription another state, none to end it, and tells the
// subscriber.
func (m *Service) setState(tx *store.Tx, p *router.Packet, at *place, n *node, jid stanza.JID,
	sub *store.NodeSubscription, state string) (err error) {
	if sub.State = state; state == none {
		err = tx.DeleteSubscription(n.ID, jid.String())
	} else {
		err = tx.PutSubscription(n.ID, jid.Bare().String(), *sub)
	}
	if err == nil {
		m.tellState(p, at, n, jid, state, jid)
	}
	return err
}
