package roster

import "parley/store"

// effect is what a subscription stanza does to one item.
type effect struct {
	before, item store.RosterItem
	pass         bool   // it is routed (outbound) or delivered (inbound)
	answer       string // inbound: what is sent back on the user's behalf, if anything
}

// sent is the effect of a stanza that the user sends to the contact: appendix
// A.2, and what section 3.4 adds for approvals in advance.
func sent(typ string, i store.RosterItem) effect {
	row := outbound(typ)[stateOf(&i)]
	e := effect{before: i, item: i, pass: row.pass}
	setState(&e.item, row.next, "")
	switch typ {
	case subscribe:
		e.item.Listed = i.Listed || e.item.Ask
	case subscribed:
		if !row.pass && !i.From {
			// RFC 6121 section 3.4.2, Server Processing of Subscription
			// Pre-Approval, cases 3 and 4: noted, listed, not routed.
			e.item.Approved = true
		}
		e.item.Listed = i.Listed || e.item.From || e.item.Approved
	case unsubscribed:
		// RFC 6121 section 3.2.2, Server Processing of Outbound Subscription
		// Cancellation: an approval in advance is taken back, too.
		e.item.Approved = false
	}
	return e
}

// received is the effect of a stanza that the contact sends to the user:
// appendix A.3, and what sections 3.1.3 and 3.4.2 have the server answer on the
// user's behalf. request is the stanza to keep.
func received(typ string, i store.RosterItem, request string) effect {
	row := inbound(typ)[stateOf(&i)]
	e := effect{before: i, item: i, pass: row.pass}
	switch {
	case typ == subscribe && i.From:
		e.answer = subscribed
	case typ == subscribe && i.Approved:
		approve(&e)
		return e
	case typ == unsubscribe && row.pass:
		e.answer = unsubscribed
	}
	setState(&e.item, row.next, request)
	return e
}

// approve answers a request that the user has approved in advance. The approval
// is used up: whoever unsubscribes later has to ask again (RFC 6121 section
// 3.4.2 leaves it to the server to keep a record).
func approve(e *effect) {
	e.pass, e.answer = false, subscribed
	e.item.From, e.item.Pending, e.item.Approved = true, "", false
}

// changed says whether there is anything to write.
func (e *effect) changed() bool {
	return e.visible() || e.before.Pending != e.item.Pending
}

// visible says whether clients see a difference. A request that waits is not
// part of the roster they see (RFC 6121 appendix A.1, Defined States).
func (e *effect) visible() bool {
	a, b := &e.before, &e.item
	return a.To != b.To || a.From != b.From || a.Ask != b.Ask ||
		a.Approved != b.Approved || a.Listed != b.Listed
}
