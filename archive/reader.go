package archive

import (
	"context"
	"errors"
	"time"

	"parley/internal/form"
	"parley/internal/rsm"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

const nsForward = "urn:xmpp:forward:0" // XEP-0297

// Reader answers queries of archives, those of accounts and those of rooms.
type Reader struct {
	router *router.Router
	db     *store.DB
}

// NewReader makes a reader.
func NewReader(r *router.Router) *Reader { return &Reader{r, r.Store} }

// Box is an archive as the one who asks may see it. That he may is for the
// caller to know (XEP-0313 section 8.1, Data privacy).
type Box struct {
	Owner int64      // account, or minus the id of a room
	JID   stanza.JID // address of the archive

	// Show is the message as the one who asks sees it; "" if he sees nothing
	// but that there was one. nil: as it is stored.
	Show func(m store.Message) string
	// With, if set, makes of the address asked for the one that messages were
	// stored with; the error is a *stanza.Error.
	With func(stanza.JID) (stanza.JID, error)
	// Nicks says that this is a room's archive: the resource of what messages
	// were stored with is their author's nickname.
	Nicks bool
	// Groupchat says that the field include-groupchat is understood.
	Groupchat bool
}

// Query answers an iq of type set with a <query/>: with messages, and behind
// them the result (XEP-0313 section 4.2, Query results). All are replies to p.
func (r *Reader) Query(ctx context.Context, p *router.Packet, box Box) error {
	a, err := r.read(ctx, p.Payload(), &box)
	if err != nil {
		return err
	}
	for _, st := range a.results {
		p.Reply(st)
	}
	p.Result(a.fin)
	return nil
}

// answer is what a query is answered with.
type answer struct {
	page    store.ArchivePage
	results []*stanza.Stanza // messages, in the order of sending
	fin     string
}

func (r *Reader) read(ctx context.Context, e *stanza.Element, box *Box) (*answer, error) {
	q, err := parse(r.db, box, e)
	if err != nil {
		return nil, err
	}
	// A page must leave room in the queue of who asked.
	q.Bytes = r.router.Config().Limits.Queue / 4
	q.Missed = box.Owner > 0
	if q.text != "" {
		// XEP-0431 section 3.2, Results
		if q.Found, err = r.db.Search(ctx, box.Owner, q.text); err != nil {
			return nil, err
		}
		q.Found = append([]int64{}, q.Found...) // nothing found is not no limit
	}
	page, err := r.db.ArchivePage(ctx, box.Owner, q.ArchiveQuery)
	if errors.Is(err, store.ErrNotFound) {
		return nil, stanza.ItemNotFound
	}
	if err != nil {
		return nil, err
	}
	a := &answer{page: page, fin: r.fin(box, q, page)}
	for i := range page.Messages {
		m := page.Messages[i]
		if q.flip { // XEP-0313 section 4.3.4, Flipped pages
			m = page.Messages[len(page.Messages)-1-i]
		}
		st, err := stanza.Parse(r.result(box, q.id, m))
		if err != nil {
			return nil, err
		}
		a.results = append(a.results, st)
	}
	return a, nil
}

// result is one message (XEP-0313 section 4.2, Query results; XEP-0297 section
// 3, Forwarding a stanza).
func (r *Reader) result(box *Box, queryID string, m store.Message) string {
	text := m.Body
	if box.Show != nil {
		text = box.Show(m)
	}
	var b stanza.Builder
	b.Start("message", "")
	b.Start("result", NS, "queryid", queryID, "id", r.db.ArchiveID(box.Owner, m.ID))
	b.Start("forwarded", nsForward)
	b.Start("delay", nsDelay, "stamp", stamp(m.Stamp)).End()
	b.Raw(text)
	return b.End().End().End().String()
}

// stamp is a time as precise as it is kept: who asks for what was there up to
// then gets that message too (XEP-0313 section 4.1.2, Filtering by time
// received).
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// fin is the result of the iq (XEP-0313 section 4.3.2, Requesting pages). How
// many there are is said where that is known without counting.
func (r *Reader) fin(box *Box, q *query, page store.ArchivePage) string {
	a := rsm.Answer{Index: -1, Count: -1}
	n := len(page.Messages)
	if n > 0 {
		a.First = r.db.ArchiveID(box.Owner, page.Messages[0].ID)
		a.Last = r.db.ArchiveID(box.Owner, page.Messages[n-1].ID)
	}
	if q.whole {
		a.Index = 0
	}
	if q.whole && page.Complete {
		a.Count = n
	}
	var b stanza.Builder
	b.Start("fin", NS)
	if page.Complete {
		b.Attr("complete", "true")
	}
	return b.Raw(a.XML()).End().String()
}

// Metadata answers an iq of type get with <metadata/> (XEP-0313 section 5,
// Archive metadata).
func (r *Reader) Metadata(ctx context.Context, p *router.Packet, box Box) error {
	xml, err := r.ends(ctx, box)
	if err == nil {
		p.Result(xml)
	}
	return err
}

// ends says where an archive begins and ends.
func (r *Reader) ends(ctx context.Context, box Box) (string, error) {
	first, last, err := r.db.ArchiveEnds(ctx, box.Owner)
	var b stanza.Builder
	b.Start("metadata", NS)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return "", err
	default:
		r.end(&b, &box, "start", first)
		r.end(&b, &box, "end", last)
	}
	return b.End().String(), nil
}

// end writes one end of an archive.
func (r *Reader) end(b *stanza.Builder, box *Box, name string, m store.Message) {
	b.Start(name, "", "id", r.db.ArchiveID(box.Owner, m.ID), "timestamp", stamp(m.Stamp)).End()
}

// Form answers an iq of type get with a <query/>: what may be asked for
// (XEP-0313 section 4.1.5, Retrieving form fields).
func (r *Reader) Form(p *router.Packet, box Box) error {
	var b stanza.Builder
	b.Start("query", NS).Start("x", form.NS, "type", "form")
	b.Raw(form.Field{Var: "FORM_TYPE", Type: "hidden", Values: []string{NS}}.XML())
	b.Raw(form.Field{Var: "with", Type: "jid-single"}.XML())
	for _, name := range []string{"start", "end", "before-id", "after-id"} {
		b.Raw(form.Field{Var: name, Type: "text-single"}.XML())
	}
	b.Start("field", "", "type", "list-multi", "var", "ids")
	b.Start("validate", "http://jabber.org/protocol/xdata-validate", "datatype", "xs:string")
	b.Start("open", "").End().End().End()
	if r.db.Searches() {
		b.Raw(form.Field{Var: fieldText, Type: "text-single"}.XML())
	}
	if box.Groupchat {
		b.Raw(form.Field{Var: "include-groupchat", Type: "boolean"}.XML())
	}
	p.Result(b.End().End().String())
	return nil
}
