package xep

import (
	"context"
	"slices"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// lists are an account's rules at one moment. They do not change. A nil lists
// has none.
type lists struct {
	blocked *ruleList            // the blocklist, never nil
	named   map[string]*ruleList // privacy lists
	def     string               // name of the default list, "" for none
}

// lists makes rules ready.
func (m *Blocking) lists(all map[string][]store.Rule, def string) *lists {
	l := &lists{blocked: compile(all[""]), named: make(map[string]*ruleList), def: def}
	for name, rules := range all {
		// Lists made while they were offered do not rule in secret.
		if name != "" && m.privacy {
			l.named[name] = compile(rules)
		}
	}
	if len(l.blocked.rules)+len(l.named) == 0 {
		return nil
	}
	return l
}

// blocks is the blocklist.
func (l *lists) blocks() *ruleList {
	if l == nil {
		return new(ruleList)
	}
	return l.blocked
}

// inForce is the privacy list that applies to a session, or, with nil, to an
// account without sessions: the active list, else the default list (XEP-0016
// section 2.2, Business Rules, rules 1 and 2).
func (l *lists) inForce(s *router.Session) *ruleList {
	if l == nil {
		return nil
	}
	if s != nil {
		if name := s.ActiveList.Load(); name != nil {
			return l.named[*name]
		}
	}
	return l.named[l.def]
}

// deniedByAll says whether the privacy lists let the stanza to none of the
// sessions it is for.
func (l *lists) deniedByAll(q *query, targets []*router.Session) (bool, error) {
	if len(targets) == 0 {
		return l.inForce(nil).denies(q)
	}
	for _, s := range targets {
		if denied, err := l.inForce(s).denies(q); !denied || err != nil {
			return false, err
		}
	}
	return true, nil
}

// ruleList is one list of rules, made ready for evaluation: a blocklist
// (XEP-0191) or a privacy list (XEP-0016). It does not change. A nil list
// allows everything.
type ruleList struct {
	rules []rule                  // ascending by order (XEP-0016 section 2.2, Business Rules, rule 5)
	jids  map[stanza.JID]struct{} // that rules of type jid name
	plain bool                    // there are only rules of type jid
}

type rule struct {
	store.Rule
	jid stanza.JID
}

// compile makes a list ready. A rule whose address is none any more is left out.
func compile(rules []store.Rule) *ruleList {
	l := &ruleList{jids: make(map[stanza.JID]struct{}), plain: true}
	for _, r := range rules {
		one := rule{Rule: r}
		if r.Type == "jid" {
			jid, err := stanza.ParseJID(r.Value)
			if err != nil {
				continue
			}
			one.jid = jid
			l.jids[jid] = struct{}{}
		}
		l.plain = l.plain && r.Type == "jid"
		l.rules = append(l.rules, one)
	}
	return l
}

// query asks about one stanza.
type query struct {
	ctx      context.Context
	contacts Contacts
	account  *router.Account
	jid      stanza.JID  // the other end
	kind     store.Kinds // 0: only rules for all kinds concern it
}

// denies says whether the list keeps the stanza back. The first rule that fits
// decides; if none does, it is allowed (XEP-0016 section 2.2, Business Rules,
// rules 6 and 7).
func (l *ruleList) denies(q *query) (bool, error) {
	if l == nil || l.plain && !l.names(q.jid) {
		return false, nil
	}
	for i := range l.rules {
		r := &l.rules[i]
		if r.Kinds != 0 && r.Kinds&q.kind == 0 {
			continue
		}
		if fits, err := r.fits(q); fits || err != nil {
			return !r.Allow, err
		}
	}
	return false, nil
}

// names says whether a rule of type jid fits the address.
func (l *ruleList) names(j stanza.JID) bool {
	if len(l.jids) == 0 {
		return false
	}
	for _, j := range [...]stanza.JID{j, j.Bare(), j.Host()} {
		if _, ok := l.jids[j]; ok {
			return true
		}
	}
	return false
}

// fits says whether the rule is about the other end (XEP-0016 section 2.1,
// Syntax and Semantics).
func (r *rule) fits(q *query) (bool, error) {
	switch r.Type {
	case "jid":
		// user@domain/resource, user@domain, domain/resource, domain
		// (XEP-0191 section 6, JID Matching)
		return r.jid == q.jid || r.jid == q.jid.Bare() || r.jid == q.jid.Host(), nil
	case "group":
		groups, err := q.contacts.Groups(q.ctx, q.account, q.jid.Bare())
		return slices.Contains(groups, r.Value), err
	case "subscription":
		to, from, err := q.contacts.Subscribed(q.ctx, q.account, q.jid.Bare())
		return r.Value == stanza.Subscription(to, from), err
	}
	return true, nil
}

// kindIn is the kind of stanza a rule calls an inbound one. A probe asks for
// outbound presence; presence that manages subscriptions is of no kind
// (XEP-0016 section 2.10, Blocking Inbound Presence Notifications).
func kindIn(st *stanza.Stanza) store.Kinds {
	switch {
	case st.Kind == stanza.Message:
		return store.KindMessage
	case st.Kind == stanza.IQ:
		return store.KindIQ
	case st.Type == "" || st.Type == "unavailable":
		return store.KindPresenceIn
	case st.Type == "probe":
		return store.KindPresenceOut
	}
	return 0
}

// kindOut is the same for an outbound one: only presence has a kind, the
// others concern rules for all kinds (XEP-0016 section 2.13, Blocking All
// Communication).
func kindOut(st *stanza.Stanza) store.Kinds {
	if st.Kind == stanza.Presence && (st.Type == "" || st.Type == "unavailable") {
		return store.KindPresenceOut
	}
	return 0
}
