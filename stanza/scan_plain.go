package stanza

// plainTag reads a start tag whose name begins at i, as far as it is written
// as nearly all are: names in ASCII with no prefix but xml, one blank before each
// attribute, no references in values. It stops after the name or a value; what
// is left is for tagParts, which knows everything. It is one function because
// calls would be a third of what it costs.
func (w *work) plainTag(b []byte, i int) int {
	end := nameEnd(b, i)
	if end >= len(b) || class[b[i]]&isStart == 0 || class[b[end]]&afterName == 0 {
		return i
	}
	w.elem = qname{start: int32(i), end: int32(end)}
	w.lex = inGap
	return w.plainAttrs(b, end)
}

// plainAttrs reads the attributes and the end of a tag from i on (see
// plainTag).
func (w *work) plainAttrs(b []byte, i int) int {
	for i < len(b) && b[i] == ' ' && len(w.attrs) < w.limits.Attrs {
		name := i + 1
		end, colon, kind := nameEnd(b, name), 0, plain
		if end < len(b) && b[end] == ':' && string(b[name:end]) == "xml" {
			colon, kind = end, ofXML
			end = nameEnd(b, colon+1)
		}
		if end+2 >= len(b) || class[b[name]]&isStart == 0 || b[end] != '=' ||
			colon != 0 && class[b[colon+1]]&isStart == 0 {
			return i
		}
		quote, val := b[end+1], end+2
		if quote != '\'' && quote != '"' {
			return i
		}
		vend := 0
		if b[name] == 'x' && string(b[name:end]) == "xmlns" {
			kind = xmlnsAll
			vend = plainURI(b, val)
		} else {
			vend = skipValue(b, val, quote)
		}
		if vend >= len(b) || b[vend] != quote {
			return i
		}
		a := w.newAttr(kind)
		a.start, a.colon, a.end = int32(name), int32(colon), int32(end)
		a.val, a.vend = int32(val), int32(vend)
		a.checked = kind == xmlnsAll
		i = vend + 1
	}
	switch {
	case i+1 >= len(b):
	case b[i] == '>':
		w.lex = inText
		i++
	case b[i] == '/' && b[i+1] == '>':
		w.lex, w.empty = inText, true
		i += 2
	}
	return i
}

// nameEnd returns where ASCII characters of names that begin at i end.
func nameEnd(b []byte, i int) int {
	for i < len(b) && class[b[i]]&isName != 0 {
		i++
	}
	return i
}

// plainURI returns where characters of namespace names that begin at i end.
func plainURI(b []byte, i int) int {
	for i+4 <= len(b) {
		if class[b[i]]&class[b[i+1]]&class[b[i+2]]&class[b[i+3]]&isURI == 0 {
			break
		}
		i += 4
	}
	for i < len(b) && class[b[i]]&isURI != 0 {
		i++
	}
	return i
}
