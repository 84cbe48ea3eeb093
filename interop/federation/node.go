package main

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// node is an element that came.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Nodes   []*node    `xml:",any"`
}

// attr is an attribute without a namespace.
func (n *node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// find is the first element of that namespace and name, in depth; nil if there
// is none.
func (n *node) find(ns, name string) *node {
	for _, c := range n.Nodes {
		if c.XMLName.Space == ns && c.XMLName.Local == name {
			return c
		}
		if found := c.find(ns, name); found != nil {
			return found
		}
	}
	return nil
}

// is says whether it is a stanza of that kind and type from that address.
func (n *node) is(kind, typ, from string) bool {
	return n.XMLName.Local == kind && n.attr("type") == typ && n.attr("from") == from
}

// body is the text of a message.
func (n *node) body() string {
	for _, c := range n.Nodes {
		if c.XMLName.Local == "body" && c.XMLName.Space == n.XMLName.Space {
			return c.Text
		}
	}
	return ""
}

// condition is that of a stanza error, "" if it is none.
func (n *node) condition() string {
	if n.attr("type") != "error" {
		return ""
	}
	for _, c := range n.Nodes {
		if c.XMLName.Local != "error" {
			continue
		}
		for _, d := range c.Nodes {
			if d.XMLName.Local != "text" {
				return d.XMLName.Local
			}
		}
	}
	return "no condition"
}

// String is for people.
func (n *node) String() string {
	var b strings.Builder
	n.write(&b, "")
	return b.String()
}

func (n *node) write(b *strings.Builder, ns string) {
	fmt.Fprintf(b, "<%s", n.XMLName.Local)
	if n.XMLName.Space != ns {
		fmt.Fprintf(b, " xmlns='%s'", n.XMLName.Space)
	}
	for _, a := range n.Attrs {
		if a.Name.Local != "xmlns" {
			fmt.Fprintf(b, " %s='%s'", a.Name.Local, a.Value)
		}
	}
	b.WriteString(">")
	b.WriteString(short(n.Text))
	for _, c := range n.Nodes {
		c.write(b, n.XMLName.Space)
	}
	fmt.Fprintf(b, "</%s>", n.XMLName.Local)
}

// short is the beginning of a text.
func short(s string) string {
	if len(s) > 60 {
		return fmt.Sprintf("%.60s… (%d bytes)", s, len(s))
	}
	return s
}

// escape makes a text fit for XML.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&apos;").Replace(s)
}
