package pubsub

import (
	"context"

	"parley/stanza"
	"parley/store"
)

// myAffiliations lists the asker's affiliations (XEP-0060 section 5.7, Retrieve
// Affiliations).
func (r *request) myAffiliations(ctx context.Context) error {
	return r.read(ctx, func(nr store.NodeReader) error {
		list, err := r.affiliated(nr)
		if err != nil {
			return err
		}
		var b stanza.Builder
		b.Start("affiliations", "", "node", r.node)
		for _, a := range list {
			if r.node == "" || a.Node == r.node {
				b.Start("affiliation", "", "node", a.Node, "affiliation", a.Affiliation).End()
			}
		}
		r.reply(b.End().String())
		return nil
	})
}

// affiliated are the affiliations of the asker. All nodes of an account are its
// owner's.
func (r *request) affiliated(nr store.NodeReader) ([]store.NodeAffiliation, error) {
	if r.at.missing || !r.at.isOwner(r.from) {
		return nr.AffiliationsOf(r.at.owner, r.from.String())
	}
	all, err := nr.All(r.at.owner, "", 0)
	var list []store.NodeAffiliation
	for i := range all {
		list = append(list, store.NodeAffiliation{Node: all[i].Name, Affiliation: owner})
	}
	return list, err
}

// mySubscriptions lists the asker's subscriptions (XEP-0060 section 5.6,
// Retrieve Subscriptions).
func (r *request) mySubscriptions(ctx context.Context) error {
	return r.read(ctx, func(nr store.NodeReader) error {
		list, err := nr.SubscriptionsOf(r.at.owner, r.from.String())
		if err != nil {
			return err
		}
		var b stanza.Builder
		b.Start("subscriptions", "", "node", r.node)
		for i := range list {
			if r.node == "" || list[i].Node == r.node {
				b.Raw(subscriptionXML(&list[i], list[i].Node))
			}
		}
		r.reply(b.End().String())
		return nil
	})
}

// affiliations lists all affiliations for an owner (XEP-0060 section 8.9.1,
// Retrieve Affiliations List).
func (r *request) affiliations(ctx context.Context) error {
	return r.read(ctx, func(nr store.NodeReader) error {
		n, err := r.owned(nr)
		if err != nil {
			return err
		}
		list, err := nr.Affiliations(n.ID)
		if err != nil {
			return err
		}
		if r.at.account != nil {
			list = append([]store.NodeAffiliation{{JID: r.at.jid.String(), Affiliation: owner}}, list...)
		}
		var b stanza.Builder
		b.Start("affiliations", "", "node", n.Name)
		for _, a := range list {
			b.Start("affiliation", "", "jid", a.JID, "affiliation", a.Affiliation).End()
		}
		r.reply(b.End().String())
		return nil
	})
}

// subscriptions lists all subscriptions for an owner, without those that wait
// (XEP-0060 section 8.8.1, Retrieve Subscriptions List).
func (r *request) subscriptions(ctx context.Context) error {
	return r.read(ctx, func(nr store.NodeReader) error {
		n, err := r.owned(nr)
		if err != nil {
			return err
		}
		list, err := nr.Subscriptions(n.ID)
		if err != nil {
			return err
		}
		var b stanza.Builder
		b.Start("subscriptions", "", "node", n.Name)
		for _, s := range list {
			if s.State != pending {
				b.Start("subscription", "", "jid", s.JID, "subscription", s.State).End()
			}
		}
		r.reply(b.End().String())
		return nil
	})
}
