package stanza

// plainName reads the name of the element at i if it is a plain one: ASCII, no
// prefix.
func (w *work) plainName(b []byte, i int) int {
	end := nameEnd(b, i)
	if end >= len(b) || class[b[i]]&isStart == 0 || class[b[end]]&afterName == 0 {
		return i
	}
	w.elem = qname{start: int32(i), end: int32(end)}
	w.lex = inGap
	return end
}

// plainAttrs reads attributes and the end of a tag from i on as long as they
// are written as nearly all are: names in ASCII without a prefix, one blank
// before them, no references in values. What is not is for tagParts, which
// knows everything. It is one function because calls would be a third of what
// it costs.
func (w *work) plainAttrs(b []byte, i int) int {
	for i < len(b) && b[i] == ' ' && len(w.attrs) < w.limits.Attrs {
		name := i + 1
		end := nameEnd(b, name)
		if end+2 >= len(b) || class[b[name]]&isStart == 0 || b[end] != '=' {
			return i
		}
		quote, val := b[end+1], end+2
		if quote != '\'' && quote != '"' {
			return i
		}
		kind, vend := plain, 0
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
		a.start, a.colon, a.end = int32(name), 0, int32(end)
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
