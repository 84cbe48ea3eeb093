package stanza

// rootAttr is where an attribute of the root is in Raw.
type rootAttr struct {
	name, nend, val, vend int32
	kind                  attrKind
}

// extra is what few stanzas have.
type extra struct {
	decls      []decl // of the stream header, used in the stanza
	redeclared []span // see work.redeclared
}

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
	w.fillAttrs(dst, raw)
	w.fillChildren(dst, raw)
	if len(w.used) > 0 || len(w.redeclared) > 0 {
		dst.extra = w.fillExtra()
	}
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
	dst.attrs = dst.attrRoom[:0]
	dst.inherits = dst.Lang != ""
	for n := range w.root.attrs {
		a := &w.root.attrs[n]
		dst.attrs = append(dst.attrs, rootAttr{a.start, a.end, a.val, a.vend, a.kind})
		if a.kind > ofXML {
			continue
		}
		value := raw[a.val:a.vend]
		if a.dirty {
			value = attrValue(value)
		}
		switch raw[a.start:a.end] {
		case "to":
			dst.To, dst.BadTo = address(value)
		case "from":
			dst.From, dst.BadFrom = address(value)
		case "id":
			dst.ID = value
		case "type":
			dst.Type = value
		case "xml:lang":
			dst.Lang, dst.inherits = value, false
		}
	}
}

// address is ParseJID for an attribute; bad says that it is none.
func address(s string) (j JID, bad bool) {
	j, err := ParseJID(s)
	return j, err != nil
}

// fillChildren lists the children.
func (w *work) fillChildren(dst *Stanza, raw string) {
	dst.children = dst.childRoom[:0]
	if len(w.kids) > len(dst.childRoom) {
		dst.children = make([]Child, 0, len(w.kids))
	}
	for n := range w.kids {
		k := &w.kids[n]
		dst.children = append(dst.children, Child{
			Name:  raw[k.name:k.nend],
			NS:    w.nsName(raw, &k.ns),
			Start: int(k.start),
			End:   int(k.end),
		})
	}
}

// fillExtra copies what is rarely there.
func (w *work) fillExtra() *extra {
	x := &extra{redeclared: append([]span(nil), w.redeclared...)}
	for _, n := range w.used {
		x.decls = append(x.decls, w.ctx.decls[n])
	}
	return x
}
