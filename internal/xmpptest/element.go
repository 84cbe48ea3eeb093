package xmpptest

import (
	"encoding/xml"
	"fmt"
	"sort"
	"strings"
)

// Element is a received or expected element with namespaces resolved.
type Element struct {
	NS, Name string
	Attrs    map[string]string // "name" or "{ns}name"
	Children []*Element
	Text     string
}

// readElement reads the rest of an element whose start tag was just read.
func readElement(d *xml.Decoder, start xml.StartElement) (*Element, error) {
	e := newElement(start)
	for {
		tok, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			c, err := readElement(d, t)
			if err != nil {
				return nil, err
			}
			e.Children = append(e.Children, c)
		case xml.CharData:
			e.Text += string(t)
		case xml.EndElement:
			return e, nil
		}
	}
}

func newElement(start xml.StartElement) *Element {
	e := &Element{NS: start.Name.Space, Name: start.Name.Local, Attrs: map[string]string{}}
	for _, a := range start.Attr {
		switch {
		case a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns"):
		case a.Name.Space == "" || a.Name.Space == "http://www.w3.org/XML/1998/namespace" || a.Name.Space == "xml":
			name := a.Name.Local
			if a.Name.Space != "" {
				name = "xml:" + name
			}
			e.Attrs[name] = a.Value
		default:
			e.Attrs["{"+a.Name.Space+"}"+a.Name.Local] = a.Value
		}
	}
	return e
}

// parseElements reads the expected elements of a script; they stand in a
// client's stream, so jabber:client is the default namespace.
func parseElements(text string) ([]*Element, error) {
	d := xml.NewDecoder(strings.NewReader(
		"<s xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>" + text + "</s>"))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var list []*Element
	for {
		tok, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("expected XML: %w", err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			e, err := readElement(d, t)
			if err != nil {
				return nil, fmt.Errorf("expected XML: %w", err)
			}
			list = append(list, e)
		case xml.EndElement:
			return list, nil
		}
	}
}

// String is the element as XML, for messages to people.
func (e *Element) String() string {
	var b strings.Builder
	e.write(&b, "jabber:client")
	return b.String()
}

func (e *Element) write(b *strings.Builder, ns string) {
	b.WriteString("<" + e.Name)
	if e.NS != ns {
		fmt.Fprintf(b, " xmlns='%s'", e.NS)
	}
	names := make([]string, 0, len(e.Attrs))
	for n := range e.Attrs {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		fmt.Fprintf(b, " %s='%s'", n, e.Attrs[n])
	}
	b.WriteString(">" + strings.TrimSpace(e.Text))
	for _, c := range e.Children {
		c.write(b, e.NS)
	}
	b.WriteString("</" + e.Name + ">")
}

// child is the first child of that name, nil if there is none.
func (e *Element) child(name string) *Element {
	for _, c := range e.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}
