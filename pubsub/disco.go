package pubsub

import (
	"context"
	"errors"
	"strconv"

	"parley/internal/form"
	"parley/internal/rsm"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// maxNodes is how many nodes one answer of disco#items looks at.
const maxNodes = 500

// visible says whether somebody may see that a node is there: who may subscribe
// to it or read it (XEP-0163 section 6.2, Contact Service Discovery; XEP-0060
// section 5.2, Discover Nodes).
func (n *node) visible(s *standing) bool {
	if n.config.Access == accessAuthorize {
		return !s.is(outcast)
	}
	return s.is(publishOnly) || s.access(&n.config) == nil
}

// seen is a node that the asker of a disco request may see.
func (m *Service) seen(nr store.NodeReader, p *router.Packet) (n node, s standing, err error) {
	r := &request{m: m, p: p, at: m.place(p), from: p.From.Bare(), node: p.Payload().Attr("node")}
	n, s, err = r.find(nr)
	if err == nil && !n.visible(&s) {
		err = s.access(&n.config)
	}
	if err != nil && r.stranger(nr) {
		// As of an account that does not exist (XEP-0030 section 8, Security
		// Considerations, rule 1).
		err = stanza.ServiceUnavailable
	}
	return n, s, err
}

// DiscoInfo describes a node (XEP-0060 section 5.3, Discover Node Information,
// and section 5.4, Discover Node Metadata).
func (m *Service) DiscoInfo(ctx context.Context, p *router.Packet) (xml string, err error) {
	err = m.db.Nodes(ctx, func(nr store.NodeReader) error {
		n, _, err := m.seen(nr, p)
		if err != nil {
			return err
		}
		meta, err := m.metadata(nr, m.place(p), &n)
		var b stanza.Builder
		b.Start("query", nsInfo, "node", n.Name)
		b.Start("identity", "", "category", "pubsub", "type", "leaf", "name", n.config.Title).End()
		b.Start("feature", "", "var", nsPubsub).End().Raw(meta)
		xml = b.End().String()
		return err
	})
	return xml, err
}

// metadata is what is told of a node: its configuration, who has made it and
// who publishes (XEP-0060 section 16.4.3, pubsub#meta-data FORM_TYPE).
func (m *Service) metadata(nr store.NodeReader, at *place, n *node) (string, error) {
	all, err := nr.Affiliations(n.ID)
	if err != nil {
		return "", err
	}
	count, err := nr.CountSubscriptions(n.ID)
	var owners, publishers []string
	if at.account != nil {
		owners = []string{at.jid.String()}
	}
	for _, a := range all {
		switch a.Affiliation {
		case owner:
			owners = append(owners, a.JID)
		case publisher, publishOnly:
			publishers = append(publishers, a.JID)
		}
	}
	list := []form.Field{
		{Var: "pubsub#creator", Type: "jid-single", Values: filled(n.Creator)},
		{Var: "pubsub#creation_date", Type: textOne,
			Values: []string{n.Created.Format("2006-01-02T15:04:05Z")}},
		{Var: "pubsub#owner", Type: jidMany, Values: owners},
		{Var: "pubsub#publisher", Type: jidMany, Values: publishers},
		{Var: "pubsub#num_subscribers", Type: textOne, Values: []string{strconv.Itoa(count)}},
	}
	for i := range fields {
		if f := &fields[i]; f.meta {
			list = append(list, form.Field{Var: f.name, Type: f.typ, Label: f.label,
				Values: f.get(&n.config)})
		}
	}
	return form.XML("result", "", formMeta, list...), err
}

// DiscoItems lists the items of a node, for those who may read them (XEP-0060
// section 5.5, Discover Items for a Node).
func (m *Service) DiscoItems(ctx context.Context, p *router.Packet) (xml string, err error) {
	set, err := rsm.Read(p.Payload())
	if err != nil {
		return "", err
	}
	err = m.db.Nodes(ctx, func(nr store.NodeReader) error {
		n, s, err := m.seen(nr, p)
		var b stanza.Builder
		b.Start("query", nsItems, "node", p.Payload().Attr("node"))
		if errors.Is(err, stanza.ServiceUnavailable) {
			xml = b.End().String() // XEP-0030 section 8, Security Considerations, rule 2
			return nil
		}
		if err != nil {
			return err
		}
		if s.access(&n.config) == nil {
			list, answer, err := part(nr, &n, set, p.Payload().Child(rsm.NS, "set") != nil)
			if err != nil {
				return err
			}
			for i := range list {
				b.Start("item", "", "jid", p.To.Bare().String(), "name", list[i].ID).End()
			}
			b.Raw(answer)
		}
		xml = b.End().String()
		return nil
	})
	return xml, err
}

// MoreItems lists the nodes that the asker may see, as items of an account or a
// service (XEP-0060 section 5.2, Discover Nodes).
func (m *Service) MoreItems(ctx context.Context, p *router.Packet) (xml string, err error) {
	set, err := rsm.Read(p.Payload())
	if err != nil {
		return "", err
	}
	at := m.place(p)
	if at.missing {
		return "", nil
	}
	var b stanza.Builder
	err = m.db.Nodes(ctx, func(nr store.NodeReader) error {
		nodes, err := nr.All(at.owner, set.After, set.Limit(maxNodes, maxNodes)+1)
		if err != nil {
			return err
		}
		more := len(nodes) > set.Limit(maxNodes, maxNodes)
		if more {
			nodes = nodes[:len(nodes)-1]
		}
		for i := range nodes {
			if err := m.listNode(nr, at, nodes[i], p.From.Bare(), &b); err != nil {
				return err
			}
		}
		if (more || set.Max >= 0) && len(nodes) > 0 {
			first, last := nodes[0].Name, nodes[len(nodes)-1].Name
			b.Raw(rsm.Answer{First: first, Last: last, Index: -1, Count: -1}.XML())
		}
		return nil
	})
	return b.String(), err
}

// listNode adds a node to a list if somebody may see it.
func (m *Service) listNode(nr store.NodeReader, at *place, row store.Node, who stanza.JID,
	b *stanza.Builder) (err error) {
	n := node{Node: row}
	if n.config, err = decode(row.Config); err != nil {
		return err
	}
	s, err := at.standing(nr, &n, who)
	if err == nil && n.visible(&s) {
		b.Start("item", "", "jid", at.jid.String(), "node", n.Name, "name", n.config.Title).End()
	}
	return err
}
