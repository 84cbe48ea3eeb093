package stanza

// startElement gets ready to read a start tag that begins at i.
func (w *work) startElement(i int) {
	w.tag, w.pos = i, i+1
	w.name, w.colon = i+1, 0
	w.attrs, w.declares, w.prefixes, w.empty = w.attrs[:0], 0, 0, false
	w.lex = inName
}

// startTag goes on reading a start tag at i, within the limits, and returns
// where it ends. Nothing that is cut is read twice, so that a tag that comes
// byte by byte costs no more than one that comes at once.
func (w *work) startTag(b []byte, i int) (int, *StreamError) {
	most := w.tag + w.limits.Tag
	if len(b) >= most {
		b = b[:most]
	}
	i, err := w.tagParts(b, i)
	if err == cut && len(b) == most {
		return i, errTag
	}
	return i, err
}

// tagParts reads the parts of a start tag one after the other.
func (w *work) tagParts(b []byte, i int) (_ int, err *StreamError) {
	for err == nil {
		switch w.lex {
		case inName:
			if i, err = w.qname(b, i); err == nil {
				w.elem = w.named(i)
				w.lex = inGap
			}
		case inGap:
			if i = w.plainAttrs(b, i); w.lex == inGap {
				i, err = w.gap(b, i, false)
			}
		case inSpaced:
			i, err = w.gap(b, i, true)
		case inAttr:
			i, err = w.attrName(b, i)
		case inEquals:
			i, err = w.equals(b, i)
		case inQuote:
			i, err = w.openQuote(b, i)
		case inValue:
			i, err = w.attrValue(b, i)
		case inSlash:
			if i == len(b) {
				return i, cut
			}
			if b[i] != '>' {
				return i, errSyntax
			}
			w.lex = inText
			return i + 1, nil
		case inText:
			return i, nil
		}
	}
	return i, err
}

// qname reads on in a name that begins at w.name (XML Namespaces section 4,
// Qualified Names) and returns where it ends.
func (w *work) qname(b []byte, i int) (int, *StreamError) {
	for i < len(b) {
		switch c := b[i]; {
		case class[c]&isName != 0:
			i++
		case c == ':':
			if w.colon != 0 || i == w.name {
				return i, errName
			}
			w.colon = i
			i++
		case c >= 0x80:
			r, size, err := decodeRune(b[i:])
			if err != nil {
				return i, err
			}
			if !w.nameRune(r, i) {
				return i, errName
			}
			i += size
		default:
			return i, w.nameOK(b, i)
		}
	}
	return i, cut
}

// named is the name that ends at i.
func (w *work) named(i int) qname {
	return qname{int32(w.name), int32(w.colon), int32(i)}
}

// nameRune says whether r may stand at i in the name being read.
func (w *work) nameRune(r rune, i int) bool {
	if i == w.name || i == w.colon+1 {
		return isNameStart(r)
	}
	return isNameRune(r)
}

// nameOK checks how the two parts of the name that ends at i begin.
func (w *work) nameOK(b []byte, i int) *StreamError {
	if c := b[w.name]; i == w.name || c < 0x80 && class[c]&isStart == 0 {
		return errName
	}
	if w.colon == 0 {
		return nil
	}
	if c := b[w.colon+1]; i == w.colon+1 || c < 0x80 && class[c]&isStart == 0 {
		return errName
	}
	return nil
}

// gap reads what is between attributes; only after white space may there be
// another.
func (w *work) gap(b []byte, i int, spaced bool) (int, *StreamError) {
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case class[c]&isSpace != 0:
			spaced = true
			w.lex = inSpaced
		case c == '>':
			w.lex = inText
			return i + 1, nil
		case c == '/':
			w.lex, w.empty = inSlash, true
			return i + 1, nil
		case !spaced:
			return i, errSpace
		case len(w.attrs) == w.limits.Attrs:
			return i, errAttrs
		default:
			w.name, w.colon, w.lex = i, 0, inAttr
			return i, nil
		}
	}
	return i, cut
}

// attrName reads the name of an attribute.
func (w *work) attrName(b []byte, i int) (int, *StreamError) {
	i, err := w.qname(b, i)
	if err != nil {
		return i, err
	}
	a := w.newAttr(kindOf(b, w.name, w.colon, i))
	a.qname = w.named(i)
	w.lex = inEquals
	return i, nil
}

// newAttr adds an attribute to the tag, to be filled in where it is: a copy of
// something so small and so new would stall the processor.
func (w *work) newAttr(kind attrKind) *attr {
	n := len(w.attrs)
	if n < cap(w.attrs) {
		w.attrs = w.attrs[:n+1]
	} else {
		w.attrs = append(w.attrs, attr{})
	}
	switch {
	case kind >= xmlnsAll:
		w.declares++
	case kind == prefixed:
		w.prefixes++
	}
	a := &w.attrs[n]
	a.kind, a.dirty, a.checked = kind, false, false
	return a
}

// kindOf says what the attribute with a name from i to end is for.
func kindOf(b []byte, i, colon, end int) attrKind {
	switch {
	case colon == 0 && string(b[i:end]) == "xmlns":
		return xmlnsAll
	case colon == 0:
		return plain
	case string(b[i:colon]) == "xmlns":
		return xmlnsOne
	case string(b[i:colon]) == "xml":
		return ofXML
	}
	return prefixed
}

// equals reads the "=" of an attribute.
func (w *work) equals(b []byte, i int) (int, *StreamError) {
	i = spaces(b, i)
	if i == len(b) {
		return i, cut
	}
	if b[i] != '=' {
		return i, errSyntax
	}
	w.lex = inQuote
	return i + 1, nil
}

// openQuote reads the quote before a value.
func (w *work) openQuote(b []byte, i int) (int, *StreamError) {
	i = spaces(b, i)
	if i == len(b) {
		return i, cut
	}
	if b[i] != '\'' && b[i] != '"' {
		return i, errSyntax
	}
	w.quote = b[i]
	w.attrs[len(w.attrs)-1].val = int32(i + 1)
	w.lex = inValue
	return i + 1, nil
}

// attrValue reads the value of an attribute and the quote behind it.
func (w *work) attrValue(b []byte, i int) (int, *StreamError) {
	a := &w.attrs[len(w.attrs)-1]
	i, dirty, err := value(b, i, w.quote)
	a.dirty = a.dirty || dirty
	if err != nil {
		return i, err
	}
	a.vend = int32(i)
	w.lex = inGap
	return i + 1, nil
}
