package stanza

// Out says in which context a stanza is written.
type Out struct {
	// NS is the content namespace of the receiving stream: NSClient ("" means
	// it), NSServer or NSComponent.
	NS    string
	XMLNS bool // write xmlns on the root: WebSocket, <forwarded/>, storage
}

// Append writes the stanza with the edits applied: well-formed in any stream
// of content namespace o.NS, whatever prefixes and language the header of the
// stream it came on declared (those it uses are declared on the root).
func (s *Stanza) Append(dst []byte, e *Edits, o Out) []byte {
	if o.NS == "" {
		o.NS = NSClient
	}
	dst = s.appendAttrs(dst, e, o)
	opened := e.has(editFirst) || e.has(editLast)
	if !opened && !e.has(editCut) && s.extra == nil {
		return append(dst, s.Raw[s.tagEnd:]...) // the rest stays as it is
	}
	if s.empty && !opened {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	dst = appendXML(dst, e, editFirst)
	if !s.empty {
		dst = s.appendBody(dst, e, o)
	}
	dst = appendXML(dst, e, editLast)
	dst = append(append(dst, "</"...), s.Raw[1:s.nameEnd]...)
	return append(dst, '>')
}

// appendXML writes what is inserted at one of the two places.
func appendXML(dst []byte, e *Edits, op editOp) []byte {
	if !e.has(op) {
		return dst
	}
	for i := range e.len() {
		if c := e.at(i); c.op == op {
			dst = append(dst, c.text...)
		}
	}
	return dst
}

// appendAttrs writes the root's start tag without its end.
func (s *Stanza) appendAttrs(dst []byte, e *Edits, o Out) []byte {
	declared := false
	if s.xmlns || e != nil && e.attr&(s.usual|1<<otherName) != 0 {
		dst, declared = s.appendEdited(dst, e)
	} else {
		dst = append(dst, s.Raw[:s.tagEnd]...)
	}
	if o.XMLNS && !declared {
		dst = appendAttr(dst, "xmlns", o.NS)
	}
	dst = s.appendInherited(dst, e)
	return s.appendNewAttrs(dst, e)
}

// appendEdited writes the attributes that the root has. What stays as it is is
// copied in runs; done is where the last run ended. declared says that its
// namespace is among them.
func (s *Stanza) appendEdited(dst []byte, e *Edits) (_ []byte, declared bool) {
	done := 0
	list := s.attrList()
	for n := range list {
		a := &list[n]
		c := s.edited(a, e)
		isNS := a.kind == xmlnsAll && s.scoped
		declared = declared || a.kind == xmlnsAll && !isNS
		if c == nil && !isNS {
			continue
		}
		dst = append(dst, s.Raw[done:a.name-1]...) // without the white space before it
		done = int(a.vend) + 1
		if c != nil && c.op == editSet {
			dst = e.appendSet(dst, c)
		}
	}
	return append(dst, s.Raw[done:s.tagEnd]...), declared
}

// edited is what happens to an attribute of the root, nil if nothing.
func (s *Stanza) edited(a *rootAttr, e *Edits) *edit {
	if a.is == otherName {
		return e.other(s.attrName(a))
	}
	return e.usual(a.is)
}

// appendInherited writes what the stanza took over from its stream's header,
// which does not go along (RFC 6120 section 4.8.5, Namespace Declarations and
// Prefixes; section 8.1.5, xml:lang).
func (s *Stanza) appendInherited(dst []byte, e *Edits) []byte {
	if s.inherits && e.usual(nameLang) == nil {
		dst = appendAttr(dst, "xml:lang", s.Lang)
	}
	if s.extra == nil {
		return dst
	}
	for _, d := range s.extra.decls {
		dst = append(append(dst, " xmlns:"...), d.prefix...)
		dst = append(dst, "='"...)
		dst = append(appendEscaped(dst, d.ns, true), '\'')
	}
	return dst
}

// appendNewAttrs writes the attributes that were set and not there before.
func (s *Stanza) appendNewAttrs(dst []byte, e *Edits) []byte {
	if !e.has(editSet) {
		return dst
	}
	for i := range e.len() {
		if c := e.at(i); c.op == editSet && s.lacks(c, e) {
			dst = e.appendSet(dst, c)
		}
	}
	return dst
}

// lacks says whether c sets an attribute that the root does not have, and
// nothing behind c changes it again.
func (s *Stanza) lacks(c *edit, e *Edits) bool {
	if c.name != otherName {
		return !s.usual.has(c.name) && c == e.usual(c.name)
	}
	name := e.name(c)
	list := s.attrList()
	for n := range list {
		if s.attrName(&list[n]) == name {
			return false
		}
	}
	return c == e.other(name)
}

// appendBody writes what is between the root's tags.
func (s *Stanza) appendBody(dst []byte, e *Edits, o Out) []byte {
	done := int(s.tagEnd) + 1
	if e.has(editCut) {
		list := s.childList()
		for i := range list {
			if c := &list[i]; e.cuts(i) {
				dst = s.appendPart(dst, done, int(c.start), o)
				dst, done = s.join(dst, int(c.end))
			}
		}
	}
	return s.appendPart(dst, done, int(s.bodyEnd), o)
}

// join is where to go on behind a child that is cut. What now stands side by
// side must not become a "]]>" that nobody wrote (XML 1.0 section 2.4), which
// would end the receiver's stream, nor one line end out of two (section 2.11):
// then the first character is written as a reference.
func (s *Stanza) join(dst []byte, at int) ([]byte, int) {
	last, next := dst[len(dst)-1], s.Raw[at]
	switch {
	case last == ']' && next == ']':
		return append(dst, "&#93;"...), at + 1
	case last == ']' && next == '>':
		return append(dst, "&gt;"...), at + 1
	case last == '\r' && next == '\n':
		return append(dst, "&#10;"...), at + 1
	}
	return dst, at
}

// appendPart writes Raw[from:to]. When the content namespace changes, so do
// its declarations on elements whose parents are all in it. Further in, in
// <forwarded/> say, jabber:client means what it says (XEP-0297 section 3.2).
func (s *Stanza) appendPart(dst []byte, from, to int, o Out) []byte {
	if s.extra != nil && o.NS != s.content {
		for _, r := range s.extra.redeclared {
			if int(r.start) >= from && int(r.end) <= to {
				dst = append(append(dst, s.Raw[from:r.start]...), o.NS...)
				from = int(r.end)
			}
		}
	}
	return append(dst, s.Raw[from:to]...)
}
