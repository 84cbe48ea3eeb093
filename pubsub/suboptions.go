package pubsub

import (
	"context"
	"encoding/json"
	"slices"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// subOptions are the options of a subscription (XEP-0060 section 16.4.2,
// pubsub#subscribe_options FORM_TYPE), kept as JSON. What never was set is "".
type subOptions struct {
	Deliver bool     // notifications are wanted
	Show    []string // presence in which they are wanted, nil for any
}

// shows are the values of pubsub#show-values.
var shows = []string{"away", "chat", "dnd", "online", "xa"}

func optionsOf(s *store.NodeSubscription) subOptions {
	o := subOptions{Deliver: true}
	if json.Unmarshal([]byte(s.Options), &o) != nil {
		return subOptions{Deliver: true} // none were set
	}
	return o
}

func (o *subOptions) encode() string {
	text, _ := json.Marshal(o)
	return string(text)
}

// with is o changed as a form says. What is not possible here may be sent as
// long as it is not asked for (XEP-0060 section 6.3.6.2, Failure).
func (o subOptions) with(v form.Values) (subOptions, error) {
	for name, values := range v {
		yes, isBool := truth(one(values))
		ok := true
		switch name {
		case "pubsub#deliver":
			o.Deliver, ok = yes, isBool
		case "pubsub#show-values":
			o.Show = slices.Clone(values)
			ok = !slices.ContainsFunc(values, func(s string) bool { return !slices.Contains(shows, s) })
		case "pubsub#digest", "pubsub#include_body":
			ok = isBool && !yes
		case "pubsub#expire":
			ok = one(values) == ""
		}
		if !ok || len(values) > maxValues {
			return o, errOptions
		}
	}
	return o, nil
}

// xml is the form of options.
func (o *subOptions) xml(typ string) string {
	show := o.Show
	if show == nil {
		show = shows
	}
	return form.XML(typ, "", formSub,
		form.Field{Var: "pubsub#deliver", Type: boolean, Label: "Enable delivery?",
			Values: form.Bool(o.Deliver)},
		form.Field{Var: "pubsub#show-values", Type: listMany,
			Label:  "The presence states for which an entity wants to receive notifications",
			Values: show, Options: form.Options(shows...)})
}

// subscribeForm are the options that come with a request to subscribe: behind
// it, and about nothing else (XEP-0060 section 6.3.7, Subscribe and Configure).
func (r *request) subscribeForm() (form.Values, error) {
	c := r.pubsub.Child("", "options")
	if c == nil {
		return nil, nil
	}
	if c.Attr("node") != "" || c.Attr("jid") != "" ||
		slices.Index(r.pubsub.Children, c) < slices.Index(r.pubsub.Children, r.el) {
		return nil, stanza.BadRequest
	}
	return submitted(c, formSub)
}

// options gives the form (XEP-0060 section 6.3, Configure Subscription Options).
func (r *request) options(ctx context.Context) error {
	jid, err := r.subscriber(stanza.Forbidden) // section 6.3.4.1, Insufficient Privileges
	if err != nil {
		return err
	}
	return r.read(ctx, func(nr store.NodeReader) error {
		n, _, err := r.find(nr)
		if err != nil {
			return err
		}
		s, err := findSubscription(nr, &n, jid)
		if err != nil {
			return err // section 6.3.4.2, No Such Subscriber
		}
		o := optionsOf(&s)
		var b stanza.Builder
		r.reply(b.Start("options", "", "node", n.Name, "jid", s.JID).Raw(o.xml("form")).End().String())
		return nil
	})
}

// setOptions takes the form (XEP-0060 section 6.3.5, Form Submission).
func (r *request) setOptions(context.Context) error {
	jid, err := r.subscriber(stanza.Forbidden)
	if err != nil {
		return err
	}
	values, err := submitted(r.el, formSub)
	if err != nil {
		return err
	}
	return r.write(func(tx *store.Tx) error {
		n, _, err := r.find(tx.Nodes())
		if err != nil {
			return err
		}
		s, err := findSubscription(tx.Nodes(), &n, jid)
		if err != nil {
			return err
		}
		o, err := optionsOf(&s).with(values)
		if err != nil {
			return err
		}
		s.Options = o.encode()
		r.p.Result("")
		return tx.PutSubscription(n.ID, r.from.String(), s)
	})
}

// defaultOptions gives what a new subscription has (XEP-0060 section 6.4,
// Request Default Subscription Configuration Options).
func (r *request) defaultOptions(ctx context.Context) error {
	o := subOptions{Deliver: true}
	var b stanza.Builder
	b.Start("default", "", "node", r.node).Raw(o.xml("form")).End()
	if r.node == "" {
		r.reply(b.String())
		return nil
	}
	return r.read(ctx, func(nr store.NodeReader) error {
		_, _, err := r.find(nr)
		if err == nil {
			r.reply(b.String())
		}
		return err
	})
}

// wants says whether a subscriber wants notifications now, as far as its
// presence is known: that of the users here.
func (m *Service) wants(to stanza.JID, s *store.NodeSubscription) bool {
	o := optionsOf(s)
	if !o.Deliver || o.Show == nil {
		return o.Deliver
	}
	h := m.router.Host(to.Domain())
	if h == nil || !h.Accounts {
		return true
	}
	a := m.router.Online(to.Bare())
	return a != nil && slices.ContainsFunc(a.Sessions(), func(one *router.Session) bool {
		p := one.Presence()
		return p != nil && (one.JID == to || !to.IsFull()) && slices.Contains(o.Show, show(p.Stanza))
	})
}

// show is the state that presence shows (RFC 6121 section 4.7.2.1, Show Element).
func show(st *stanza.Stanza) string {
	c, ok := st.Child("", "show")
	if !ok {
		return "online"
	}
	return st.Element(c).Text
}
