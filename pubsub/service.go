package pubsub

import (
	"context"
	"time"

	"parley/roster"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Service is the module: personal eventing on hosts with accounts, a pubsub
// service on others. One serves all hosts of a router.
type Service struct {
	router *router.Router
	db     *store.DB
	roster *roster.Roster

	interests *router.Slot[*interests]
	avatars   *router.Slot[*avatar]
	out       [16]outbox
}

var _ router.Module = (*Service)(nil)

// New makes the module for a router.
func New(r *router.Router, ro *roster.Roster) *Service {
	m := &Service{router: r, db: r.Store, roster: ro}
	m.interests = router.NewSlot(r, newInterests)
	m.avatars = router.NewSlot(r, m.loadAvatar)
	return m
}

// Register implements router.Module.
func (m *Service) Register(h *router.Host) {
	where := router.ToHost
	if h.Accounts {
		where = router.ToSelf | router.ToAccount | router.ToMissing
		m.registerAccounts(h)
	} else {
		h.Identity(router.ToHost, "pubsub", "service", "Parley")
		h.Feature(router.ToHost, nsPubsub) // XEP-0060 section 5.1, Discover Features
		for _, name := range append(features(), "access-open") {
			h.Feature(router.ToHost, feature+name)
		}
	}
	for _, ns := range []string{nsPubsub, nsOwner} {
		h.HandleIQ("get", ns, "pubsub", where, m.request)
		h.HandleIQ("set", ns, "pubsub", where, m.request)
	}
	h.On(router.Refuse, router.OfMessage, "pubsub", m.bounced)
	h.On(router.Deliver, router.OfMessage, "pubsub", m.authorization)
	h.Go("expiring items", m.expire)
}

// registerAccounts registers what only accounts have.
func (m *Service) registerAccounts(h *router.Host) {
	// XEP-0163 section 6.1, Account Owner Service Discovery
	h.Identity(router.ToAccount, "pubsub", "pep", "")
	personal := append(features(), "access-presence", "auto-subscribe", "filtered-notifications",
		"last-published", "presence-subscribe", "pubsub-on-a-jid")
	for _, name := range personal {
		h.Feature(router.ToAccount, feature+name)
	}
	h.Feature(router.ToAccount, nsPubsub)
	// XEP-0398 section 2, Discovery; XEP-0402 section 6, Determining Support;
	// XEP-0411 section 2, Discovery
	h.Feature(router.ToAccount, "urn:xmpp:pep-vcard-conversion:0", nodeBookmarks+"#compat",
		nodeBookmarks+"#compat-pep", "urn:xmpp:bookmarks-conversion:0")
	h.On(router.Record, router.OfPresence, "avatar hash", m.stamp)
	h.On(router.After, router.OfPresence, "pubsub", m.approved)
	h.OnCaps(m.appeared)
	h.OnDelete(nil, (*store.Tx).DeleteNodes)
}

// features are those of XEP-0060 section 10 (Feature Summary) that hold at all
// places.
func features() []string {
	return []string{
		"auto-create", "config-node", "config-node-max", "create-and-configure", "create-nodes",
		"delete-items", "delete-nodes", "instant-nodes", "item-ids", "manage-subscriptions",
		"member-affiliation", "meta-data", "modify-affiliations", "multi-items",
		"outcast-affiliation", "persistent-items", "publish", "publish-node-full",
		"publish-only-affiliation", "publish-options", "publisher-affiliation", "purge-nodes",
		"retract-items", "retrieve-affiliations", "retrieve-default", "retrieve-default-sub",
		"retrieve-items", "retrieve-subscriptions", "rsm", "subscribe", "subscription-options",
		"subscription-notifications",
	}
}

// place is where a request or message is addressed to.
func (m *Service) place(p *router.Packet) *place {
	pl := &place{jid: p.To.Bare(), account: p.Peer, router: m.router}
	switch {
	case p.Peer != nil:
		pl.owner.Account = p.Peer.ID
	case p.Dest.Accounts:
		pl.missing = true
	default:
		pl.jid = p.To.Host()
		pl.owner.Host = pl.jid.Domain()
	}
	return pl
}

// on is the place of an account.
func (m *Service) on(a *router.Account) *place {
	return &place{jid: a.JID, account: a, owner: store.NodeOwner{Account: a.ID}, router: m.router}
}

// expireEvery is how often items are removed that have become too old. They
// are not shown meanwhile.
const expireEvery = 10 * time.Minute

// expire removes old items until ctx ends.
func (m *Service) expire(ctx context.Context) {
	t := time.NewTicker(expireEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			m.db.WriteLater(func(tx *store.Tx) error { return tx.ExpireItems(now()) }, func(err error) {
				if err != nil {
					m.router.Log.Error("items not expired", "err", err)
				}
			})
		}
	}
}

// bare is a bare JID of its text, zero for none.
func bare(text string) stanza.JID {
	j, err := stanza.ParseJID(text)
	if err != nil {
		return stanza.JID{}
	}
	return j.Bare()
}
