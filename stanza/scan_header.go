package stanza

import "strings"

// prolog reads what comes before and with the stream header (RFC 6120 section
// 11.5, Inclusion of XML Declaration).
func (sc *Scanner) prolog(buf []byte) (Token, int, *StreamError) {
	if sc.state == atStart {
		if n := spaces(buf, 0); n > 0 {
			// White space behind the last element of the stream before this one
			// is that stream's. COMPAT: go-sendxmpp ends each element with a newline.
			sc.late = !sc.again
			return Space, n, nil
		}
		if err := sc.start(buf); err != nil {
			return sc.unlessCut(buf, err)
		}
	}
	w := sc.work
	b := buf[:min(len(buf), w.limits.Bytes)]
	if sc.state == inProlog {
		if err := w.beforeHeader(b); err != nil {
			return sc.unlessCut(buf, err)
		}
		sc.state = inHeader
	}
	i, err := w.startTag(b, w.pos)
	w.pos = i
	if err != nil {
		return sc.unlessCut(buf, err)
	}
	if err := sc.opened(b); err != nil {
		return More, 0, err
	}
	sc.state = inStream
	return Opened, i, nil
}

// start reads the XML declaration, if there is one.
func (sc *Scanner) start(buf []byte) *StreamError {
	end := 0
	switch {
	case buf[0] != '<':
		// Also for U+FEFF, which is no byte order mark here (RFC 6120 section
		// 11.6, Character Encoding).
		return errOutside
	case len(buf) == 1:
		return cut
	case buf[1] == '?' && sc.late:
		return instruction(buf, 0)
	case buf[1] == '?':
		var err *StreamError
		if end, err = xmlDecl(buf); err != nil {
			return err
		}
	}
	sc.ctx = &context{}
	sc.begin().pos = end
	sc.state = inProlog
	return nil
}

// beforeHeader passes white space before the header and starts its tag.
func (w *work) beforeHeader(b []byte) *StreamError {
	i := spaces(b, w.pos)
	w.pos = i
	switch {
	case i == len(b):
		return cut
	case b[i] != '<':
		return errOutside
	case i+1 == len(b):
		return cut
	case b[i+1] == '!' || b[i+1] == '?':
		if _, err := declaration(b, i); err != nil {
			return err
		}
		return errOutside
	}
	w.startElement(i)
	return nil
}

// unlessCut is the result for an error that may be cut.
func (sc *Scanner) unlessCut(buf []byte, err *StreamError) (Token, int, *StreamError) {
	switch {
	case err != cut:
		return More, 0, err
	case sc.work != nil && len(buf) >= sc.work.limits.Bytes:
		return More, 0, errBytes
	}
	return More, 0, nil
}

// opened takes a complete stream header (RFC 6120 section 4.7, Stream
// Attributes, and 4.8, XML Namespaces).
func (sc *Scanner) opened(b []byte) *StreamError {
	w := sc.work
	f := frame{qname: w.elem, def: nsStream}
	ref, err := w.resolveTag(b, &f)
	if err != nil {
		return err
	}
	h := &Header{Name: string(b[f.local():f.end]), NS: w.uri(b, ref)}
	switch {
	case h.NS != NSStream:
		return errStreamNS
	case h.Name != "stream" || w.empty:
		return errBadHeader
	}
	h.Name, h.NS = "stream", NSStream
	h.ContentNS = known(w.uri(b, f.def))
	w.headerAttrs(b, h)
	sc.header, sc.end = h, string(b[f.start:f.end])
	sc.ctx = &context{def: h.ContentNS, content: h.ContentNS, lang: h.Lang, decls: w.headerDecls(b)}
	if h.ContentNS == "" || h.ContentNS == NSStream {
		sc.ctx.content, sc.ctx.free = "", true
	}
	for _, d := range sc.ctx.decls {
		if d.ns == NSStream {
			continue
		}
		if h.Prefixes == nil {
			h.Prefixes = make(map[string]string)
		}
		h.Prefixes[d.prefix] = d.ns
	}
	return nil
}

// headerAttrs fills in the attributes of a stream header.
func (w *work) headerAttrs(b []byte, h *Header) {
	for n := range w.attrs {
		a := &w.attrs[n]
		var field *string
		switch string(b[a.start:a.end]) {
		case "to":
			field = &h.To
		case "from":
			field = &h.From
		case "id":
			field = &h.ID
		case "version":
			field = &h.Version
		case "xml:lang":
			field = &h.Lang
		default:
			continue
		}
		*field = attrValue(string(b[a.val:a.vend]))
	}
}

// headerDecls are the prefixes that a stream header declares.
func (w *work) headerDecls(b []byte) []decl {
	var decls []decl
	for n, d := range w.binds {
		if prefix := string(b[d.prefix:d.pend]); prefix != "" && prefix != "xml" {
			decls = append(decls, decl{prefix, known(w.uri(b, nsref(n)))})
		}
	}
	return decls
}

// known is ns in memory of its own, for the usual names without any.
func known(ns string) string {
	for _, k := range [...]string{NSClient, NSServer, NSComponent, NSStream} {
		if ns == k {
			return k
		}
	}
	return strings.Clone(ns)
}
