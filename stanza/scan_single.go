package stanza

// drip lets Scan pass over single bytes that cannot end a tag, be wrong or
// reach a limit. They are read when one comes that can, all at once, as if they
// had come in one piece with it: so a byte that comes alone costs little more
// than the call.
type drip struct {
	at    int    // what is before has been read or passed over
	until uint32 // where a limit may be reached; 0 if nothing can be passed over
	place place  // of the last byte, with its mark

	name, nend int32 // where the name of the innermost element is
	back       int32 // from a name in an end tag to that
}

// Passes says whether the last byte of buf is all that is new since the last
// call and needs no look yet. Then Scan, which would return More, need not be
// called. It is small enough to be compiled into the caller's loop.
func (sc *Scanner) Passes(buf []byte) bool {
	d, i := &sc.drip, len(buf)-1
	if uint(i) < uint(d.until) && i == d.at {
		if stays[buf[i]]&d.place != 0 {
			d.at = len(buf)
			return true
		}
		if next := rows[d.place%places][buf[i]]; next != unsure {
			d.at, d.place = len(buf), next
			return true
		}
	}
	return false
}

// tagByte is Passes for what takes more: names in end tags, and the end of a tag
// that has been passed over in an element that goes on behind it. Of all that is
// there only such a start tag is read, and the text before it.
func (sc *Scanner) tagByte(buf []byte) (bool, *StreamError) {
	d, i := &sc.drip, len(buf)-1
	if uint(i) >= uint(d.until) || i != d.at {
		return false, nil
	}
	switch p, c := d.place%places, buf[i]; {
	case p == endName:
		return sc.endByte(buf, i), nil
	case p == less && c == '/':
		d.at, d.place, d.back = i+1, endName, int32(i+1)-d.name
		return true, nil
	case p >= tagName && p <= spaced && c == '>' && sc.work.lex == inText:
		return sc.lastTag(buf)
	}
	return false, nil
}

// endByte is tagByte in an end tag.
func (sc *Scanner) endByte(b []byte, i int) bool {
	d, w := &sc.drip, sc.work
	o := i - int(d.back)
	switch {
	case o < int(d.nend) && b[i] == b[o]:
		d.at = i + 1
		return true
	case o == int(d.nend) && b[i] == '>' && len(w.stack) > 1:
		w.closed(i-int(d.nend-d.name)-2, i+1)
		d.behind(w, i+1)
		return true
	}
	return false
}

// lastTag reads the start tag that b ends with, which is not the first one: that
// has been begun. What is not usual in it is left for Scanner.next.
func (sc *Scanner) lastTag(b []byte) (done bool, err *StreamError) {
	w := sc.work
	i := w.pos
	if b[i] != '<' {
		if i, err = text(b, i); err != nil {
			return false, err
		}
	}
	w.pos, err = w.markup(b, i)
	if err != nil || w.lex != inText {
		return false, err
	}
	sc.drip.behind(w, w.pos)
	return true, nil
}

// behind goes on to pass over text in the element that is open behind a tag that
// ends at i. No limit is nearer than before.
func (d *drip) behind(w *work, i int) {
	f := &w.stack[len(w.stack)-1]
	d.name, d.nend = f.start, f.end
	d.at, d.place = i, chars.marked()
	w.pos = i
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
	d.at, d.place = w.pos, p.marked()
	d.until = uint32(min(w.limits.Bytes, tag+w.limits.Tag, w.pos+ahead) - 1)
}

// from is where reading goes on: where all that was passed over is of one kind,
// it need not be read again.
func (d *drip) from(w *work) int {
	if d.until != 0 && d.place%places <= onlyDouble {
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
