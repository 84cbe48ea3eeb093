package archive

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// NodeOffline is the namespace of XEP-0013 (Flexible Offline Message
// Retrieval), and the service discovery node of an account's own address under
// which its messages are found (section 6.3, Well-Known Service Discovery Nodes).
const NodeOffline = "http://jabber.org/protocol/offline"

const (
	nsDiscoInfo  = "http://jabber.org/protocol/disco#info"
	nsDiscoItems = "http://jabber.org/protocol/disco#items"
	nsData       = "jabber:x:data"
)

// request is what a client asked to see.
type request struct {
	iq  *stanza.Stanza
	ids []int64 // ascending; nil for all
}

// node is the id of a row as its discovery node: dictionary order is the order
// of the rows (XEP-0013 section 2.3, Requesting Message Headers).
func node(id int64) string { return fmt.Sprintf("%019d", id) }

// offlineItem says which row a message is (XEP-0013 section 2.4, Retrieving
// Specific Messages).
func offlineItem(id int64) string {
	var b stanza.Builder
	b.Start("offline", NodeOffline).Elem("item", "", "", "node", node(id)).End()
	return b.String()
}

// own lets in only the account's own sessions (XEP-0013 section 4, Security
// Considerations), which from now on look through the messages themselves.
func (m *Archive) own(ctx context.Context, p *router.Packet) (*inbox, error) {
	if p.Sender == nil || p.Sender.Account != p.Account {
		return nil, stanza.Forbidden
	}
	if err := m.db.Sync(ctx); err != nil { // that one was taken is written late
		return nil, err
	}
	return m.inbox.Get(ctx, p.Account)
}

// reads says that a session looks through the messages: neither it nor a
// second one is sent all of them at its first presence (XEP-0013 section 2.2,
// Requesting Number of Messages).
func (b *inbox) reads(s *router.Session) {
	b.mu.Lock()
	put(&b.readers, s, true)
	b.mu.Unlock()
}

// DiscoInfo is the answer to disco#info at NodeOffline of the account's own
// address: how many messages there are (XEP-0013 section 2.2, Requesting
// Number of Messages).
func (m *Archive) DiscoInfo(ctx context.Context, p *router.Packet) (string, error) {
	box, err := m.own(ctx, p)
	if err != nil {
		return "", err
	}
	box.reads(p.Sender)
	n, err := m.db.MissedCount(ctx, p.Account.ID)
	if err != nil {
		return "", err
	}
	var b stanza.Builder
	b.Start("query", nsDiscoInfo, "node", NodeOffline)
	b.Start("identity", "", "category", "automation", "type", "message-list").End()
	b.Start("feature", "", "var", NodeOffline).End()
	b.Start("x", nsData, "type", "result")
	b.Start("field", "", "var", "FORM_TYPE", "type", "hidden").Elem("value", "", NodeOffline).End()
	b.Start("field", "", "var", "number_of_messages").Elem("value", "", strconv.Itoa(n)).End()
	return b.End().End().String(), nil
}

// DiscoItems is the answer to disco#items at NodeOffline of the account's own
// address: who sent each message (XEP-0013 section 2.3, Requesting Message
// Headers).
func (m *Archive) DiscoItems(ctx context.Context, p *router.Packet) (string, error) {
	box, err := m.own(ctx, p)
	if err != nil {
		return "", err
	}
	box.reads(p.Sender)
	var b stanza.Builder
	b.Start("query", nsDiscoItems, "node", NodeOffline)
	for last := int64(0); ; {
		rows, err := m.db.Missed(ctx, p.Account.ID, last, page)
		if err != nil {
			return "", err
		}
		if len(rows) == 0 {
			return b.End().String(), nil
		}
		for _, row := range rows {
			b.Start("item", "", "jid", p.Account.JID.String(), "node", node(row.ID), "name", row.From)
			b.End()
			last = row.ID
		}
	}
}

// view sends the messages that are asked for, which stay where they are
// (XEP-0013 sections 2.4, Retrieving Specific Messages, and 2.6, Retrieving
// All Messages).
func (m *Archive) view(ctx context.Context, p *router.Packet) error {
	box, err := m.own(ctx, p)
	if err != nil {
		return err
	}
	r := &request{iq: p.Stanza}
	if p.Payload().Child("", "fetch") == nil {
		if r.ids, err = nodes(p.Payload(), "view"); err != nil {
			return err
		}
		for _, id := range r.ids {
			if _, err := row(ctx, m.db, p.Account.ID, id); err != nil {
				return err
			}
		}
	}
	box.reads(p.Sender)
	// The result comes behind the messages, however long they take.
	m.pump(ctx, &feed{box: box, session: p.Sender, request: r, busy: true})
	return router.Handled
}

// remove clears the messages that are named, or all (XEP-0013 sections 2.5,
// Removing Specific Messages, and 2.7, Removing All Messages).
func (m *Archive) remove(ctx context.Context, p *router.Packet) error {
	if _, err := m.own(ctx, p); err != nil {
		return err
	}
	account := p.Account.ID
	if p.Payload().Child("", "purge") != nil {
		p.Write(func(tx *store.Tx) error { return tx.TakenUpTo(account, math.MaxInt64, nil) })
		p.Result("")
		return nil
	}
	ids, err := nodes(p.Payload(), "remove")
	if err != nil {
		return err
	}
	p.Write(func(tx *store.Tx) error {
		n, err := tx.Taken(account, ids...)
		if err == nil && n < len(ids) {
			return stanza.ItemNotFound // and none of the others goes
		}
		return err
	})
	p.Result("")
	return nil
}

// nodes reads the items of a request, all of which have the same action.
func nodes(payload *stanza.Element, action string) (ids []int64, err error) {
	for _, item := range payload.Children {
		if item.Name != "item" || item.NS != NodeOffline || item.Attr("action") != action {
			return nil, stanza.BadRequest
		}
		id, err := strconv.ParseInt(item.Attr("node"), 10, 64)
		if err != nil || node(id) != item.Attr("node") {
			return nil, stanza.ItemNotFound
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, stanza.BadRequest
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// row reads one message that is owed.
func row(ctx context.Context, db *store.DB, account, id int64) (store.Message, error) {
	rows, err := db.Missed(ctx, account, id-1, 1)
	if err == nil && (len(rows) == 0 || rows[0].ID != id) {
		err = stanza.ItemNotFound
	}
	if err != nil {
		return store.Message{}, err
	}
	return rows[0], nil
}

// read gets the next messages of a request behind the last. One that was
// removed in the meantime is left out.
func (r *request) read(ctx context.Context, db *store.DB, account, last int64) (
	[]store.Message, error) {
	if r.ids == nil {
		return db.Missed(ctx, account, last, page)
	}
	i, _ := slices.BinarySearch(r.ids, last+1)
	for _, id := range r.ids[i:] {
		found, err := row(ctx, db, account, id)
		if err == nil {
			return []store.Message{found}, nil
		}
		if !errors.Is(err, stanza.ItemNotFound) {
			return nil, err
		}
	}
	return nil, nil
}

// answer ends a request when all has been sent.
func (r *request) answer(s *router.Session, err error) {
	st := r.iq.Result("")
	if err != nil {
		st = r.iq.ErrorReply(stanza.InternalServerError)
	}
	var e stanza.Edits
	e.Set("to", s.JID.String())
	e.Set("from", s.Account.JID.String())
	s.PushWith(st, &e)
}
