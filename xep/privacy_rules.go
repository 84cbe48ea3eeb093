package xep

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// kindNames are the children of an item, in the order in which they are
// written (XEP-0016 section 2.1, Syntax and Semantics).
var kindNames = [...]struct {
	kind store.Kinds
	name string
}{
	{store.KindMessage, "message"},
	{store.KindIQ, "iq"},
	{store.KindPresenceIn, "presence-in"},
	{store.KindPresenceOut, "presence-out"},
}

// readRules reads the items of a list, ascending by order.
func (m *Blocking) readRules(ctx context.Context, a *router.Account, list *stanza.Element) (
	[]store.Rule, error) {
	var rules []store.Rule
	orders := make(map[int64]bool)
	for _, item := range list.Children {
		r, err := readRule(item)
		if err != nil {
			return nil, err
		}
		if orders[r.Order] {
			return nil, stanza.BadRequest // orders are unique
		}
		orders[r.Order] = true
		if err := m.checkGroup(ctx, a, r); err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b store.Rule) int { return cmp.Compare(a.Order, b.Order) })
	return rules, nil
}

// readRule reads one item (XEP-0016 section 2.1, Syntax and Semantics).
func readRule(item *stanza.Element) (r store.Rule, err error) {
	order, err := strconv.ParseUint(item.Attr("order"), 10, 32)
	action := item.Attr("action")
	if err != nil || item.Name != "item" || action != "allow" && action != "deny" {
		return r, stanza.BadRequest
	}
	r = store.Rule{
		Order: int64(order), Type: item.Attr("type"), Value: item.Attr("value"),
		Allow: action == "allow",
	}
	for _, child := range item.Children {
		for _, k := range kindNames {
			if child.Name == k.name {
				r.Kinds |= k.kind
			}
		}
	}
	switch r.Type {
	case "jid":
		j, err := stanza.ParseJID(r.Value)
		if err != nil {
			return r, stanza.JIDMalformed
		}
		r.Value = j.String()
	case "subscription":
		if !stanza.IsSubscription(r.Value) {
			return r, stanza.BadRequest
		}
	case "", "group":
	default:
		return r, stanza.BadRequest
	}
	return r, nil
}

// checkGroup refuses rules about a group that is not in the roster (the same section).
func (m *Blocking) checkGroup(ctx context.Context, a *router.Account, r store.Rule) error {
	if r.Type != "group" {
		return nil
	}
	known, err := m.contacts.HasGroup(ctx, a, r.Value)
	if err == nil && !known {
		return stanza.ItemNotFound
	}
	return err
}

// writeRule writes an item.
func writeRule(b *stanza.Builder, r store.Rule) {
	action := "deny"
	if r.Allow {
		action = "allow"
	}
	b.Start("item", "", "type", r.Type, "value", r.Value, "action", action,
		"order", strconv.FormatInt(r.Order, 10))
	for _, k := range kindNames {
		if r.Kinds&k.kind != 0 {
			b.Start(k.name, "").End()
		}
	}
	b.End()
}

// tooMany says whether this is more than an account may store.
func tooMany(all map[string][]store.Rule) bool {
	n := 0
	for name, rules := range all {
		if name != "" {
			n += len(rules)
		}
	}
	return n > maxRules || len(all) > maxLists
}
