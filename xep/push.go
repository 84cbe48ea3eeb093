package xep

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

const (
	nsPush           = "urn:xmpp:push:0"
	nsPubSub         = "http://jabber.org/protocol/pubsub"
	nsPublishOptions = nsPubSub + "#publish-options"
)

// What bounds push services.
const (
	maxPushes      = 20          // nodes of one account
	maxPushOptions = 4096        // bytes of one node's options
	pushAgain      = time.Minute // until a client that has been woken is woken again
	pushTimeout    = 2 * time.Minute
	maxPushErrors  = 5 // in a row
)

// Push implements XEP-0357: Push Notifications. A client that is not connected,
// or has lost its connection or said that it is inactive, is woken by its push
// service when there is something that its user would be shown: once, until it
// has been back or a minute has passed. Neither text nor sender is told.
type Push struct {
	host  *router.Host
	lists *router.Slot[*pushes]
}

// pushes are an account's nodes of push services.
type pushes struct {
	mu   sync.Mutex
	list []*pushNode
}

// pushNode is one of them. All but the first three fields are lost at a restart:
// then clients are woken once more than necessary.
type pushNode struct {
	jid     stanza.JID
	node    string
	options string // XML

	session *router.Session // of the client that named it, nil if it is gone
	woken   time.Time       // when it was last woken and has not been back since
	count   int             // messages since it was last there
	errors  int             // in a row
}

var _ router.Module = (*Push)(nil)

// Register implements router.Module.
func (m *Push) Register(h *router.Host) {
	m.host = h
	m.lists = router.NewSlot(h.Router, m.load)
	h.Feature(router.ToAccount, nsPush)
	h.HandleIQ("set", nsPush, "enable", router.ToSelf, m.enable)
	h.HandleIQ("set", nsPush, "disable", router.ToSelf, m.disable)
	h.On(router.After, router.OfMessage|router.OfPresence, "push", m.after)
	h.On(router.Record, router.OfMessage, "push", m.revoked)
	h.OnDetach(m.detached)
	h.OnPark("push", m.parked, m.restored)
	h.OnUnbind(m.unbound)
	h.OnDelete(nil, (*store.Tx).DeletePushes)
}

func (m *Push) load(ctx context.Context, a *router.Account) (*pushes, error) {
	rows, err := m.host.Router.Store.Pushes(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	l := new(pushes)
	for _, row := range rows {
		jid, err := stanza.ParseJID(row.JID)
		if err != nil {
			return nil, err
		}
		l.list = append(l.list, &pushNode{jid: jid, node: row.Node, options: row.Options})
	}
	return l, nil
}

// enable adds a node or replaces its options (XEP-0357 section 5, Enabling
// Notifications).
func (m *Push) enable(ctx context.Context, p *router.Packet) error {
	q := p.Payload()
	jid, err := stanza.ParseJID(q.Attr("jid"))
	if err != nil || q.Attr("jid") == "" {
		return stanza.JIDMalformed
	}
	n := &pushNode{jid: jid.Clone(), node: strings.Clone(q.Attr("node")), session: p.Sender}
	if x := q.Child(form.NS, "x"); x != nil {
		if form.Fields(x).One("FORM_TYPE") != nsPublishOptions {
			return stanza.BadRequest
		}
		n.options = strings.Clone(x.Standalone())
	}
	if len(n.options) > maxPushOptions || len(n.node) > 1024 {
		return stanza.ResourceConstraint
	}
	l, err := m.lists.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	if !l.room(n) {
		return stanza.ResourceConstraint.WithText("This account has too many push services.")
	}
	account := p.Account.ID
	p.Write(func(tx *store.Tx) error {
		return tx.SetPush(account, store.Push{JID: n.jid.String(), Node: n.node, Options: n.options})
	})
	p.Committed(func() { l.set(n) })
	p.Result("")
	return nil
}

// disable removes one node, or all of a service (XEP-0357 section 6, Disabling
// Notifications).
func (m *Push) disable(ctx context.Context, p *router.Packet) error {
	q := p.Payload()
	jid, err := stanza.ParseJID(q.Attr("jid"))
	if err != nil || q.Attr("jid") == "" {
		return stanza.JIDMalformed
	}
	l, err := m.lists.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	node, all := q.Attr("node"), true
	for _, a := range q.Attrs {
		all = all && (a.NS != "" || a.Name != "node")
	}
	gone := l.find(func(n *pushNode) bool { return n.jid == jid && (all || n.node == node) })
	account := p.Account.ID
	p.Write(func(tx *store.Tx) error { return removePushes(tx, account, gone) })
	p.Committed(func() { l.remove(gone) })
	p.Result("")
	return nil
}

func removePushes(tx *store.Tx, account int64, gone []*pushNode) error {
	for _, n := range gone {
		if err := tx.RemovePush(account, n.jid.String(), n.node); err != nil {
			return err
		}
	}
	return nil
}

// revoked is told that a service wants no more pushes (XEP-0357 section 8,
// Remote Disabling of Notifications).
func (m *Push) revoked(ctx context.Context, p *router.Packet) error {
	c, ok := p.Stanza.Child(nsPubSub, "pubsub")
	if !ok || p.Side != router.Receiving {
		return nil
	}
	q := p.Stanza.Element(c)
	a := q.Child("", "affiliation")
	if a.Attr("affiliation") != "none" || a.Attr("jid") != p.Account.JID.String() {
		return nil
	}
	l, err := m.lists.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	gone := l.find(func(n *pushNode) bool { return n.jid == p.From && n.node == q.Attr("node") })
	if len(gone) == 0 {
		return nil
	}
	account := p.Account.ID
	p.Write(func(tx *store.Tx) error { return removePushes(tx, account, gone) })
	p.Committed(func() { l.remove(gone) })
	return router.Handled // it was for us
}

// after wakes those who are not there to see what has come.
func (m *Push) after(ctx context.Context, p *router.Packet) error {
	if p.Side == router.Receiving && shown(p) {
		return m.Wake(ctx, p.Account)
	}
	return nil
}

// Wake tells the clients of an account that are not there that there is
// something to see.
func (m *Push) Wake(ctx context.Context, a *router.Account) error {
	l, err := m.lists.Get(ctx, a)
	if err != nil {
		return err
	}
	for _, wake := range l.wake(time.Now()) {
		m.publish(a, l, wake.node, wake.count)
	}
	return nil
}

// detached is told of a client whose connection has broken: what it may not have
// got is a reason to wake it.
func (m *Push) detached(ctx context.Context, s *router.Session, owed []*router.Packet) {
	l, err := m.lists.Get(ctx, s.Account)
	if err != nil {
		return
	}
	l.away(s)
	if slices.ContainsFunc(owed, shown) {
		_ = m.Wake(ctx, s.Account)
	}
}

// unbound is told of a session that has ended: its client is still to be woken.
func (m *Push) unbound(_ context.Context, s *router.Session) {
	if l, ok := m.lists.Peek(s.Account); ok {
		l.away(s)
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, n := range l.list {
			if n.session == s {
				n.session = nil
			}
		}
	}
}

// publish wakes one client (XEP-0357 section 7, Publishing Notifications).
func (m *Push) publish(a *router.Account, l *pushes, n pushNode, count int) {
	var b stanza.Builder
	b.Start("iq", "", "type", "set", "id", "push", "from", a.JID.String(), "to", n.jid.String())
	b.Start("pubsub", nsPubSub).Start("publish", "", "node", n.node).Start("item", "")
	b.Start("notification", nsPush).Raw(form.XML("submit", "", "urn:xmpp:push:summary",
		form.Field{Var: "message-count", Values: []string{strconv.Itoa(count)}}))
	b.End().End().End()
	if n.options != "" {
		b.Start("publish-options", "").Raw(n.options).End()
	}
	st, err := stanza.Parse(b.End().End().String())
	if err != nil {
		return // the options are too deep to be put into anything
	}
	m.host.Go("push", func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, pushTimeout)
		answered := make(chan struct{})
		m.host.Router.Request(ctx, st, func(answer *stanza.Stanza) {
			defer close(answered)
			m.outcome(a, l, n, answer)
		})
		<-answered
		cancel()
	})
}

