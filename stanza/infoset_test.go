package stanza

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// node is an element as encoding/xml sees it, with namespaces resolved here
// and not by the code under test.
type node struct {
	NS, Name string
	Attrs    []string // {namespace}name=value, sorted
	Content  []any    // string or *node, no two strings in a row
	// streamNS says that the namespace is the content namespace of the stream:
	// inherited from its header, or declared where all around is in it too.
	streamNS bool
	chain    bool // it is, and all around it
}

// scope is a namespace declaration in scope.
type scopeEntry struct {
	prefix, ns string
	stream     bool
}

var errUndeclared = errors.New("undeclared prefix")

// parseInfoset reads a document whose root is a stream header and returns the
// root. All declarations of the content namespace on elements that have only
// such elements around them count as the stream's.
func parseInfoset(doc string) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(doc))
	var root *node
	var stack []*node
	scopes := [][]scopeEntry{{{"xml", NSXML, false}}}
	content := ""
	for {
		tok, err := d.RawToken()
		if err == io.EOF && len(stack) == 0 && root != nil {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			n := new(node)
			scope := slices.Clone(scopes[len(scopes)-1])
			chain := tok.Name.Space == "" && (len(stack) < 2 || stack[len(stack)-1].chain)
			for _, a := range tok.Attr {
				switch {
				case a.Name.Space == "" && a.Name.Local == "xmlns":
					if len(stack) == 0 {
						content = a.Value
					}
					stream := content != "" && a.Value == content && (chain || len(stack) == 0)
					scope = append(scope, scopeEntry{"", a.Value, stream})
				case a.Name.Space == "xmlns":
					scope = append(scope, scopeEntry{a.Name.Local, a.Value, false})
				}
			}
			if err := n.resolve(tok, scope); err != nil {
				return nil, err
			}
			n.chain = chain && n.streamNS
			if len(stack) > 0 {
				stack[len(stack)-1].add(n)
			} else {
				root = n
			}
			stack, scopes = append(stack, n), append(scopes, scope)
		case xml.EndElement:
			if len(stack) == 0 {
				return nil, errors.New("end tag too many")
			}
			stack, scopes = stack[:len(stack)-1], scopes[:len(scopes)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].add(string(tok))
			}
		case xml.ProcInst:
		default:
			return nil, fmt.Errorf("unexpected %T", tok)
		}
	}
}

// resolve sets the names from what is in scope.
func (n *node) resolve(tok xml.StartElement, scope []scopeEntry) error {
	e, err := resolvePrefix(scope, tok.Name.Space)
	if err != nil {
		return err
	}
	n.Name, n.NS, n.streamNS = tok.Name.Local, e.ns, e.stream
	for _, a := range tok.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		ns := ""
		if a.Name.Space != "" {
			e, err := resolvePrefix(scope, a.Name.Space)
			if err != nil {
				return err
			}
			ns = e.ns
		}
		n.setAttr("{"+ns+"}"+a.Name.Local, a.Value)
	}
	return nil
}

func resolvePrefix(scope []scopeEntry, prefix string) (scopeEntry, error) {
	for i := len(scope) - 1; i >= 0; i-- {
		if scope[i].prefix == prefix {
			return scope[i], nil
		}
	}
	if prefix == "" {
		return scopeEntry{}, nil
	}
	return scopeEntry{}, fmt.Errorf("%w %s", errUndeclared, prefix)
}

// add appends to the content, joining strings.
func (n *node) add(c any) {
	if s, ok := c.(string); ok {
		if s == "" {
			return
		}
		if last := len(n.Content) - 1; last >= 0 {
			if before, ok := n.Content[last].(string); ok {
				n.Content[last] = before + s
				return
			}
		}
	}
	n.Content = append(n.Content, c)
}

// setAttr sets or adds an attribute. encoding/xml does not normalise white
// space in values, so it is all the same here.
func (n *node) setAttr(name, value string) {
	n.dropAttr(name)
	value = strings.Map(blank, value)
	n.Attrs = append(n.Attrs, name+"="+value)
	slices.Sort(n.Attrs)
}

// blank makes white space blanks.
func blank(r rune) rune {
	if strings.ContainsRune(whiteSpace, r) {
		return ' '
	}
	return r
}

// attr is the value of an attribute, "" if there is none.
func (n *node) attr(name string) string {
	for _, a := range n.Attrs {
		if value, ok := strings.CutPrefix(a, name+"="); ok {
			return value
		}
	}
	return ""
}

func (n *node) dropAttr(name string) {
	n.Attrs = slices.DeleteFunc(n.Attrs, func(a string) bool { return strings.HasPrefix(a, name+"=") })
}

func (n *node) hasAttr(name string) bool {
	return slices.ContainsFunc(n.Attrs, func(a string) bool { return strings.HasPrefix(a, name+"=") })
}

// elements are the child elements.
func (n *node) elements() []*node {
	var out []*node
	for _, c := range n.Content {
		if e, ok := c.(*node); ok {
			out = append(out, e)
		}
	}
	return out
}

// text is the character data directly in n.
func (n *node) text() string {
	var b strings.Builder
	for _, c := range n.Content {
		if s, ok := c.(string); ok {
			b.WriteString(s)
		}
	}
	return b.String()
}

// String is the same for the same infoset.
func (n *node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	fmt.Fprintf(b, "<{%s}%s %q>", n.NS, n.Name, n.Attrs)
	for _, c := range n.Content {
		switch c := c.(type) {
		case string:
			fmt.Fprintf(b, "%q", c)
		case *node:
			c.write(b)
		}
	}
	b.WriteString("</>")
}

// elementString is the same for an Element as String for its node, but that it
// has the text of each element in one piece.
func elementString(e *Element) string {
	n := nodeOf(e)
	return n.String()
}

func nodeOf(e *Element) *node {
	n := &node{NS: e.NS, Name: e.Name}
	for _, a := range e.Attrs {
		n.setAttr("{"+a.NS+"}"+a.Name, a.Value)
	}
	n.add(e.Text)
	for _, c := range e.Children {
		n.add(nodeOf(c))
	}
	return n
}

// textFirst is n with all text of an element in front, as Element has it.
func (n *node) textFirst() *node {
	out := &node{NS: n.NS, Name: n.Name, Attrs: n.Attrs}
	out.add(n.text())
	for _, c := range n.elements() {
		out.add(c.textFirst())
	}
	return out
}
