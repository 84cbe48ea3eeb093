package s2s

import (
	"strings"

	"parley/stanza"
)

// Namespaces of server dialback (XEP-0220 section 5.1, Protocol Namespaces).
const (
	nsDialback         = "jabber:server:dialback"
	nsDialbackFeatures = "urn:xmpp:features:dialback"
)

// Names and types of dialback elements.
const (
	dbResult  = "result"  // "this is my key", and whether it was believed
	dbVerify  = "verify"  // "is this key yours?", and the answer
	dbValid   = "valid"   // the type of a good answer
	dbInvalid = "invalid" // the type of a bad answer
	dbError   = "error"   // there is no answer, and why
)

// dialback is a <db:result/> or <db:verify/> element (XEP-0220 section 2,
// Protocol). Domains are canonical, so they may be compared and be keys.
type dialback struct {
	name      string // result or verify
	from, to  string
	id        string // of the stream in question, in verify only
	typ       string // "" in a request, else valid, invalid or error
	text      string // the key, in a request only
	condition string // of an error, "" if the peer gives none
}

// isDialback says whether an element is one of the two that parseDialback
// reads. Where it is and cannot be parsed, its addresses or its type are wrong.
func isDialback(st *stanza.Stanza) bool {
	return st.NS == nsDialback && (st.Name == dbResult || st.Name == dbVerify)
}

// parseDialback reads a dialback element. Both addresses must be there and be
// domains, a verify must name its stream, and the type must be one that is
// defined (XEP-0220 section 6.1, Dialback): what is half understood proves
// nothing. The texts are copied, because a key is kept longer than its element.
func parseDialback(st *stanza.Stanza) (dialback, bool) {
	if !isDialback(st) || !st.From.IsHost() || !st.To.IsHost() {
		return dialback{}, false
	}
	d := dialback{name: st.Name, from: strings.Clone(st.From.Domain()),
		to: strings.Clone(st.To.Domain()), typ: st.Type}
	if d.name == dbVerify {
		if d.id = strings.Clone(st.ID); d.id == "" {
			return dialback{}, false
		}
	}
	switch d.typ {
	case "":
		// The examples have white space around the key.
		d.text = strings.TrimSpace(st.Root().Text)
		_, typed := st.Attr("type")
		return d, !typed && d.text != ""
	case dbValid, dbInvalid:
		d.typ = strings.Clone(d.typ)
		return d, true
	case dbError:
		d.typ = dbError
		if e := stanza.ParseError(st); e != nil {
			d.condition = strings.Clone(e.Condition)
		}
		return d, true
	}
	return dialback{}, false
}

// request says whether d asks; else it answers.
func (d dialback) request() bool { return d.typ == "" }

// answers says whether d answers that request: the same element with the
// addresses swapped, and the same stream in a verify. Whether the request was
// sent, and on the stream that the answer came on, is the caller's to know
// (XEP-0220 section 3.1, Unsolicited Dialback).
func (d dialback) answers(q dialback) bool {
	return !d.request() && q.request() && d.name == q.name &&
		d.from == q.to && d.to == q.from && d.id == q.id
}

// reply is the answer of a type valid or invalid (XEP-0220 section 2.2, Inbound
// Connection).
func (d dialback) reply(typ string) dialback {
	return dialback{name: d.name, from: d.to, to: d.from, id: d.id, typ: typ}
}

// replyError is the answer that there is none, which leaves the stream open
// (XEP-0220 section 2.5, Dialback Error Conditions).
func (d dialback) replyError(e *stanza.Error) dialback {
	r := d.reply(dbError)
	r.condition = e.Condition
	return r
}

// append writes the element for a stream whose header declares the prefix db:
// some peers know no other (XEP-0220 section 2.4.1, Traditional Dialback).
func (d dialback) append(b []byte) []byte {
	b = append(b, "<db:"...)
	b = append(b, d.name...)
	b = appendAttr(b, "from", d.from)
	b = appendAttr(b, "to", d.to)
	if d.name == dbVerify {
		b = appendAttr(b, "id", d.id)
	}
	if d.request() {
		b = stanza.AppendEscaped(append(b, '>'), d.text)
		return append(append(append(b, "</db:"...), d.name...), '>')
	}
	b = appendAttr(b, "type", d.typ)
	if d.typ != dbError {
		return append(b, "/>"...)
	}
	b = append(b, '>')
	if d.condition != "" {
		b = append(b, conditionError(d.condition).XML()...)
	}
	return append(append(append(b, "</db:"...), d.name...), '>')
}

// appendAttr writes one attribute.
func appendAttr(b []byte, name, value string) []byte {
	b = append(append(append(b, ' '), name...), "='"...)
	return append(stanza.AppendEscaped(b, value), '\'')
}

// conditionError is the <error/> of a dialback answer. Its type is always
// cancel, as in the examples: who asked asks again anyway.
func conditionError(condition string) *stanza.Error {
	return &stanza.Error{Type: stanza.Cancel, Condition: condition}
}
