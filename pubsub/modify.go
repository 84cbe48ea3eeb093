package pubsub

import (
	"context"
	"errors"
	"slices"

	"parley/stanza"
	"parley/store"
)

// change is one entry of a list that an owner sends.
type change struct {
	jid   stanza.JID
	text  string // the jid as it came
	value string
}

// changes are the entries of a list with a value, that is the attribute of that
// name (XEP-0060 sections 8.8.2.1 and 8.9.2.1, Request: without it nothing
// changes).
func (r *request) changes(element, attr string) (list []change, err error) {
	for _, c := range r.el.Children {
		if c.Name != element || c.NS != nsOwner || c.Attr(attr) == "" {
			continue
		}
		jid, err := stanza.ParseJID(c.Attr("jid"))
		if err != nil {
			return nil, stanza.JIDMalformed
		}
		list = append(list, change{jid, c.Attr("jid"), c.Attr(attr)})
	}
	return list, nil
}

// setAffiliations changes affiliations (XEP-0060 section 8.9.2, Modify Affiliation).
func (r *request) setAffiliations(context.Context) error {
	list, err := r.changes("affiliation", "affiliation")
	if err != nil {
		return err
	}
	seen := map[stanza.JID]bool{}
	for i := range list {
		list[i].jid = list[i].jid.Bare() // section 4.1, Affiliations: bare JIDs
		if seen[list[i].jid] {
			return stanza.BadRequest // section 8.9.2.4, Multiple Simultaneous Modifications
		}
		seen[list[i].jid] = true
	}
	return r.write(func(tx *store.Tx) error {
		n, err := r.owned(tx.Nodes())
		if err != nil {
			return err
		}
		var failed stanza.Builder
		failed.Start("affiliations", "", "node", n.Name)
		bad := false
		for _, c := range list {
			now, ok, err := r.affiliate(tx, &n, c)
			if err != nil {
				return err
			}
			if !ok {
				bad = true
				failed.Start("affiliation", "", "jid", c.text, "affiliation", now).End()
			}
		}
		r.changed(bad, failed.End().String())
		return nil
	})
}

// maxAffiliations is how many affiliations a node has at most.
const maxAffiliations = 5000

// affiliate changes one affiliation; ok is false if that is not possible: a
// node keeps an owner, and an account's node has no other than the account.
func (r *request) affiliate(tx *store.Tx, n *node, c change) (now string, ok bool, err error) {
	if r.at.isOwner(c.jid) {
		return owner, c.value == owner, nil
	}
	all, err := tx.Nodes().Affiliations(n.ID)
	if err != nil {
		return "", false, err
	}
	now, owners := none, 0
	for _, a := range all {
		if a.JID == c.jid.String() {
			now = a.Affiliation
		}
		if a.Affiliation == owner {
			owners++
		}
	}
	switch {
	case !slices.Contains([]string{owner, publisher, publishOnly, member, outcast, none}, c.value),
		c.value == owner && r.at.personal(),
		now == owner && c.value != owner && owners == 1,
		len(all) >= maxAffiliations && now == none:
		return now, false, nil
	}
	value := c.value
	if value == none {
		value = ""
	}
	if err := tx.SetAffiliation(n.ID, c.jid.String(), value); err != nil {
		return "", false, err
	}
	return now, true, r.follow(tx, n, c)
}

// follow does what a new affiliation means for subscriptions: requests that
// wait are granted, those of outcasts end (XEP-0060 section 8.7.4, Per-Node Request).
func (r *request) follow(tx *store.Tx, n *node, c change) error {
	list, err := tx.Nodes().SubscriptionsTo(n.ID, c.jid.String())
	for i := 0; i < len(list) && err == nil; i++ {
		s := &list[i]
		jid, perr := stanza.ParseJID(s.JID)
		switch {
		case perr != nil:
		case c.value == outcast:
			err = r.m.setState(tx, r.p, r.at, n, jid, s, none)
		case s.State == pending && (c.value == owner || c.value == publisher || c.value == member):
			err = r.m.setState(tx, r.p, r.at, n, jid, s, subscribed)
		}
	}
	return err
}

// setSubscriptions changes subscriptions (XEP-0060 section 8.8.2, Modify
// Subscriptions).
func (r *request) setSubscriptions(context.Context) error {
	list, err := r.changes("subscription", "subscription")
	if err != nil {
		return err
	}
	return r.write(func(tx *store.Tx) error {
		n, err := r.owned(tx.Nodes())
		if err != nil {
			return err
		}
		var failed stanza.Builder
		failed.Start("subscriptions", "", "node", n.Name)
		bad := false
		for _, c := range list {
			now, ok, err := r.setSubscription(tx, &n, c)
			if err != nil {
				return err
			}
			if !ok {
				bad = true
				failed.Start("subscription", "", "jid", c.text, "subscription", now).End()
			}
		}
		r.changed(bad, failed.End().String())
		return nil
	})
}

// setSubscription changes one subscription; ok is false if that is not possible.
func (r *request) setSubscription(tx *store.Tx, n *node, c change) (
	now string, ok bool, err error) {
	s, err := findSubscription(tx.Nodes(), n, c.jid)
	if errors.Is(err, errNoSubscriber) {
		s, err = store.NodeSubscription{JID: c.jid.String(), State: none}, nil
	}
	if err != nil {
		return "", false, err
	}
	now = s.State
	switch {
	case c.value != subscribed && c.value != none:
		return now, false, nil
	case c.value == now:
		return now, true, nil
	case now == none:
		all, err := tx.Nodes().CountSubscriptions(n.ID)
		if err != nil || all >= maxSubscribers {
			return now, false, err
		}
	}
	return now, true, r.m.setState(tx, r.p, r.at, n, c.jid, &s, c.value)
}

// changed answers a change of a list: an error with the entries that could not
// be changed, as they are (XEP-0060 section 8.8.2.4, Multiple Simultaneous
// Modifications).
func (r *request) changed(bad bool, failed string) {
	if !bad {
		r.p.Result("")
		return
	}
	var b stanza.Builder
	b.Start("iq", "", "id", r.p.Stanza.ID, "type", "error").Start("pubsub", nsOwner).Raw(failed).End()
	r.p.Reply(b.Raw(stanza.NotAcceptable.XML()).End().Stanza())
}
