package stanza

// fill makes dst the element that has been read; raw is its text.
func (w *work) fill(dst *Stanza, raw string) {
	if dst.Raw != "" {
		*dst = Stanza{}
	}
	r := &w.root
	dst.Raw, dst.Name, dst.NS = raw, raw[r.name.local():r.name.end], w.nsName(raw, &r.ns)
	dst.Kind, dst.Lang, dst.content = Other, w.ctx.lang, r.content
	dst.nameEnd, dst.tagEnd, dst.bodyEnd, dst.empty = r.name.end, r.tagEnd, r.bodyEnd, r.empty
	if r.content != "" {
		dst.Kind, dst.scoped = kindNamed(dst.Name), true
	} else {
		dst.content = w.ctx.def
	}
	if len(w.used) > 0 || len(w.redeclared) > 0 {
		dst.extra = w.fillExtra()
	}
	w.fillAttrs(dst, raw)
	w.fillChildren(dst)
}

// kindNamed is the kind of a first-level element of the content namespace.
func kindNamed(name string) Kind {
	switch name {
	case "message":
		return Message
	case "presence":
		return Presence
	case "iq":
		return IQ
	}
	return Other
}

// fillAttrs sets what the root's attributes say. Only those without a prefix,
// and xml:lang, mean anything here.
func (w *work) fillAttrs(dst *Stanza, raw string) {
	attrs := w.root.attrs
	if len(attrs) > len(dst.attrRoom) {
		dst.more().attrs = make([]rootAttr, len(attrs))
	}
	dst.attrs = int32(len(attrs))
	dst.inherits = dst.Lang != ""
	list := dst.attrList()
	for n := range attrs {
		a, to := &attrs[n], &list[n]
		to.name, to.val, to.vend, to.kind = a.start, a.val, a.vend, a.kind
		if a.kind > ofXML {
			dst.xmlns = dst.xmlns || a.kind == xmlnsAll
			continue
		}
		if to.is = usualNamed(raw[a.start:a.end]); to.is == otherName {
			continue
		}
		value := raw[a.val:a.vend]
		if a.dirty {
			value = attrValue(value)
		}
		if to.is == nameTo {
			dst.usual.add(nameTo)
			dst.To, dst.BadTo = w.address(value)
			continue
		}
		dst.set(to.is, value)
	}
}

// address reads a to, which mostly is that of the stanza before.
func (w *work) address(s string) (j JID, bad bool) {
	if s == w.to.s && s != "" {
		return JID{s: s, local: w.to.local, domain: w.to.domain}, false
	}
	j, bad = address(s)
	if j.s == s {
		w.to = j
	}
	return j, bad
}

// set takes over one of the usual attributes.
func (s *Stanza) set(n usualName, value string) {
	s.usual.add(n)
	switch n {
	case nameTo:
		s.To, s.BadTo = address(value)
	case nameFrom:
		s.From, s.BadFrom = address(value)
	case nameID:
		s.ID = value
	case nameType:
		s.Type = value
	case nameLang:
		s.Lang, s.inherits = value, false
	}
}

// address is ParseJID for an attribute; bad says that it is none.
func address(s string) (j JID, bad bool) {
	j, err := ParseJID(s)
	return j, err != nil
}

// fillChildren lists the children.
func (w *work) fillChildren(dst *Stanza) {
	if len(w.kids) > len(dst.childRoom) {
		dst.more().children = make([]child, len(w.kids))
	}
	dst.children = int32(len(w.kids))
	list := dst.childList()
	for n := range w.kids {
		k, c := &w.kids[n], &list[n]
		c.name, c.nend, c.start, c.end = k.name, k.nend, k.start, k.end
		switch {
		case k.ns.ref == nsStream: // then the stanza is in it, or it has no other
			c.ns.start = contentSpace
		case k.ns.ref >= 0 && k.ns.str == 0:
			c.ns = span{k.ns.val, k.ns.vend}
		default:
			x := dst.more()
			x.spaces = append(x.spaces, w.nsName(dst.Raw, &k.ns))
			c.ns.start = contentSpace - int32(len(x.spaces))
		}
	}
}

// more is room for what few stanzas have.
func (s *Stanza) more() *extra {
	if s.extra == nil {
		s.extra = new(extra)
	}
	return s.extra
}

// fillExtra copies what is rarely there.
func (w *work) fillExtra() *extra {
	x := &extra{redeclared: append([]span(nil), w.redeclared...)}
	for _, n := range w.used {
		x.decls = append(x.decls, w.ctx.decls[n])
	}
	return x
}
