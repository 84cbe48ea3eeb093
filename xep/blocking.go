package xep

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

const (
	nsBlocking       = "urn:xmpp:blocking"
	nsBlockingErrors = "urn:xmpp:blocking:errors"
)

// maxRules is how many addresses an account may block, and how many rules all
// its privacy lists may hold.
const maxRules = 5000

// Blocking implements XEP-0191 (Blocking Command) and, where privacy_lists is
// set, XEP-0016 (Privacy Lists, RFC 3921 section 10): two faces of one store of
// rules with one evaluator. The blocklist is a list of its own, in force
// whatever privacy list is active. Abuse reports inside a block request
// (XEP-0377) do no harm.
type Blocking struct {
	contacts Contacts
	host     *router.Host
	books    *router.Slot[*book]
	privacy  bool // privacy lists are offered
}

var _ router.Module = (*Blocking)(nil)

// NewBlocking makes the module.
func NewBlocking(c Contacts) *Blocking { return &Blocking{contacts: c} }

// Register implements router.Module.
func (m *Blocking) Register(h *router.Host) {
	m.host = h
	m.books = router.NewSlot(h.Router, m.open)
	m.privacy = h.Router.Config().Messages.PrivacyLists
	h.Feature(router.ToHost, nsBlocking)
	h.HandleIQ("get", nsBlocking, "blocklist", router.ToSelf, m.blocklist)
	h.HandleIQ("set", nsBlocking, "block", router.ToSelf, m.block)
	h.HandleIQ("set", nsBlocking, "unblock", router.ToSelf, m.unblock)
	h.On(router.Refuse, router.OfAll, "blocking", m.refuse)
	h.OnWrite("blocking", m.write)
	h.OnDelete(nil, (*store.Tx).DeleteRules)
	if m.privacy {
		m.registerPrivacy()
	}
}

// blocklist answers with the addresses that are blocked; from now on the
// session is told of changes (XEP-0191 section 3.2, User Retrieves Block List).
func (m *Blocking) blocklist(ctx context.Context, p *router.Packet) error {
	p.Sender.Blocklist.Store(true)
	b, err := m.books.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	var jids []stanza.JID
	for _, r := range b.now.Load().blocks().rules {
		jids = append(jids, r.jid)
	}
	p.Result(blockingItems("blocklist", jids))
	return nil
}

// block adds addresses (XEP-0191 section 3.3, User Blocks JID).
func (m *Blocking) block(ctx context.Context, p *router.Packet) error {
	jids, err := blockingJIDs(p)
	if err != nil {
		return err
	}
	if len(jids) == 0 {
		return stanza.BadRequest
	}
	return m.change(ctx, p, "block", jids, func(blocked map[string]bool) {
		for _, j := range jids {
			blocked[j.String()] = true
		}
	})
}

// unblock removes addresses, or all where none is named (XEP-0191 sections
// 3.4, User Unblocks JID, and 3.5, User Unblocks All blocked JIDs).
func (m *Blocking) unblock(ctx context.Context, p *router.Packet) error {
	jids, err := blockingJIDs(p)
	if err != nil {
		return err
	}
	return m.change(ctx, p, "unblock", jids, func(blocked map[string]bool) {
		if len(jids) == 0 {
			clear(blocked)
		}
		for _, j := range jids {
			delete(blocked, j.String())
		}
	})
}

// change changes the blocklist. When that is on disk it is in force, and then
// the sessions that asked for the list are told.
func (m *Blocking) change(ctx context.Context, p *router.Packet, verb string, jids []stanza.JID,
	edit func(blocked map[string]bool)) error {
	b, err := m.books.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	a := p.Account
	var was, next *lists
	p.Write(func(tx *store.Tx) error {
		if err := alive(tx, a); err != nil {
			return err
		}
		all, def, err := tx.Rules(a.ID)
		if err != nil {
			return err
		}
		blocked := make(map[string]bool)
		for _, r := range all[""] {
			blocked[r.Value] = true
		}
		edit(blocked)
		if len(blocked) > maxRules {
			return stanza.ResourceConstraint
		}
		var rules []store.Rule
		for _, value := range slices.Sorted(maps.Keys(blocked)) {
			rules = append(rules, store.Rule{Order: int64(len(rules)), Type: "jid", Value: value})
		}
		all[""] = rules
		next = m.lists(all, def)
		return tx.SetRules(a.ID, "", rules)
	})
	p.Committed(func() {
		was = b.now.Swap(next)
		push := blockingItems(verb, jids)
		for _, s := range a.Sessions() {
			if s.Blocklist.Load() {
				pushSet(s, push)
			}
		}
	})
	p.Then(func(ctx context.Context) { m.show(ctx, a, was.blocks(), next.blocks()) })
	p.Result("")
	return nil
}

// show makes the account appear offline to whom it has blocked, and as it is
// to whom it blocks no longer (XEP-0191 sections 3.3, User Blocks JID, and 3.4,
// User Unblocks JID).
func (m *Blocking) show(ctx context.Context, a *router.Account, was, now *ruleList) {
	if m.host.Presences == nil {
		return
	}
	for j := range now.jids {
		if _, ok := was.jids[j]; !ok {
			m.host.Presences.Withdraw(ctx, a, j)
		}
	}
	for j := range was.jids {
		if !now.names(j) {
			m.host.Presences.Announce(ctx, a, j)
		}
	}
}

// blockingJIDs reads the items of a request.
func blockingJIDs(p *router.Packet) (jids []stanza.JID, err error) {
	for _, item := range p.Payload().Children {
		if item.Name != "item" || item.NS != nsBlocking {
			continue
		}
		j, err := stanza.ParseJID(item.Attr("jid"))
		if err != nil {
			return nil, stanza.JIDMalformed
		}
		if j.Bare() == p.Account.JID {
			return nil, stanza.NotAllowed // nobody can be offline to oneself
		}
		jids = append(jids, j)
	}
	return jids, nil
}

// blockingItems is an element with these addresses.
func blockingItems(name string, jids []stanza.JID) string {
	var b stanza.Builder
	b.Start(name, nsBlocking)
	for _, j := range jids {
		b.Start("item", "", "jid", j.String()).End()
	}
	return b.End().String()
}

// pushSet tells a session of a change. What it answers goes unheard.
func pushSet(s *router.Session, payload string) {
	var b stanza.Builder
	b.Start("iq", "", "to", s.JID.String(), "type", "set", "id", "push"+rand.Text())
	s.Push(b.Raw(payload).End().Stanza())
}
