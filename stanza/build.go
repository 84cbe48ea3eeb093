package stanza

// Builder writes XML with everything escaped. The zero value is ready.
//
//	var b Builder
//	b.Start("query", ns, "ver", ver).Start("item", "", "jid", j.String()).End().End()
//	b.String() // <query xmlns='…' ver='…'><item jid='…'/></query>
type Builder struct {
	buf  []byte
	open []string
	tag  bool // the last start tag is not closed yet
}

// Start opens an element; xmlns is written unless ns is "". attrs are name,
// value pairs; a pair with value "" is left out (Attr writes an empty one).
func (b *Builder) Start(name, ns string, attrs ...string) *Builder {
	b.closeTag()
	b.buf = append(append(b.buf, '<'), name...)
	b.open = append(b.open, name)
	b.tag = true
	if ns != "" {
		b.Attr("xmlns", ns)
	}
	for n := 1; n < len(attrs); n += 2 {
		if attrs[n] != "" {
			b.Attr(attrs[n-1], attrs[n])
		}
	}
	return b
}

// Attr adds an attribute to the element just opened.
func (b *Builder) Attr(name, value string) *Builder {
	b.buf = appendAttr(b.buf, name, value)
	return b
}

// appendAttr writes one attribute with the blank before it.
func appendAttr(dst []byte, name, value string) []byte {
	dst = append(append(dst, ' '), name...)
	dst = append(dst, "='"...)
	return append(appendEscaped(dst, value, true), '\'')
}

// Text adds escaped character data.
func (b *Builder) Text(s string) *Builder {
	if s != "" {
		b.closeTag()
		b.buf = appendEscaped(b.buf, s, false)
	}
	return b
}

// Raw adds XML as it is.
func (b *Builder) Raw(xml string) *Builder {
	if xml != "" {
		b.closeTag()
		b.buf = append(b.buf, xml...)
	}
	return b
}

// End closes the innermost open element.
func (b *Builder) End() *Builder {
	last := len(b.open) - 1
	if b.tag {
		b.buf = append(b.buf, "/>"...)
		b.tag = false
	} else {
		b.buf = append(append(append(b.buf, "</"...), b.open[last]...), '>')
	}
	b.open = b.open[:last]
	return b
}

// Elem is Start, Text, End.
func (b *Builder) Elem(name, ns, text string, attrs ...string) *Builder {
	return b.Start(name, ns, attrs...).Text(text).End()
}

// closeTag ends the start tag that is still open for attributes.
func (b *Builder) closeTag() {
	if b.tag {
		b.buf = append(b.buf, '>')
		b.tag = false
	}
}

// String is what has been written; all elements must be closed.
func (b *Builder) String() string { return string(b.buf) }

// Stanza parses what has been written (see Parse); it panics if that is no
// well-formed element, which is a defect of the caller.
func (b *Builder) Stanza() *Stanza { return MustParse(b.String()) }
