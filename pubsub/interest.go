package pubsub

import (
	"context"
	"errors"
	"slices"
	"sync"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// maxInterests is of how many resources at other domains it is remembered what
// they want of one account.
const maxInterests = 5000

// interests are the resources at other domains whose presence has reached an
// account, and what they want (XEP-0060 section 9.2, Filtered Notifications).
type interests struct {
	mu sync.Mutex
	of map[stanza.JID]*router.Caps
}

func newInterests(context.Context, *router.Account) (*interests, error) {
	return &interests{of: map[stanza.JID]*router.Caps{}}, nil
}

// who are the resources that want a node.
func (in *interests) who(node string) (list []stanza.JID) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for jid, c := range in.of {
		if c.Wants(node) {
			list = append(list, jid)
		}
	}
	return list
}

// set remembers what a resource wants, and returns what it wanted before.
func (in *interests) set(jid stanza.JID, c *router.Caps) (before *router.Caps) {
	in.mu.Lock()
	defer in.mu.Unlock()
	before = in.of[jid]
	if before != nil || len(in.of) < maxInterests {
		in.of[jid.Clone()] = c
	}
	return before
}

// forget forgets a resource, or all of a bare JID.
func (in *interests) forget(jid stanza.JID) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for one := range in.of {
		if one == jid || one.Bare() == jid {
			delete(in.of, one)
		}
	}
}

// appeared is told of what a resource wants: it gets what was published last
// at the nodes that it did not want before (XEP-0060 section 12.2, Notification
// Triggers, case 3; XEP-0163 section 4.3.4, Sending the Last Published Item).
func (m *Service) appeared(ctx context.Context, a *router.Account, r router.Resource) {
	before := r.Before
	if r.Session == nil {
		in, err := m.interests.Get(ctx, a)
		if err != nil {
			m.router.Log.Error("interests not noted", "account", a.JID, "err", err)
			return
		}
		if r.Caps == nil {
			in.forget(r.JID)
			return
		}
		before = in.set(r.JID, r.Caps)
	}
	wants := func(node string) bool { return r.Caps.Wants(node) && !before.Wants(node) }
	if !slices.ContainsFunc(r.Caps.Wanted(), wants) {
		return
	}
	err := m.lastOf(ctx, a.JID, r.JID, wants)
	if r.Session != nil && err == nil {
		err = m.lastOfContacts(ctx, a, r.JID, wants)
	}
	if err != nil {
		m.router.Log.Error("last items not sent", "to", r.JID, "err", err)
	}
}

// lastOfContacts sends a local resource what its contacts here have published
// last; those elsewhere have servers of their own.
func (m *Service) lastOfContacts(ctx context.Context, a *router.Account, to stanza.JID,
	wants func(node string) bool) error {
	all, err := m.roster.Contacts(ctx, a)
	if err != nil {
		return err
	}
	for c := range all.All() {
		if h := m.router.Host(c.JID.Domain()); !c.To || h == nil || !h.Accounts {
			continue
		}
		if err := m.lastOf(ctx, c.JID, to, wants); err != nil {
			return err
		}
	}
	return nil
}

// lastItem is a node with its last item.
type lastItem struct {
	node node
	item store.NodeItem
}

// lastOf sends a resource the last items of an account's nodes. The account is
// loaded only if there are any.
func (m *Service) lastOf(ctx context.Context, from, to stanza.JID,
	wants func(node string) bool) error {
	var list []lastItem
	err := m.db.Nodes(ctx, func(r store.NodeReader) (err error) {
		list, err = lastItems(r, from, wants)
		return err
	})
	if err != nil || len(list) == 0 {
		return err
	}
	a, err := m.router.Account(ctx, from)
	if err != nil {
		return err
	}
	at := m.on(a)
	for i := range list {
		l := &list[i]
		e := &event{at: at, node: l.node}
		if err := m.db.Nodes(ctx, e.load); err != nil {
			return err
		}
		if m.newAudience(ctx, e).admits(to.Bare(), "") {
			m.router.RouteAs(ctx, a, at.last(&l.node, &l.item), from, to)
		}
	}
	return nil
}

// lastItems are an account's nodes that send their last item to who appears and
// are wanted, with it.
func lastItems(r store.NodeReader, from stanza.JID, wants func(node string) bool) (
	list []lastItem, err error) {
	nodes, err := r.OfAccount(from.Domain(), from.Local())
	for i := 0; i < len(nodes) && err == nil; i++ {
		if !wants(nodes[i].Name) {
			continue
		}
		l := lastItem{node: node{Node: nodes[i]}}
		if l.node.config, err = decode(nodes[i].Config); err != nil {
			return nil, err
		}
		c := &l.node.config
		if c.SendLast != sendOnPresence || !c.Deliver {
			continue
		}
		if l.item, err = r.Last(&l.node.Node); err == nil && !l.item.Stamp.Before(c.since(now())) {
			list = append(list, l)
		}
	}
	return list, err
}

// approved sends last items to whom the account has just let see its presence:
// they are subscribed from now on (XEP-0060 section 12.2, Notification Triggers,
// case 5).
func (m *Service) approved(ctx context.Context, p *router.Packet) error {
	if p.Side != router.Sending || p.Stanza.Type != "subscribed" {
		return nil
	}
	to := p.To.Bare()
	if other := m.router.Online(to); other != nil {
		for _, s := range other.Sessions() {
			if c := s.Caps(); s.Presence() != nil && len(c.Wanted()) > 0 {
				if err := m.lastOf(ctx, p.Account.JID, s.JID, c.Wants); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// bounced forgets a resource elsewhere that an event came back from, and ends the
// subscriptions of an address that is there no more (XEP-0060 section 12.4,
// Handling Notification-Related Errors). A server that cannot be reached is an
// error of type cancel as well, but may be back tomorrow.
func (m *Service) bounced(_ context.Context, p *router.Packet) error {
	if p.Side != router.Receiving || p.Stanza.Type != "error" || p.To.IsFull() {
		return nil
	}
	if p.Account != nil {
		if in, ok := m.interests.Peek(p.Account); ok {
			in.forget(p.From)
		}
	}
	e := stanza.ParseError(p.Stanza)
	if e == nil || !errors.Is(e, stanza.Gone) && !errors.Is(e, stanza.ItemNotFound) {
		return nil
	}
	at, jid := m.place(p), p.From.String()
	p.Write(func(tx *store.Tx) error { return tx.DeleteSubscriptionsOf(at.owner, jid) })
	return nil
}
