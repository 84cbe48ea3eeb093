package stanza

const nsXMLNS = "http://www.w3.org/2000/xmlns/"

// declare puts the declarations of a tag in scope.
func (w *work) declare(b []byte, f *frame) *StreamError {
	for n := range w.attrs {
		a := &w.attrs[n]
		if a.kind < xmlnsAll {
			continue
		}
		d := w.newBind()
		d.val, d.vend = a.val, a.vend
		ns := view(b[a.val:a.vend])
		if a.dirty {
			ns = attrValue(string(b[a.val:a.vend]))
			w.strs = append(w.strs, ns)
			d.str = int32(len(w.strs))
		}
		if !a.checked && !isNamespace(ns) {
			return errDeclared
		}
		if a.kind == xmlnsAll {
			f.def = nsref(len(w.binds) - 1)
		} else {
			d.prefix, d.pend = a.colon+1, a.end
		}
		if !declarable(b[d.prefix:d.pend], ns) {
			return errDeclared
		}
	}
	return nil
}

// newBind adds a declaration, to be filled in where it is (see newAttr).
func (w *work) newBind() *bind {
	n := len(w.binds)
	if n < cap(w.binds) {
		w.binds = w.binds[:n+1]
	} else {
		w.binds = append(w.binds, bind{})
	}
	d := &w.binds[n]
	d.prefix, d.pend, d.ref, d.str = 0, 0, 0, 0
	return d
}

// declarable says whether a prefix (empty for the default namespace) may be
// bound to ns (XML Namespaces section 3, Reserved Prefixes and Namespace
// Names; section 5, No Prefix Undeclaring).
func declarable(prefix []byte, ns string) bool {
	switch string(prefix) {
	case "":
	case "xml":
		return ns == NSXML
	case "xmlns":
		return false
	default:
		if ns == "" {
			return false
		}
	}
	return ns != NSXML && ns != nsXMLNS
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

// resolved sets ns to where the name is that ref stands for.
func (w *work) resolved(ref nsref, ns *namespace) {
	ns.ref = ref
	if ref >= 0 {
		d := &w.binds[ref]
		ns.val, ns.vend, ns.str = d.val, d.vend, d.str
	}
}

// uri is the namespace name that ref stands for, valid as long as b.
func (w *work) uri(b []byte, ref nsref) string {
	if ref < 0 {
		return w.ctx.uri(ref)
	}
	return w.nsName(view(b), &w.binds[ref].namespace)
}

// nsName is the namespace name that ns says where to find, a part of text if
// possible.
func (w *work) nsName(text string, ns *namespace) string {
	switch {
	case ns.ref < 0:
		return w.ctx.uri(ns.ref)
	case ns.str != 0:
		return w.strs[ns.str-1]
	}
	return text[ns.val:ns.vend]
}

// uri is a namespace name that is not declared in the element itself.
func (c *context) uri(ref nsref) string {
	switch ref {
	case nsXML:
		return NSXML
	case nsStream:
		return c.def
	}
	return c.decls[nsDecls-ref].ns
}
