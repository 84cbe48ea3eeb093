package stanza

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
type Stanza struct {
	Raw  string
	Kind Kind
	Name string // local name of the root
	NS   string // namespace of the root
	Type string // type attribute, "" if absent
	ID   string // id attribute, "" if absent
	Lang string // xml:lang, inherited from the stream header if the root has none
	To   JID    // zero if absent or malformed
	From JID    // zero if absent or malformed

	// BadTo and BadFrom say that the attribute is there but is no address
	// (RFC 6120 section 8.3.3.8, jid-malformed).
	BadTo, BadFrom bool

	empty    bool   // the root has no end tag
	scoped   bool   // the root is in the content namespace
	inherits bool   // Lang is the stream header's
	content  string // content namespace of the stream it came on
	children []Child
	attrs    []rootAttr
	extra    *extra
	nameEnd  int32 // where the root's name ends
	tagEnd   int32 // where ">" or "/>" of its start tag is
	bodyEnd  int32 // where its end tag begins; tagEnd if it has none

	// Room for what is usual, so that a stanza is one allocation.
	attrRoom  [7]rootAttr
	childRoom [6]Child
}

// Child is an element directly below the root of a stanza, found by its
// resolved namespace and name, never by its spelling. Raw[Start:End] is the
// whole element.
type Child struct {
	Name, NS   string
	Start, End int
}

// Children are the root's child elements in document order.
func (s *Stanza) Children() []Child { return s.children }

// Child is the first child of that name; ns "" means the stanza's own
// content namespace.
func (s *Stanza) Child(ns, name string) (Child, bool) {
	if ns == "" {
		ns = s.content
	}
	for _, c := range s.children {
		if c.Name == name && c.NS == ns {
			return c, true
		}
	}
	return Child{}, false
}

// Has says whether there is such a child.
func (s *Stanza) Has(ns, name string) bool { _, ok := s.Child(ns, name); return ok }

// Payload is the first child element that is not <error/>: the payload of an
// iq (RFC 6120 section 8.2.3).
func (s *Stanza) Payload() (Child, bool) {
	for _, c := range s.children {
		if c.Name != "error" || c.NS != s.content {
			return c, true
		}
	}
	return Child{}, false
}

// Attr is the unescaped value of a root attribute without a namespace.
func (s *Stanza) Attr(name string) (string, bool) {
	for n := range s.attrs {
		if a := &s.attrs[n]; a.kind == plain && s.Raw[a.name:a.nend] == name {
			return attrValue(s.Raw[a.val:a.vend]), true
		}
	}
	return "", false
}
