package roster

import (
	"context"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// exchange is one subscription stanza on its way from a user to a contact.
// What it changes at both ends, if both are ours, is one commit.
type exchange struct {
	m       *Roster
	p       *router.Packet
	typ     string
	user    *half // the sender, nil if that is no account of ours
	contact *half // the receiver, nil if that is no account of ours

	// What write found out. It may run twice.
	ended bool  // at the user's end: nothing goes to the contact
	back  *half // the user again: what the contact's answer changes
}

// record changes the rosters at both ends (RFC 6121 section 3, Managing
// Presence Subscriptions).
func (m *Roster) record(ctx context.Context, p *router.Packet) (err error) {
	if !managesSubscription(p.Stanza.Type) || again(p) {
		return nil
	}
	if p.Side == router.Receiving && p.Origin == router.Local {
		// Written with the sender's half. To oneself there is none: everybody
		// has their own presence (RFC 6121 section 4.2.2, Server Processing of
		// Outbound Initial Presence).
		return nil
	}
	bare(p)
	x := &exchange{m: m, p: p, typ: p.Stanza.Type}
	if p.Side == router.Sending {
		if x.user, err = m.half(ctx, p.Account, p.To.Bare()); err != nil {
			return err
		}
	}
	if p.Peer != nil {
		if x.contact, err = m.half(ctx, p.Peer, p.From.Bare()); err != nil {
			return err
		}
	}
	p.Write(x.write)
	p.Committed(x.committed)
	p.Then(x.then)
	return nil
}

// again says that this is a kept request that a new resource is shown: the
// server sends it to that resource, and it changes nothing.
func again(p *router.Packet) bool { return p.Origin == router.Server && p.To.IsFull() }

// bare stamps what comes from elsewhere with bare addresses, which its own
// server should have done (RFC 6121 section 3.1.2, Server Processing of
// Outbound Subscription Request).
func bare(p *router.Packet) {
	if p.From.IsFull() {
		p.Edits.Set("from", p.From.Bare().String())
	}
	if p.To.IsFull() {
		p.Edits.Set("to", p.To.Bare().String())
	}
}

// deliver keeps the router from delivering again what committed has given to
// the account's sessions.
func (m *Roster) deliver(_ context.Context, p *router.Packet) error {
	if p.Side == router.Receiving && managesSubscription(p.Stanza.Type) && !again(p) {
		return router.Handled
	}
	return nil
}

// write decides and stores what changes. What the tables do not let through
// ends here.
func (x *exchange) write(tx *store.Tx) error {
	x.ended, x.back = false, nil
	if x.user != nil {
		i, err := x.user.item(tx)
		if err != nil {
			return err
		}
		e := sent(x.typ, i)
		if err := x.user.write(tx, e); err != nil {
			return err
		}
		if x.ended = !e.pass; x.ended {
			x.p.Stop()
			return nil
		}
	}
	if x.contact == nil {
		return nil
	}
	return x.writeContact(tx)
}

// writeContact is the receiver's part of write.
func (x *exchange) writeContact(tx *store.Tx) error {
	i, err := x.contact.item(tx)
	if err != nil {
		return err
	}
	e := received(x.typ, i, x.text())
	if err := x.contact.write(tx, e); err != nil {
		return err
	}
	if e.answer == "" || x.user == nil {
		return nil
	}
	x.back = &half{account: x.user.account, book: x.user.book, contact: x.user.contact}
	if i, err = x.back.item(tx); err != nil {
		return err
	}
	return x.back.write(tx, received(e.answer, i, ""))
}

// text is the stanza as it is kept until the user answers: complete, whatever
// else it contains (RFC 6121 section 3.1.3, Server Processing of Inbound
// Subscription Request).
func (x *exchange) text() string {
	if x.typ != subscribe {
		return ""
	}
	e := x.p.Edits
	e.Set("from", x.p.From.Bare().String())
	e.Set("to", x.p.To.Bare().String())
	return string(x.p.Stanza.Append(nil, &e, stanza.Out{XMLNS: true}))
}

// committed makes known what was written: the stanza goes before the push that
// it causes (RFC 6121 sections 3.1.6, 3.2.3 and 3.3.3, Server Processing of
// Inbound Subscription Approval, Cancellation and Unsubscribe), and
// "unavailable" before "unsubscribed" (section 3.2.2).
func (x *exchange) committed() {
	if x.user != nil {
		x.user.publish()
	}
	if x.contact == nil || x.ended {
		return
	}
	if x.cancels() {
		x.user.withdrawFrom(x.contact.account)
	}
	if x.contact.effect.pass {
		x.contact.deliver(x.p)
	}
	x.contact.publish()
	if x.back != nil {
		x.back.answered(x.contact.effect.answer)
		x.back.publish()
	}
}

// cancels says whether the user takes back a subscription that there was.
func (x *exchange) cancels() bool {
	return x.user != nil && x.typ == unsubscribed && x.user.effect.before.From
}

// then sends what follows from the change and is not for the account itself.
func (x *exchange) then(ctx context.Context) {
	switch {
	case x.ended:
		return
	case x.contact == nil:
		if x.cancels() {
			x.user.withdraw(ctx)
		}
		return
	}
	e := &x.contact.effect
	if x.typ == unsubscribe && e.before.From {
		// RFC 6121 section 3.3.3, step 3
		x.contact.withdraw(ctx)
	}
	if e.answer != "" && x.user == nil && x.p.Origin != router.Server {
		x.m.router.Route(ctx, x.contact.stanza(e.answer))
	}
	if e.answer == subscribed {
		x.contact.announce(ctx)
	}
}

// approved sends the user's presence to the contact behind the approval
// (RFC 6121 section 3.1.5, Server Processing of Outbound Subscription Approval).
func (m *Roster) approved(ctx context.Context, p *router.Packet) error {
	if p.Side == router.Sending && p.Stanza.Type == subscribed && p.Account.JID != p.To {
		h := half{account: p.Account, contact: p.To.Bare()}
		h.announce(ctx)
	}
	return nil
}
