package stanza

// open takes a complete start tag that ends before i: it resolves the
// namespaces and opens the element.
func (w *work) open(b []byte, i int) *StreamError {
	depth := len(w.stack)
	if depth == w.limits.Depth {
		return errDepth
	}
	f := w.push()
	ref := f.def
	if len(w.attrs) > 0 || f.colon != 0 {
		var err *StreamError
		if ref, err = w.resolveTag(b, f); err != nil {
			return err
		}
	}
	switch depth {
	case 0:
		if err := w.openRoot(b, f, ref, i); err != nil {
			return err
		}
	case 1:
		if err := w.openKid(f, ref); err != nil {
			return err
		}
	}
	if f.routed && depth > 0 && (f.colon != 0 || w.declares > 0) {
		if err := w.inContent(b, f, ref); err != nil {
			return err
		}
	}
	if w.empty {
		w.closed(i, i)
	}
	return nil
}

// push opens the element whose start tag has been read, as if it were in the
// namespace of its parent.
func (w *work) push() *frame {
	n := len(w.stack)
	if n < cap(w.stack) {
		w.stack = w.stack[:n+1]
	} else {
		w.stack = append(w.stack, frame{})
	}
	f := &w.stack[n]
	f.start, f.colon, f.end = w.elem.start, w.elem.colon, w.elem.end
	f.binds = int32(len(w.binds))
	if n > 0 {
		parent := &w.stack[n-1]
		f.def, f.content, f.routed = parent.def, parent.content, parent.routed
	} else {
		f.def, f.content, f.routed = nsStream, false, false
	}
	return f
}

// resolveTag checks the names of a tag and its attributes against the
// namespaces in scope and returns the element's own.
func (w *work) resolveTag(b []byte, f *frame) (nsref, *StreamError) {
	if len(w.attrs) > 1 && w.duplicates(b) {
		return 0, errDuplicate
	}
	if w.declares > 0 {
		if err := w.declare(b, f); err != nil {
			return 0, err
		}
	}
	if w.prefixes > 0 {
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
// two attributes have the same expanded name (XML Namespaces sections 5,
// Using Qualified Names, and 6.3, Uniqueness of Attributes). The prefix xml
// needs neither: no other can be bound to its namespace.
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
	ns := w.uri(b, ref)
	content := w.contentNS(ns)
	f.content = content != ""
	f.routed = f.content || isContent(ns)
	if f.routed && f.colon != 0 {
		return errContentPrefix
	}
	r := &w.root
	r.attrs, w.attrs = w.attrs, r.attrs // the next tag's come into the old room
	r.name, r.content, r.tagEnd, r.empty = f.qname, content, int32(i-1), w.empty
	w.resolved(ref, &r.ns)
	if w.empty {
		r.tagEnd--
	}
	r.bodyEnd = r.tagEnd
	return nil
}

// contentNS is ns if that is the content namespace, else "". Where the stream
// header declares none, each first-level element may say its own (RFC 6120
// section 4.8.2, Content Namespace).
func (w *work) contentNS(ns string) string {
	switch {
	case ns == w.ctx.content:
		return w.ctx.content
	case !w.ctx.free:
		return ""
	case ns == NSClient:
		return NSClient
	case ns == NSServer:
		return NSServer
	case ns == NSComponent:
		return NSComponent
	}
	return ""
}

// openKid notes a child of the root.
func (w *work) openKid(f *frame, ref nsref) *StreamError {
	if len(w.kids) == w.limits.Children {
		return errChildren
	}
	n := len(w.kids)
	if n < cap(w.kids) {
		w.kids = w.kids[:n+1]
	} else {
		w.kids = append(w.kids, kid{})
	}
	k := &w.kids[n]
	k.name, k.nend, k.start = f.local(), f.end, f.start-1
	w.resolved(ref, &k.ns)
	return nil
}

// inContent looks at an element whose parents are all in content namespaces.
// If it is too, it must have no prefix (RFC 6120 section 4.8.5, Namespace
// Declarations and Prefixes). All three count, for a stanza goes from streams
// of one to streams of another.
func (w *work) inContent(b []byte, f *frame, ref nsref) *StreamError {
	if ref >= 0 && w.binds[ref].foreign() {
		f.content, f.routed = false, false
		return nil
	}
	ns := w.uri(b, ref)
	f.routed = isContent(ns)
	if f.routed && f.colon != 0 {
		return errContentPrefix
	}
	f.content = f.content && ns == w.root.content
	for _, n := range w.binds[f.binds:] {
		if n.prefix == n.pend && f.content {
			w.redeclared = append(w.redeclared, span{n.val, n.vend})
		}
	}
	return nil
}

// foreign says at a glance of most declarations that isContent will be false.
func (d *bind) foreign() bool {
	n := int(d.vend - d.val)
	return d.str == 0 && n != len(NSClient) && n != len(NSServer) && n != len(NSComponent)
}

// isContent says whether ns is the content namespace of some stream.
func isContent(ns string) bool {
	return ns == NSClient || ns == NSServer || ns == NSComponent
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
