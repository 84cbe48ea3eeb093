package archive

import (
	"strings"
	"time"

	"parley/internal/form"
	"parley/internal/rsm"
	"parley/stanza"
	"parley/store"
)

// NS is the namespace of message archives (XEP-0313: Message Archive
// Management).
const NS = "urn:xmpp:mam:2"

// Features of who has archives (XEP-0313 section 7, Determining support).
var Features = []string{NS, NS + "#extended", nsStanzaID}

// nsText is the feature of archives that can be searched, fieldText the field of
// queries (XEP-0431 sections 2.1, Discovering Support, and 3.1, Querying).
const (
	nsText    = "urn:xmpp:fulltext:0"
	fieldText = "{" + nsText + "}fulltext"
)

const (
	// usualPage is how many messages are sent when nothing is said, mostPage
	// how many at most (XEP-0313 section 4.3.1, Page limits).
	usualPage = 50
	mostPage  = 250
)

// query is what a client asked for.
type query struct {
	id    string // queryid
	flip  bool   // newest first
	whole bool   // no page: what comes is the first part of all there is
	text  string // words to be found; "": no limit
	store.ArchiveQuery
}

// parser reads a query of one archive.
type parser struct {
	db  *store.DB
	box *Box
	q   query
}

// parse reads a query (XEP-0313 section 4, Querying an archive). The error is
// a *stanza.Error.
func parse(db *store.DB, box *Box, e *stanza.Element) (*query, error) {
	if e.Attr("node") != "" {
		return nil, stanza.FeatureNotImplemented // XEP-0313 section 6.1.3, Pubsub archives
	}
	p := parser{db: db, box: box}
	p.q.id = e.Attr("queryid")
	p.q.flip = e.Child(NS, "flip-page") != nil
	if err := p.form(e); err != nil {
		return nil, err
	}
	set, err := rsm.Read(e)
	if err == nil {
		err = p.page(set)
	}
	return &p.q, err
}

// form reads the filters (XEP-0313 section 4.1, Filtering results).
func (p *parser) form(e *stanza.Element) error {
	if e.Child(form.NS, "x") == nil {
		return nil
	}
	values := form.Read(e)
	if values == nil || values.One("FORM_TYPE") != NS {
		return stanza.BadRequest.WithText("the form is none of " + NS)
	}
	for name := range values {
		if err := p.field(name, values); err != nil {
			return err
		}
	}
	return nil
}

// field reads one filter.
func (p *parser) field(name string, values form.Values) (err error) {
	one := values.One(name)
	switch name {
	case "FORM_TYPE":
	case "with":
		err = p.with(one)
	case "start":
		p.q.Start, err = timestamp(one)
	case "end":
		p.q.End, err = timestamp(one)
	case "after-id":
		err = p.after(one)
	case "before-id":
		err = p.before(one)
	case "ids":
		err = p.ids(values.Each(name))
	case "include-groupchat":
		// What is said in rooms is in the archives of rooms (XEP-0313 section
		// 4.1.4, Including groupchat results in a user archive).
	case fieldText:
		if !p.db.Searches() {
			return stanza.FeatureNotImplemented
		}
		p.q.text = one
	default:
		// XEP-0313 section 4.1.5, Retrieving form fields
		err = stanza.FeatureNotImplemented.WithText("unknown field: " + name)
	}
	return err
}

// with reads the address of the other end (XEP-0313 section 4.1.1, Filtering
// by JID). What one wrote to oneself is found whatever the resource.
func (p *parser) with(text string) error {
	j, err := stanza.ParseJID(text)
	switch {
	case err != nil:
		return stanza.BadRequest.WithText("no address: " + text)
	case p.box.Nicks && j.Bare() == p.box.JID:
		p.q.Resource = j.Resource() // without one it is all that was said there
		return nil
	case p.box.With != nil:
		p.q.With, err = p.box.With(j)
		return err
	case j.Bare() == p.box.JID:
		j = j.Bare()
	}
	p.q.With = j
	return nil
}

// timestamp reads a time (XEP-0313 section 4.1.2, Filtering by time received).
func timestamp(text string) (time.Time, error) {
	// The letters are capital ones in XEP-0082 section 3.2, DateTime, but XML
	// Schema's are not always.
	t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
	if err != nil {
		return t, stanza.BadRequest.WithText("no time: " + text)
	}
	if t.IsZero() {
		t = t.Add(1) // which would stand for no time
	}
	return t, nil
}

// after narrows the query to what is behind a message (XEP-0313 section 4.1.3,
// Limiting results by id).
func (p *parser) after(id string) error {
	row, err := p.row(id)
	p.q.After = max(p.q.After, row)
	return err
}

// before narrows the query to what is before a message.
func (p *parser) before(id string) error {
	row, err := p.row(id)
	if p.q.Before == 0 || row < p.q.Before {
		p.q.Before = row
	}
	return err
}

// row is the row of an id that must be in the archive, which is looked up with
// the rest.
func (p *parser) row(id string) (int64, error) {
	row, ok := p.db.ArchiveRow(p.box.Owner, id)
	if !ok {
		return 0, stanza.ItemNotFound
	}
	p.q.Known = append(p.q.Known, row)
	return row, nil
}

// ids reads which messages alone are asked for.
func (p *parser) ids(list []string) error {
	if len(list) > mostPage {
		return stanza.PolicyViolation.WithText("too many ids")
	}
	p.q.IDs = []int64{}
	for _, id := range list {
		row, ok := p.db.ArchiveRow(p.box.Owner, id)
		if !ok {
			return stanza.ItemNotFound
		}
		p.q.IDs = append(p.q.IDs, row)
	}
	return nil
}

// page reads which part is asked for (XEP-0313 section 4.3.2, Requesting pages).
func (p *parser) page(set rsm.Set) (err error) {
	if set.Index >= 0 {
		// Not every list has numbers (XEP-0059 section 2.6, Retrieving a Page
		// Out of Order).
		return stanza.FeatureNotImplemented
	}
	p.q.Max = set.Limit(usualPage, mostPage)
	p.q.Backward = set.Back
	p.q.whole = !set.Back && set.After == ""
	if set.After != "" {
		err = p.after(set.After)
	}
	if set.Before != "" && err == nil {
		err = p.before(set.Before)
	}
	return err
}
