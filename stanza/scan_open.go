package stanza

// open takes a complete start tag that ends before i: it resolves the
// namespaces and opens the element.
func (w *work) open(b []byte, i int) *StreamError {
	f := frame{qname: w.elem, def: nsStream, binds: int32(len(w.binds))}
	isRoot := len(w.stack) == 0
	if !isRoot {
		f.def = w.stack[len(w.stack)-1].def
	}
	ref, err := w.resolveTag(b, &f)
	if err != nil {
		return err
	}
	switch len(w.stack) {
	case 0:
		err = w.openRoot(b, &f, ref, i)
	case 1:
		err = w.openKid(&f, ref)
	}
	if err != nil {
		return err
	}
	if !isRoot && w.stack[len(w.stack)-1].content {
		if err := w.inContent(b, &f, ref); err != nil {
			return err
		}
	}
	if len(w.stack) == w.limits.Depth {
		return errDepth
	}
	w.stack = append(w.stack, f)
	if w.empty {
		w.closed(i, i)
	}
	return nil
}

// resolveTag checks the names of a tag and its attributes against the
// namespaces in scope and returns the element's own.
func (w *work) resolveTag(b []byte, f *frame) (nsref, *StreamError) {
	if len(w.attrs) > 1 && w.duplicates(b) {
		return 0, errDuplicate
	}
	if w.special {
		if err := w.declare(b, f); err != nil {
			return 0, err
		}
		if err := w.attrSpaces(b); err != nil {
			return 0, err
		}
	}
	if f.colon == 0 {
		return f.def, nil
	}
	ref, ok := w.lookup(b, b[f.start:f.colon])
	if !ok {
		return 0, errPrefix
	}
	return ref, nil
}

// duplicates says whether two attributes are spelled alike (XML 1.0 section
// 3.1, Unique Att Spec).
func (w *work) duplicates(b []byte) bool {
	for n := 1; n < len(w.attrs); n++ {
		a := &w.attrs[n]
		name := b[a.start:a.end]
		for m := range n {
			o := &w.attrs[m]
			if o.end-o.start == a.end-a.start && b[o.start] == name[0] &&
				string(b[o.start:o.end]) == string(name) {
				return true
			}
		}
	}
	return false
}

// attrSpaces checks that the prefixes of attributes are declared and that no
// two attributes have the same expanded name (XML Namespaces sections 5 and
// 6.3, Uniqueness of Attributes).
func (w *work) attrSpaces(b []byte) *StreamError {
	for n := range w.attrs {
		a := &w.attrs[n]
		if a.kind != prefixed {
			continue
		}
		ref, ok := w.lookup(b, b[a.start:a.colon])
		if !ok {
			return errPrefix
		}
		for m := range n {
			o := &w.attrs[m]
			if o.kind != prefixed || string(b[o.local():o.end]) != string(b[a.local():a.end]) {
				continue
			}
			other, _ := w.lookup(b, b[o.start:o.colon])
			if w.uri(b, other) == w.uri(b, ref) {
				return errDuplicate
			}
		}
	}
	return nil
}

// openRoot notes what is special about the outermost element.
func (w *work) openRoot(b []byte, f *frame, ref nsref, i int) *StreamError {
	r := &w.root
	ns := w.uri(b, ref)
	content := w.ctx.content
	if w.ctx.free && (ns == NSServer || ns == NSComponent) {
		content = known(ns)
	}
	f.content = ns == content && ns != "" && ns != NSStream
	if f.content && f.colon != 0 {
		return errContentPrefix
	}
	*r = root{attrs: append(r.attrs[:0], w.attrs...), name: f.qname, ref: ref, empty: w.empty}
	if f.content {
		r.content = content
	}
	if ref >= 0 {
		r.ns = w.binds[ref]
	}
	r.tagEnd = int32(i - 1)
	if w.empty {
		r.tagEnd--
	}
	r.bodyEnd = r.tagEnd
	return nil
}

// openKid notes a child of the root.
func (w *work) openKid(f *frame, ref nsref) *StreamError {
	if len(w.kids) == w.limits.Children {
		return errChildren
	}
	k := kid{name: f.local(), nend: f.end, start: f.start - 1, ref: ref}
	if ref >= 0 {
		k.ns = w.binds[ref]
	}
	w.kids = append(w.kids, k)
	return nil
}

// inContent looks at an element whose parents are all in the content
// namespace. If it is too, it must have no prefix (RFC 6120 section 4.8.5,
// Namespace Declarations and Prefixes): the same prefix may mean jabber:client
// further in, where it must stay when this element becomes jabber:server.
func (w *work) inContent(b []byte, f *frame, ref nsref) *StreamError {
	if f.colon == 0 && int(f.binds) == len(w.binds) {
		f.content = true // the default namespace is that of the parent
		return nil
	}
	f.content = w.uri(b, ref) == w.root.content
	if f.content && f.colon != 0 {
		return errContentPrefix
	}
	for _, n := range w.binds[f.binds:] {
		if n.prefix == n.pend && f.content {
			w.redeclared = append(w.redeclared, span{n.val, n.vend})
		}
	}
	return nil
}

// startEnd reads the end tag that begins at i, at once if it is all there.
func (w *work) startEnd(b []byte, i int) (int, *StreamError) {
	f := &w.stack[len(w.stack)-1]
	name := b[f.start:f.end]
	end := i + 2 + len(name)
	if end < len(b) && b[end] == '>' && string(b[i+2:end]) == string(name) {
		w.closed(i, end+1)
		return end + 1, nil
	}
	w.tag, w.matched, w.lex = i, 0, inEnd
	return i + 2, nil
}

// endTag goes on reading an end tag at i.
func (w *work) endTag(b []byte, i int) (int, *StreamError) {
	f := &w.stack[len(w.stack)-1]
	name := b[f.start:f.end]
	for ; w.matched < len(name); w.matched++ {
		if i == len(b) {
			return i, cut
		}
		if b[i] != name[w.matched] {
			return i, errMismatch
		}
		i++
	}
	w.lex = inEndGap
	i = spaces(b, i)
	if i == len(b) {
		return i, cut
	}
	if b[i] != '>' {
		return i, errMismatch
	}
	w.lex = inText
	w.closed(w.tag, i+1)
	return i + 1, nil
}

// closed closes the innermost element, which ends before end with a tag that
// begins at tag (or is empty).
func (w *work) closed(tag, end int) {
	last := len(w.stack) - 1
	w.binds = w.binds[:w.stack[last].binds]
	w.stack = w.stack[:last]
	switch {
	case last == 1:
		w.kids[len(w.kids)-1].end = int32(end)
	case last == 0 && !w.root.empty:
		w.root.bodyEnd = int32(tag)
	}
}
