package stanza

// drip lets Scan pass over single bytes that cannot end a tag, be wrong or
// reach a limit. They are read when one comes that can, all at once, as if they
// had come in one piece with it: so a byte that comes alone costs little more
// than the call.
type drip struct {
	at    int    // what is before has been read or passed over
	until uint32 // where a limit may be reached; 0 if nothing can be passed over
	row   *row   // what may follow the last byte

	name, nend int32 // where the name of the innermost element is
	back       int32 // from a name in an end tag to that
}

// passes says whether the last byte of b is all that is new and can be passed
// over, and does so.
func (d *drip) passes(b []byte) bool {
	i := len(b) - 1
	if uint(i) >= uint(d.until) || i != d.at {
		return false
	}
	if next := d.row.next[b[i]]; next != stay {
		if next == unsure {
			return false
		}
		d.row = &rows[next]
	}
	d.at = i + 1
	return true
}

// passesEnd is passes for end tags, up to their ">".
func (d *drip) passesEnd(b []byte) bool {
	i := len(b) - 1
	if uint(i) >= uint(d.until) || i != d.at {
		return false
	}
	switch c, o := b[i], i-int(d.back); {
	case d.row == &rows[less] && c == '/':
		d.row, d.back = &rows[endName], int32(i+1)-d.name
	case d.row != &rows[endName] || o >= int(d.nend) || c != b[o]:
		return false
	}
	d.at = i + 1
	return true
}

// start begins to pass over what follows b, which w has read.
func (d *drip) start(w *work, b []byte) {
	d.until = 0
	p := w.place(b)
	if p == unsure {
		return
	}
	tag, attrs := w.tag, w.limits.Attrs-len(w.attrs)
	if p == chars || p == section {
		tag, attrs = w.pos, w.limits.Attrs
		f := &w.stack[len(w.stack)-1]
		d.name, d.nend = f.start, f.end
	}
	// Each attribute has at least five bytes: so many have to come before there
	// can be one too many.
	ahead := 5 * min(attrs, 1<<16)
	d.at, d.row = w.pos, &rows[p]
	d.until = uint32(min(w.limits.Bytes, tag+w.limits.Tag, w.pos+ahead) - 1)
}

// from is where reading goes on: where all that was passed over is of one kind,
// it need not be read again.
func (d *drip) from(w *work) int {
	if d.until != 0 && d.row.still {
		return d.at
	}
	return w.pos
}

// place is where the next byte will be, unsure if nothing is gained by knowing.
func (w *work) place(b []byte) place {
	switch w.lex {
	case inText:
		return chars
	case inCDATA:
		return section
	case inName, inAttr:
		switch {
		case w.colon != 0 || class[b[w.name]]&isStart == 0:
			return partOfName
		case w.lex == inName:
			return tagName
		}
		return attrName
	case inGap:
		return gap
	case inSpaced:
		return spaced
	case inQuote:
		return equals
	case inValue:
		if w.quote == '"' {
			return onlyDouble
		}
		return onlySingle
	}
	return unsure
}
