package xep

import (
	"context"
	"maps"
	"slices"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// nsPrivacy is the namespace of XEP-0016 (Privacy Lists).
const nsPrivacy = "jabber:iq:privacy"

// maxLists is how many privacy lists an account may have.
const maxLists = 50

// registerPrivacy registers the second face of Blocking.
func (m *Blocking) registerPrivacy() {
	m.host.Feature(router.ToHost, nsPrivacy)
	m.host.HandleIQ("get", nsPrivacy, "query", router.ToSelf, m.getPrivacy)
	m.host.HandleIQ("set", nsPrivacy, "query", router.ToSelf, m.setPrivacy)
}

// getPrivacy answers with the names of the lists, or with the one that is
// asked for (XEP-0016 section 2.3, Retrieving One's Privacy Lists).
func (m *Blocking) getPrivacy(ctx context.Context, p *router.Packet) error {
	all, def, err := m.host.Router.Store.Rules(ctx, p.Account.ID)
	if err != nil {
		return err
	}
	var b stanza.Builder
	b.Start("query", nsPrivacy)
	asked := p.Payload().Children
	switch {
	case len(asked) == 0:
		writeNames(&b, p.Sender, all, def)
	case len(asked) > 1 || asked[0].Name != "list" || asked[0].NS != nsPrivacy:
		return stanza.BadRequest
	default:
		name := asked[0].Attr("name")
		if name == "" || all[name] == nil {
			return stanza.ItemNotFound
		}
		b.Start("list", "", "name", name)
		for _, r := range all[name] {
			writeRule(&b, r)
		}
		b.End()
	}
	p.Result(b.End().String())
	return nil
}

// writeNames writes the names of all lists behind those in use.
func writeNames(b *stanza.Builder, s *router.Session, all map[string][]store.Rule, def string) {
	if active := s.ActiveList.Load(); active != nil {
		b.Start("active", "", "name", *active).End()
	}
	if def != "" {
		b.Start("default", "", "name", def).End()
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name != "" {
			b.Start("list", "", "name", name).End()
		}
	}
}

// setPrivacy does one of the three things a set may hold (XEP-0016 section
// 2.1, Syntax and Semantics).
func (m *Blocking) setPrivacy(ctx context.Context, p *router.Packet) error {
	asked := p.Payload().Children
	if len(asked) != 1 || asked[0].NS != nsPrivacy {
		return stanza.BadRequest
	}
	b, err := m.books.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	c := &privacyChange{m: m, p: p, session: p.Sender, book: b}
	c.name = asked[0].Attr("name")
	switch asked[0].Name {
	case "active":
		return c.run(c.setActive)
	case "default":
		return c.run(c.setDefault)
	case "list":
		if c.rules, err = m.readRules(ctx, p.Account, asked[0]); err != nil {
			return err
		}
		return c.run(c.setList)
	}
	return stanza.BadRequest
}

// privacyChange is one set on its way to the disk.
type privacyChange struct {
	m       *Blocking
	p       *router.Packet
	session *router.Session
	book    *book

	name  string // of the list, "" to decline the use of any
	rules []store.Rule

	active *string // becomes the session's active list
	push   string  // name of the list that all sessions are told of
}

// run makes the change by fn, which finds the lists as they are then and
// changes def or what is stored. It is in force before the result goes out
// (XEP-0016 section 2.4, Managing Active Lists).
func (c *privacyChange) run(fn func(tx *store.Tx, all map[string][]store.Rule, def *string) error) error {
	account := c.p.Account
	var was, next *lists
	c.p.Write(func(tx *store.Tx) error {
		c.active, c.push = c.session.ActiveList.Load(), ""
		if err := alive(tx, account); err != nil {
			return err
		}
		all, def, err := tx.Rules(account.ID)
		if err != nil {
			return err
		}
		old := def
		if err := fn(tx, all, &def); err != nil {
			return err
		}
		next = c.m.lists(all, def)
		if def == old {
			return nil
		}
		return tx.SetDefaultRules(account.ID, def)
	})
	before := make(map[*router.Session]*ruleList)
	c.p.Committed(func() {
		was = c.book.now.Load()
		for _, s := range account.Sessions() {
			before[s] = was.inForce(s)
		}
		c.book.now.Store(next)
		c.session.ActiveList.Store(c.active)
		if c.push == "" {
			return
		}
		// XEP-0016 section 2.2, Business Rules, rule 10
		var b stanza.Builder
		b.Start("query", nsPrivacy).Start("list", "", "name", c.push).End().End()
		for _, s := range account.Sessions() {
			pushSet(s, b.String())
		}
	})
	c.p.Then(func(ctx context.Context) { c.m.showLists(ctx, account, before, next) })
	c.p.Result("")
	return nil
}

// setActive changes the list of the session that asks (XEP-0016 section 2.4,
// Managing Active Lists).
func (c *privacyChange) setActive(_ *store.Tx, all map[string][]store.Rule, _ *string) error {
	c.active = nil
	if c.name == "" {
		return nil
	}
	if all[c.name] == nil {
		return stanza.ItemNotFound
	}
	c.active = &c.name
	return nil
}

// setDefault changes the list of all sessions without an active one, unless
// another session uses the present one (XEP-0016 section 2.5, Managing the
// Default List).
func (c *privacyChange) setDefault(_ *store.Tx, all map[string][]store.Rule, def *string) error {
	if c.name != "" && all[c.name] == nil {
		return stanza.ItemNotFound
	}
	if *def != "" && *def != c.name && c.others(*def, *def) {
		return stanza.Conflict
	}
	*def = c.name
	return nil
}

// setList replaces or removes a list (XEP-0016 sections 2.6, Editing a Privacy
// List, 2.7, Adding a New Privacy List, and 2.8, Removing a Privacy List).
func (c *privacyChange) setList(tx *store.Tx, all map[string][]store.Rule, def *string) error {
	if c.name == "" {
		return stanza.BadRequest
	}
	account := c.p.Account.ID
	c.push = c.name
	if len(c.rules) > 0 {
		all[c.name] = c.rules
		if tooMany(all) {
			return stanza.ResourceConstraint
		}
		return tx.SetRules(account, c.name, c.rules)
	}
	if all[c.name] == nil {
		return stanza.ItemNotFound
	}
	if c.others(c.name, *def) {
		return stanza.Conflict
	}
	delete(all, c.name)
	if *def == c.name {
		*def = ""
	}
	if c.active != nil && *c.active == c.name {
		c.active = nil
	}
	return tx.SetRules(account, c.name, nil)
}

// others says whether the list applies to a session other than the one that
// asks (XEP-0016 section 2.2, Business Rules, rule 11).
func (c *privacyChange) others(list, def string) bool {
	for _, s := range c.p.Account.Sessions() {
		name := def
		if active := s.ActiveList.Load(); active != nil {
			name = *active
		}
		if s != c.session && name == list {
			return true
		}
	}
	return false
}
