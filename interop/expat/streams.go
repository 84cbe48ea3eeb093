package main

import (
	"slices"
	"strings"

	"parley/stanza"
)

// checkStream scans a stream and asks expat about all that is accepted.
func (p *peer) checkStream(s string) {
	sc := stanza.NewScanner(stanza.Limits{})
	in, header, end := []byte(s), "", ""
	for {
		var st stanza.Stanza
		tok, n, err := sc.Scan(in, &st)
		if err != nil || tok == stanza.More {
			return
		}
		switch tok {
		case stanza.Opened:
			header = string(in[:n])
			end = "</" + rootName(header) + ">"
			p.ask("header", header+end, "")
		case stanza.Found:
			var b strings.Builder
			canonical(&b, st.Root())
			p.ask("stanza", header+st.Raw+end, b.String())
			p.checkOutput(&st)
		}
		in = in[n:]
	}
}

// rootName is the name of the element that a stream header opens, which may
// come after an XML declaration.
func rootName(header string) string {
	if _, after, ok := strings.Cut(header, "?>"); ok {
		header = after
	}
	_, name, _ := strings.Cut(header, "<")
	return name[:strings.IndexAny(name, " \t\r\n>")]
}

// checkOutput asks about a stanza as it is written to other streams, with
// edits of all kinds.
func (p *peer) checkOutput(s *stanza.Stanza) {
	var e stanza.Edits
	e.Set("to", "a'b\"<&>\t@example.com")
	e.Set("from", "c@example.com")
	e.Drop("id")
	e.Cut(1)
	e.First("<x xmlns='urn:x'/>")
	e.Last("<y:y xmlns:y='urn:y'/>")
	var bare stanza.Edits
	for i := range s.Children() {
		bare.Cut(i)
	}
	for _, ns := range []string{stanza.NSClient, stanza.NSServer, stanza.NSComponent} {
		open := "<stream:stream xmlns='" + ns + "' xmlns:stream='http://etherx.jabber.org/streams'>"
		for _, edits := range []*stanza.Edits{nil, &e, &bare} {
			text := string(s.Append(nil, edits, stanza.Out{NS: ns}))
			p.ask("written to "+ns, open+text+"</stream:stream>", "")
		}
	}
	alone := stanza.Out{XMLNS: true}
	p.ask("written alone", string(s.Append(nil, nil, alone)), "")
	p.ask("forwarded", "<f xmlns='urn:xmpp:forward:0'>"+string(s.Append(nil, &e, alone))+"</f>", "")
	if s.Kind != stanza.Other {
		p.ask("reply", s.ErrorReply(stanza.BadRequest.WithText(s.ID)).Raw, "")
	}
}

// canonical writes an element as check.py does: namespace and name, attributes
// in order, text, children. The marks are no characters of XML.
func canonical(b *strings.Builder, e *stanza.Element) {
	b.WriteString("\x02" + expanded(e.NS, e.Name))
	var attrs []string
	for _, a := range e.Attrs {
		attrs = append(attrs, expanded(a.NS, a.Name)+"="+a.Value)
	}
	slices.Sort(attrs)
	for _, a := range attrs {
		b.WriteString("\x03" + a)
	}
	b.WriteString("\x04" + e.Text)
	for _, c := range e.Children {
		canonical(b, c)
	}
	b.WriteString("\x05")
}

// expanded is a name with its namespace as pyexpat writes it.
func expanded(ns, name string) string {
	if ns == "" {
		return name
	}
	return ns + "\n" + name
}
