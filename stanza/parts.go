package stanza

import "strings"

// rootAttr is where an attribute of the root is in Raw.
type rootAttr struct {
	name, val, vend int32
	kind            attrKind
	is              usualName
}

// usualName tells the attributes apart that stanzas usually have.
type usualName uint8

const (
	otherName usualName = iota
	nameTo
	nameFrom
	nameType
	nameID
	nameLang
)

// usualNames is a set of attrNames.
type usualNames uint8

// has says whether the set has n.
func (b usualNames) has(n usualName) bool { return b>>n&1 != 0 }

// add puts n into the set.
func (b *usualNames) add(n usualName) { *b |= 1 << n }

// usualSpelling is how the usual names are spelled; never changed.
var usualSpelling = [...]string{
	nameTo: "to", nameFrom: "from", nameType: "type", nameID: "id", nameLang: "xml:lang",
}

// usualNamed is which usual name that is, as it is spelled.
func usualNamed(name string) usualName {
	switch name {
	case "to":
		return nameTo
	case "from":
		return nameFrom
	case "type":
		return nameType
	case "id":
		return nameID
	case "xml:lang":
		return nameLang
	}
	return otherName
}

// child is where a child of the root is in Raw.
type child struct {
	name, nend int32
	start, end int32
	ns         span // of its namespace: in Raw, or see childNS
}

// extra is what few stanzas have.
type extra struct {
	decls      []decl     // of the stream header, used in the stanza
	redeclared []span     // see work.redeclared
	spaces     []string   // namespaces of children that are not in Raw as they read
	attrs      []rootAttr // all of them, if they are more than Stanza has room for
	children   []child    // the same
}

// attrList are the root's attributes in document order.
func (s *Stanza) attrList() []rootAttr {
	if int(s.attrs) > len(s.attrRoom) {
		return s.extra.attrs
	}
	return s.attrRoom[:s.attrs]
}

// childList are the root's children in document order.
func (s *Stanza) childList() []child {
	if int(s.children) > len(s.childRoom) {
		return s.extra.children
	}
	return s.childRoom[:s.children]
}

// contentSpace stands for the content namespace, -2 for extra.spaces[0], -3 for
// extra.spaces[1] …
const contentSpace = -1

// childNS is the namespace of a child.
func (s *Stanza) childNS(c *child) string {
	switch {
	case c.ns.start >= 0:
		return s.Raw[c.ns.start:c.ns.end]
	case c.ns.start == contentSpace:
		return s.content
	}
	return s.extra.spaces[contentSpace-1-c.ns.start]
}

// attrName is how the name of an attribute is spelled.
func (s *Stanza) attrName(a *rootAttr) string {
	name := s.Raw[a.name:a.val]
	return name[:strings.IndexAny(name, "= \t\r\n")]
}
