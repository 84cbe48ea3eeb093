package pubsub

import (
	"context"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// event is something that happened at a node, with all that decides who hears
// of it, as it was in the transaction.
type event struct {
	at   *place
	node node
	xml  string // inside <event/>

	affiliations  map[string]string // by bare JID
	subscriptions []store.NodeSubscription
}

// announce sends an event behind the packet's commit. Without a packet nobody
// is told.
func (m *Service) announce(p *router.Packet, tx *store.Tx, at *place, n *node, xml string) error {
	if !n.config.Deliver || p == nil {
		return nil
	}
	e := &event{at: at, node: *n, xml: xml}
	if err := e.load(tx.Nodes()); err != nil {
		return err
	}
	m.box(n.ID).send(p, func(ctx context.Context) { m.deliver(ctx, e) })
	return nil
}

// load reads who has to do with the node.
func (e *event) load(r store.NodeReader) (err error) {
	if e.subscriptions, err = r.Subscriptions(e.node.ID); err != nil {
		return err
	}
	list, err := r.Affiliations(e.node.ID)
	e.affiliations = make(map[string]string, len(list))
	for _, a := range list {
		e.affiliations[a.JID] = a.Affiliation
	}
	return err
}

// deliver sends an event to all who get it, each once (XEP-0060 section 12.3,
// Intended Recipients for Notifications; XEP-0163 section 4.3.2, Number of
// Notifications). The text is the same for all.
func (m *Service) deliver(ctx context.Context, e *event) {
	st := e.at.message(&e.node.config, e.xml, "")
	told := map[stanza.JID]bool{}
	send := func(to stanza.JID) {
		told[to], told[to.Bare()] = true, true
		m.router.RouteAs(ctx, e.at.account, st, e.at.jid, to)
	}
	a := m.newAudience(ctx, e)
	if e.at.account != nil {
		if err := m.contacts(ctx, e, a, send); err != nil {
			m.router.Log.Error("event not sent", "from", e.at.jid, "node", e.node.Name, "err", err)
			return
		}
	}
	for i := range e.subscriptions {
		s := &e.subscriptions[i]
		to, err := stanza.ParseJID(s.JID)
		switch {
		case err != nil || told[to] || s.State != subscribed:
		case !a.admits(to.Bare(), s.State):
			m.lapse(ctx, e, to)
		case m.wants(to, s):
			send(to)
		}
	}
}

// contacts sends an event of an account to its own resources and those of its
// contacts, as far as they want it (XEP-0060 section 9.1, Auto-Subscribe, and
// section 9.2, Filtered Notifications).
func (m *Service) contacts(ctx context.Context, e *event, a *audience,
	send func(stanza.JID)) error {
	m.resources(e.at.account, e.node.Name, send)
	all, err := m.roster.Contacts(ctx, e.at.account)
	if err != nil {
		return err
	}
	for c := range all.All() {
		if !c.From || !a.admits(c.JID, "") {
			continue
		}
		if other := m.router.Online(c.JID); other != nil {
			m.resources(other, e.node.Name, send)
		}
	}
	in, err := m.interests.Get(ctx, e.at.account)
	if err != nil {
		return err
	}
	for _, to := range in.who(e.node.Name) {
		if a.admits(to.Bare(), "") {
			send(to)
		}
	}
	return nil
}

// resources sends to an account's available resources that want what is
// published at a node.
func (m *Service) resources(a *router.Account, node string, send func(stanza.JID)) {
	for _, s := range a.Sessions() {
		if s.Presence() != nil && s.Caps().Wants(node) {
			send(s.JID)
		}
	}
}

// audience says who may hear of an event.
type audience struct {
	m   *Service
	ctx context.Context
	e   *event
}

func (m *Service) newAudience(ctx context.Context, e *event) *audience {
	return &audience{m: m, ctx: ctx, e: e}
}

// admits says whether somebody may have what is published at the node; state is
// that of an explicit subscription.
func (a *audience) admits(bare stanza.JID, state string) bool {
	e := a.e
	if e.at.isOwner(bare) {
		return true
	}
	s := standing{affiliation: e.affiliations[bare.String()], state: state}
	switch e.node.config.Access {
	case accessPresence, accessRoster:
		s.from, s.groups = a.roster(bare)
	case accessAuthorize:
		if state == "" {
			s.state = e.state(bare)
		}
	}
	return s.access(&e.node.config) == nil
}

// state is that of somebody's subscription.
func (e *event) state(bare stanza.JID) string {
	for i := range e.subscriptions {
		s := &e.subscriptions[i]
		if j, err := stanza.ParseJID(s.JID); err == nil && j.Bare() == bare && s.State == subscribed {
			return subscribed
		}
	}
	return ""
}

// roster is what the rosters of the node's owners say of somebody. An account's
// is in memory, but for its groups.
func (a *audience) roster(bare stanza.JID) (from bool, groups []string) {
	account := a.e.at.account
	if account != nil {
		_, from, err := a.m.roster.Subscribed(a.ctx, account, bare)
		if err != nil || !from || a.e.node.config.Access != accessRoster {
			return from && err == nil, nil
		}
	}
	err := a.m.db.Nodes(a.ctx, func(r store.NodeReader) (err error) {
		from, groups, err = a.e.at.roster(r, &a.e.node, bare)
		return err
	})
	return from && err == nil, groups
}
