package xep

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"parley/router"
	"parley/stanza"
)

const (
	nsDiscoInfo  = "http://jabber.org/protocol/disco#info"
	nsDiscoItems = "http://jabber.org/protocol/disco#items"
)

// Disco implements XEP-0030 (Service Discovery) with the extension forms of
// XEP-0128 and the server's own capabilities of XEP-0115: what modules
// announced is told, for hosts and for accounts.
type Disco struct {
	contacts Contacts
	nodes    map[string]DiscoNode
	more     DiscoMore // nil for none
	host     *router.Host
	own      atomic.Pointer[ownCaps]
}

// DiscoNode answers for one discovery node of an account or host: the whole
// query element, or a stanza error.
type DiscoNode interface {
	DiscoInfo(ctx context.Context, p *router.Packet) (string, error)
	DiscoItems(ctx context.Context, p *router.Packet) (string, error)
}

// DiscoMore answers for nodes that come and go, which no list names, and has
// items for accounts and hosts themselves, as XML; a node that is not there is
// item-not-found.
type DiscoMore interface {
	DiscoNode
	MoreItems(ctx context.Context, p *router.Packet) (string, error)
}

var _ router.Module = (*Disco)(nil)

// With has somebody answer for the nodes that are not in the list.
func (m *Disco) With(more DiscoMore) *Disco {
	m.more = more
	return m
}

// NewDisco makes the module; nodes answer for their nodes by name.
func NewDisco(c Contacts, nodes map[string]DiscoNode) *Disco {
	return &Disco{contacts: c, nodes: nodes}
}

// Register implements router.Module.
func (m *Disco) Register(h *router.Host) {
	m.host = h
	h.Feature(router.ToHost|router.ToAccount, nsDiscoInfo, nsDiscoItems)
	if h.Accounts {
		h.Identity(router.ToHost, "server", "im", "Parley")
	}
	h.Identity(router.ToAccount, "account", "registered", "")
	h.HandleIQ("get", nsDiscoInfo, "query", router.ToHost|router.ToAccount|router.ToSelf, m.info)
	h.HandleIQ("get", nsDiscoItems, "query", router.ToHost|router.ToAccount|router.ToSelf, m.items)
	h.HandleIQ("get", nsDiscoItems, "query", router.ToMissing, m.noItems)
	m.registerCaps(h)
}

// info answers disco#info (XEP-0030 section 3, Discovering Information About a
// Jabber Entity).
func (m *Disco) info(ctx context.Context, p *router.Packet) error {
	node := p.Payload().Attr("node")
	if m.comes(node, p) {
		return reply(p)(m.more.DiscoInfo(ctx, p))
	}
	if err := m.mayAsk(ctx, p); err != nil {
		return err
	}
	where := router.ToHost
	if p.Account != nil {
		where = router.ToAccount
	}
	if n, ok := m.nodes[node]; ok {
		return reply(p)(n.DiscoInfo(ctx, p))
	}
	if node != "" && (p.Account != nil || !m.isOwnCaps(node)) {
		// XEP-0030 section 7, Error Conditions
		return stanza.ItemNotFound
	}
	p.Result(m.query(where, node, p.Account != nil && p.Account.IsGuest()))
	return nil
}

// comes says whether a node is one that nobody has announced. Who may see such
// nodes is for those to say who know them.
func (m *Disco) comes(node string, p *router.Packet) bool {
	_, known := m.nodes[node]
	return node != "" && m.more != nil && !known &&
		(p.Account != nil || !m.host.Accounts && !m.isOwnCaps(node))
}

// query is everything announced for where, an account's being a guest's or not.
func (m *Disco) query(where router.Where, node string, guest bool) string {
	var b stanza.Builder
	b.Start("query", nsDiscoInfo, "node", node)
	for _, i := range m.host.Identities(where) {
		if guest && i.Category == "account" {
			i.Type = "anonymous" // XEP-0175 section 5, Service Discovery
		}
		b.Start("identity", "", "category", i.Category, "type", i.Type, "name", i.Name).End()
	}
	for _, f := range m.host.Features(where) {
		b.Start("feature", "", "var", f).End()
	}
	for _, f := range m.host.Forms(where) {
		b.Raw(f)
	}
	return b.End().String()
}