// outcome learns from the answer of a service whether to go on with it (XEP-0357
// section 7.1, Publish Errors).
func (m *Push) outcome(a *router.Account, l *pushes, n pushNode, answer *stanza.Stanza) {
	failed := answer == nil || answer.Type == "error"
	final := false
	if answer != nil && failed {
		if e := stanza.ParseError(answer); e != nil {
			switch e.Condition {
			case "item-not-found", "forbidden", "not-authorized", "gone":
				final = true
			}
		}
	}
	gone := l.find(func(have *pushNode) bool { return have.jid == n.jid && have.node == n.node })
	if len(gone) == 0 {
		return
	}
	l.mu.Lock()
	if failed {
		gone[0].errors++
	} else {
		gone[0].errors = 0
	}
	final = final || gone[0].errors >= maxPushErrors
	l.mu.Unlock()
	if !final {
		return
	}
	m.host.Router.Store.Write(func(tx *store.Tx) error { return removePushes(tx, a.ID, gone) },
		func(err error) {
			if err == nil {
				l.remove(gone)
			}
		})
}

// find are the nodes of a kind.
func (l *pushes) find(is func(n *pushNode) bool) (found []*pushNode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.list {
		if is(n) {
			found = append(found, n)
		}
	}
	return found
}

// room says whether a node replaces another or may be added.
func (l *pushes) room(n *pushNode) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.list) < maxPushes || slices.ContainsFunc(l.list, n.same)
}

func (n *pushNode) same(other *pushNode) bool { return n.jid == other.jid && n.node == other.node }

func (l *pushes) set(n *pushNode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(slices.DeleteFunc(l.list, n.same), n)
}

func (l *pushes) remove(gone []*pushNode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(n *pushNode) bool { return slices.Contains(gone, n) })
}

// away notes that a client that was there is so no longer: it may be woken.
func (l *pushes) away(s *router.Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.list {
		if n.session == s {
			n.woken, n.count = time.Time{}, 0
		}
	}
}

// waking is a client to wake.
type waking struct {
	node  pushNode
	count int
}

// wake counts a message for each client and says which are to be woken.
func (l *pushes) wake(now time.Time) (list []waking) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.list {
		// One that has left its account may not have been told to us yet.
		if s := n.session; s != nil && !s.Detached() && s.Account.Session(s.JID.Resource()) == s {
			if !s.Inactive() {
				n.woken, n.count = time.Time{}, 0
				continue
			}
			s.Request() // it may have gone without a word (XEP-0198 section 4, Acks)
		}
		n.count++
		if n.woken.IsZero() || now.Sub(n.woken) >= pushAgain {
			n.woken = now
			list = append(list, waking{*n, n.count})
		}
	}
	return list
}
