package stanza

import "iter"

// Kind says what an element at depth one of a stream is.
type Kind uint8

const (
	Other Kind = iota // not a stanza: <auth/>, <starttls/>, <r/> …
	Message
	Presence
	IQ
)

// Stanza is one element at depth one of a stream, as it was read. Raw is the
// whole element; Name, NS, Type, ID, Lang and the strings of To and From are
// unescaped and mostly substrings of Raw. Nobody changes a Stanza.
//
// There is one for every message, so it is as small as can be: what is not
// asked for each time is kept as positions in Raw, which also spares the garbage
// collector from following them.
type Stanza struct {
	Raw  string
	Name string // local name of the root
	NS   string // namespace of the root
	Type string // type attribute, "" if absent
	ID   string // id attribute, "" if absent
	Lang string // xml:lang, inherited from the stream header if the root has none
	To   JID    // zero if absent or malformed
	From JID    // zero if absent or malformed

	content string // content namespace of the stream it came on
	extra   *extra

	Kind Kind

	// BadTo and BadFrom say that the attribute is there but is no address
	// (RFC 6120 section 8.3.3.8, jid-malformed).
	BadTo, BadFrom bool

	empty    bool       // the root has no end tag
	scoped   bool       // the root is in the content namespace
	inherits bool       // Lang is the stream header's
	xmlns    bool       // the root has an xmlns attribute
	usual    usualNames // which of the usual attributes the root has
	nameEnd  int32      // where the root's name ends
	tagEnd   int32      // where ">" or "/>" of its start tag is
	bodyEnd  int32      // where its end tag begins; tagEnd if it has none
	attrs    int32      // how many attributes the root has: see attrList
	children int32      // how many children: see childList

	// Room for what is usual, so that a stanza is one allocation. More than
	// that is in extra.
	attrRoom  [5]rootAttr
	childRoom [6]child
}

// Child is an element directly below the root of a stanza, found by its
// resolved namespace and name, never by its spelling. Raw[Start:End] is the
// whole element.
type Child struct {
	Name, NS   string
	Start, End int
}

// Children are the root's child elements in document order, with their number.
func (s *Stanza) Children() iter.Seq2[int, Child] {
	return func(yield func(int, Child) bool) {
		for n := range s.childList() {
			if !yield(n, s.ChildAt(n)) {
				return
			}
		}
	}
}

// ChildCount is how many child elements the root has.
func (s *Stanza) ChildCount() int { return int(s.children) }

// ChildAt is child i of the root, from 0.
func (s *Stanza) ChildAt(i int) Child {
	c := &s.childList()[i]
	return Child{s.Raw[c.name:c.nend], s.childNS(c), int(c.start), int(c.end)}
}

// Child is the first child element of that name; ns "" means the stanza's own
// content namespace.
func (s *Stanza) Child(ns, name string) (Child, bool) {
	if i := s.find(ns, name); i >= 0 {
		return s.ChildAt(i), true
	}
	return Child{}, false
}

// find is the number of the first child of that name, -1 if there is none.
func (s *Stanza) find(ns, name string) int {
	if ns == "" {
		ns = s.content
	}
	list := s.childList()
	for n := range list {
		if c := &list[n]; s.Raw[c.name:c.nend] == name && s.childNS(c) == ns {
			return n
		}
	}
	return -1
}

// Has says whether there is such a child.
func (s *Stanza) Has(ns, name string) bool { return s.find(ns, name) >= 0 }

// Payload is the first child element that is not <error/>: the payload of an
// iq (RFC 6120 section 8.2.3).
func (s *Stanza) Payload() (Child, bool) {
	for _, c := range s.Children() {
		if c.Name != "error" || c.NS != s.content {
			return c, true
		}
	}
	return Child{}, false
}

// Attr is the unescaped value of a root attribute without a namespace.
func (s *Stanza) Attr(name string) (string, bool) {
	list := s.attrList()
	for n := range list {
		if a := &list[n]; a.kind == plain && s.attrName(a) == name {
			return attrValue(s.Raw[a.val:a.vend]), true
		}
	}
	return "", false
}