// items answers disco#items (XEP-0030 section 4, Discovering the Items
// Associated with a Jabber Entity).
func (m *Disco) items(ctx context.Context, p *router.Packet) error {
	node := p.Payload().Attr("node")
	if m.comes(node, p) {
		return reply(p)(m.more.DiscoItems(ctx, p))
	}
	err := m.mayAsk(ctx, p)
	stranger := errors.Is(err, stanza.ServiceUnavailable)
	switch {
	case stranger && (node != "" || m.more == nil):
		// XEP-0030 section 8, Security Considerations, rule 2
		p.Result(emptyItems(node))
		return nil
	case err != nil && !stranger:
		return err
	}
	if n, ok := m.nodes[node]; ok {
		return reply(p)(n.DiscoItems(ctx, p))
	}
	if node != "" {
		return stanza.ItemNotFound
	}
	return m.children(ctx, p, stranger)
}

// children answers with the items of an account or a host: an account's
// resources are for those only who see its presence.
func (m *Disco) children(ctx context.Context, p *router.Packet, stranger bool) (err error) {
	items := ""
	switch {
	case p.Account != nil && !stranger:
		items = resources(p.Account)
	case p.Account == nil && m.host.Accounts:
		items = m.services()
	}
	more := ""
	if m.more != nil {
		if more, err = m.more.MoreItems(ctx, p); err != nil {
			return err
		}
	}
	var b stanza.Builder
	p.Result(b.Start("query", nsDiscoItems).Raw(items + more).End().String())
	return nil
}

// noItems answers for an account that does not exist as for one whose presence
// the asker may not see (XEP-0030 section 8, Security Considerations, rule 2).
func (m *Disco) noItems(_ context.Context, p *router.Packet) error {
	p.Result(emptyItems(p.Payload().Attr("node")))
	return nil
}

// resources lists an account's available resources (XEP-0030 section 4.1,
// Basic Protocol).
func resources(a *router.Account) string {
	var b stanza.Builder
	for _, s := range a.Sessions() {
		if s.Presence() != nil {
			b.Start("item", "", "jid", s.JID.String()).End()
		}
	}
	return b.String()
}

// services lists the hosts below this domain, and those that are below none of
// the domains: external components with names of their own.
func (m *Disco) services() string {
	hosts := m.host.Router.Hosts()
	var b stanza.Builder
	for _, h := range hosts {
		if over := domainOver(hosts, h); !h.Accounts && (over == nil || over == m.host) {
			b.Start("item", "", "jid", h.Domain).End()
		}
	}
	return b.String()
}

// domainOver is the domain with accounts that a host is below, nil if none: the
// closest, if there are several.
func domainOver(hosts []*router.Host, h *router.Host) *router.Host {
	var over *router.Host
	for _, d := range hosts {
		if d.Accounts && strings.HasSuffix(h.Domain, "."+d.Domain) &&
			(over == nil || len(d.Domain) > len(over.Domain)) {
			over = d
		}
	}
	return over
}

func emptyItems(node string) string {
	var b stanza.Builder
	return b.Start("query", nsDiscoItems, "node", node).End().String()
}

// mayAsk lets only those ask an account who may see its presence, so that
// nobody learns of accounts by asking (XEP-0030 section 8, Security
// Considerations, rule 1).
func (m *Disco) mayAsk(ctx context.Context, p *router.Packet) error {
	return seesPresence(ctx, m.contacts, p, stanza.ServiceUnavailable)
}

// seesPresence is nil if the asker of an account is the account itself or
// receives its presence, and refusal otherwise. Hosts may be asked by all.
func seesPresence(ctx context.Context, c Contacts, p *router.Packet, refusal error) error {
	if p.Account == nil || p.From.Bare() == p.Account.JID {
		return nil
	}
	_, from, err := c.Subscribed(ctx, p.Account, p.From.Bare())
	if err == nil && !from {
		return refusal
	}
	return err
}

// reply gives a payload or an error to the asker.
func reply(p *router.Packet) func(payload string, err error) error {
	return func(payload string, err error) error {
		if err == nil {
			p.Result(payload)
		}
		return err
	}
}
