package stanza

const nsXMLNS = "http://www.w3.org/2000/xmlns/"

// declare puts the declarations of a tag in scope. The empty declaration of a
// prefix and every use of the two reserved prefixes or names but the harmless
// one are errors (XML Namespaces section 3, Reserved Prefixes and Namespace
// Names; section 5, No Prefix Undeclaring).
func (w *work) declare(b []byte, f *frame) *StreamError {
	for n := range w.attrs {
		a := &w.attrs[n]
		if a.kind != xmlnsAll && a.kind != xmlnsOne {
			continue
		}
		d := bind{val: a.val, vend: a.vend}
		if a.dirty {
			w.strs = append(w.strs, attrValue(string(b[a.val:a.vend])))
			d.str = int32(len(w.strs))
		}
		if a.kind == xmlnsOne {
			d.prefix, d.pend = a.colon+1, a.end
		}
		w.binds = append(w.binds, d)
		ref := nsref(len(w.binds) - 1)
		if !declarable(view(b[d.prefix:d.pend]), w.uri(b, ref)) {
			return errDeclared
		}
		if a.kind == xmlnsAll {
			f.def = ref
		}
	}
	return nil
}

// declarable says whether a prefix ("" for the default namespace) may be
// bound to ns.
func declarable(prefix, ns string) bool {
	switch {
	case prefix == "xml":
		return ns == NSXML
	case prefix == "xmlns" || prefix != "" && ns == "":
		return false
	}
	return ns != NSXML && ns != nsXMLNS && isNamespace(ns)
}

// isNamespace says whether every parser takes ns for a namespace name. Expat
// refuses one that contains the separator its user chose for names, unless
// that is a character of URIs: what one client may say must not end the
// stream of another.
func isNamespace(ns string) bool {
	for i := range len(ns) {
		if c := ns[i]; c < 0x80 && class[c]&isURI == 0 && c != '\'' && c != '&' {
			return false
		}
	}
	return true
}

// lookup finds the namespace of a prefix.
func (w *work) lookup(b, prefix []byte) (nsref, bool) {
	for n := len(w.binds) - 1; n >= 0; n-- {
		d := &w.binds[n]
		if string(b[d.prefix:d.pend]) == string(prefix) {
			return nsref(n), true
		}
	}
	if string(prefix) == "xml" {
		return nsXML, true
	}
	for n := range w.ctx.decls {
		if w.ctx.decls[n].prefix == string(prefix) {
			w.use(int32(n))
			return nsDecls - nsref(n), true
		}
	}
	return 0, false
}

// use notes that a declaration of the stream header is needed.
func (w *work) use(n int32) {
	for _, u := range w.used {
		if u == n {
			return
		}
	}
	w.used = append(w.used, n)
}

// uri is the namespace name that ref stands for, valid as long as b.
func (w *work) uri(b []byte, ref nsref) string {
	if ref < 0 {
		return w.ctx.uri(ref)
	}
	return w.bound(view(b), w.binds[ref])
}

// bound is the namespace name of a declaration in text.
func (w *work) bound(text string, d bind) string {
	if d.str != 0 {
		return w.strs[d.str-1]
	}
	return text[d.val:d.vend]
}

// uri is a namespace name that is not declared in the element itself.
func (c *context) uri(ref nsref) string {
	switch ref {
	case nsNone:
		return ""
	case nsXML:
		return NSXML
	case nsStream:
		return c.content
	}
	return c.decls[nsDecls-ref].ns
}
