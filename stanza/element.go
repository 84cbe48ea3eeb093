package stanza

import (
	"slices"
	"strings"
)

// Element is a parsed element for those who look inside a child. Text is the
// concatenated character data directly below it.
type Element struct {
	Name, NS string
	Attrs    []Attr
	Children []*Element
	Text     string
	Raw      string // as written; namespace prefixes declared further out are not in it

	outer []decl // what was in scope around it, innermost last
}

// Attr is an attribute; NS is "" for one without a prefix.
type Attr struct{ NS, Name, Value string }

// Attr is the value of an attribute without a namespace, "" if absent.
func (e *Element) Attr(name string) string {
	if e == nil {
		return ""
	}
	for n := range e.Attrs {
		if a := &e.Attrs[n]; a.NS == "" && a.Name == name {
			return a.Value
		}
	}
	return ""
}

// Child is the first child element of that name, or nil; ns "" means e's own
// namespace. A nil Element has no children, no attributes and no text.
func (e *Element) Child(ns, name string) *Element {
	if e == nil {
		return nil
	}
	if ns == "" {
		ns = e.NS
	}
	for _, c := range e.Children {
		if c.Name == name && c.NS == ns {
			return c
		}
	}
	return nil
}

// ChildText is the text of the first child of that name (see Child), "" if
// there is none.
func (e *Element) ChildText(ns, name string) string {
	if c := e.Child(ns, name); c != nil {
		return c.Text
	}
	return ""
}

// Element parses one child into a tree.
func (s *Stanza) Element(c Child) *Element {
	t := tree{raw: s.Raw, scope: s.scope()}
	list := s.attrList()
	for n := range list {
		if a := &list[n]; a.kind >= xmlnsAll {
			t.bind(s.attrName(a), attrValue(s.Raw[a.val:a.vend]))
		}
	}
	e, _ := t.element(c.Start)
	return e
}

// Root parses the whole element into a tree.
func (s *Stanza) Root() *Element {
	t := tree{raw: s.Raw, scope: s.scope()}
	e, _ := t.element(0)
	return e
}

// scope is what the stream header declared, as far as it is in use.
func (s *Stanza) scope() []decl {
	scope := []decl{{"xml", NSXML}, {"", s.content}}
	if s.extra != nil {
		scope = append(scope, s.extra.decls...)
	}
	return scope
}

// tree builds Elements from text that has been checked.
type tree struct {
	raw   string
	scope []decl // innermost last
}

// bind puts the declaration by an attribute of that name in scope.
func (t *tree) bind(name, ns string) {
	// Clipped: Elements keep the scope around them.
	t.scope = append(slices.Clip(t.scope), decl{strings.TrimPrefix(name[len("xmlns"):], ":"), ns})
}

// lookup is the namespace of a prefix in scope.
func (t *tree) lookup(prefix string) string {
	for n := len(t.scope) - 1; n >= 0; n-- {
		if t.scope[n].prefix == prefix {
			return t.scope[n].ns
		}
	}
	return ""
}

// element builds the element that begins at i and returns where it ends. It
// calls itself no deeper than the limits of the scanner let elements nest.
func (t *tree) element(i int) (*Element, int) {
	outer := t.scope
	e, at, empty := t.startTag(i)
	e.outer = outer
	if !empty {
		at = t.content(e, at)
	}
	t.scope = outer
	e.Raw = t.raw[i:at]
	return e, at
}

// content reads what is between the tags of e and the end tag.
func (t *tree) content(e *Element, i int) int {
	for {
		next := i + strings.IndexByte(t.raw[i:], '<')
		e.addText(charData(t.raw[i:next]))
		switch t.raw[next+1] {
		case '/':
			return next + strings.IndexByte(t.raw[next:], '>') + 1
		case '!':
			begin := next + len("<![CDATA[")
			end := begin + strings.Index(t.raw[begin:], "]]>")
			e.addText(lineEnds(t.raw[begin:end]))
			i = end + len("]]>")
		default:
			var c *Element
			c, i = t.element(next)
			e.Children = append(e.Children, c)
		}
	}
}

// addText adds character data.
func (e *Element) addText(s string) {
	if e.Text == "" {
		e.Text = s
	} else if s != "" {
		e.Text += s
	}
}

// startTag reads the start tag at i and returns where it ends.
func (t *tree) startTag(i int) (e *Element, end int, empty bool) {
	e = new(Element)
	name, i := t.name(i + 1)
	for {
		i = t.space(i)
		switch t.raw[i] {
		case '>', '/':
			empty = t.raw[i] == '/'
			t.resolve(e, name)
			if empty {
				i++
			}
			return e, i + 1, empty
		}
		var a Attr
		a.Name, i = t.name(i)
		i = t.space(t.space(i) + 1) // white space may surround the "="
		n := strings.IndexByte(t.raw[i+1:], t.raw[i])
		a.Value = attrValue(t.raw[i+1 : i+1+n])
		i += n + 2
		if a.Name == "xmlns" || strings.HasPrefix(a.Name, "xmlns:") {
			t.bind(a.Name, a.Value)
			continue
		}
		e.Attrs = append(e.Attrs, a)
	}
}

// resolve gives e and its attributes their namespaces.
func (t *tree) resolve(e *Element, name string) {
	prefix, local, ok := strings.Cut(name, ":")
	if !ok {
		prefix, local = "", name
	}
	e.Name, e.NS = local, t.lookup(prefix)
	for n := range e.Attrs {
		a := &e.Attrs[n]
		if prefix, local, ok := strings.Cut(a.Name, ":"); ok {
			a.NS, a.Name = t.lookup(prefix), local
		}
	}
}

// name reads the name at i.
func (t *tree) name(i int) (string, int) {
	n := strings.IndexAny(t.raw[i:], " \t\r\n=/>")
	return t.raw[i : i+n], i + n
}

// space passes white space.
func (t *tree) space(i int) int { return spaces(bytesOf(t.raw), i) }
