package xmpptest

import (
	"fmt"
	"slices"
	"strings"
)

// matcher compares what came with what a script expects; vars holds what
// $names stood for so far.
type matcher struct {
	vars    map[string]string
	dialect Dialect // nil for a server that must do what a script says to the letter
}

// match says why got is not what want describes, nil if it is.
func (m *matcher) match(want, got *Element) error {
	if want.Name != got.Name || want.NS != got.NS {
		return fmt.Errorf("<%s xmlns='%s'> expected, <%s xmlns='%s'> came", want.Name, want.NS, got.Name, got.NS)
	}
	for name, w := range want.Attrs {
		if m.dialect != nil && m.dialect.Agrees(got, name, w) {
			continue
		}
		if err := m.value(w, got.Attrs, name); err != nil {
			return fmt.Errorf("<%s>: %w", want.Name, err)
		}
	}
	if w := strings.TrimSpace(want.Text); w != "*" && w != strings.TrimSpace(got.Text) && !m.variable(w, got.Text) {
		return fmt.Errorf("<%s>: text %q expected, %q came", want.Name, w, got.Text)
	}
	return m.children(want, got)
}

func (m *matcher) value(w string, attrs map[string]string, name string) error {
	g, there := attrs[name]
	switch {
	case w == "-":
		if there {
			return fmt.Errorf("attribute %s='%s' must not be there", name, g)
		}
	case !there:
		return fmt.Errorf("attribute %s is missing", name)
	case w == "*" || w == g || m.variable(w, g):
	default:
		return fmt.Errorf("attribute %s: %q expected, %q came", name, m.known(w), g)
	}
	return nil
}

// variable binds or compares a $name.
func (m *matcher) variable(w, g string) bool {
	if !strings.HasPrefix(w, "$") {
		return false
	}
	if old, ok := m.vars[w]; ok {
		return old == g
	}
	m.vars[w] = g
	return true
}

func (m *matcher) known(w string) string {
	if v, ok := m.vars[w]; ok {
		return v
	}
	return w
}

// children matches each expected child with one that came, in any order.
func (m *matcher) children(want, got *Element) error {
	left := append([]*Element(nil), got.Children...)
	more := false
	for _, w := range want.Children {
		if w.Name == "more" && len(w.Attrs) == 0 {
			more = true
			continue
		}
		i, err := m.find(w, left)
		if err != nil && m.dialect != nil && m.dialect.Lacks(w) {
			continue
		}
		if err != nil {
			return fmt.Errorf("<%s>: %w", want.Name, err)
		}
		left = append(left[:i], left[i+1:]...)
	}
	left = slices.DeleteFunc(left, func(e *Element) bool {
		return m.dialect != nil && m.dialect.Adds(e) || ownID(got, e)
	})
	if len(left) > 0 && !more {
		return fmt.Errorf("<%s>: unexpected child %s", want.Name, left[0])
	}
	return nil
}

// ownID says whether e tells the receiver of a message where it is in the
// receiver's own archive (XEP-0313 section 3.5, Communicating the archive ID).
// Most scripts are not about that; those that are name it.
func ownID(message, e *Element) bool {
	bare, _, _ := strings.Cut(message.Attrs["to"], "/")
	return message.Name == "message" && e.Name == "stanza-id" && e.NS == "urn:xmpp:sid:0" &&
		e.Attrs["by"] == bare
}

func (m *matcher) find(w *Element, among []*Element) (int, error) {
	first := fmt.Errorf("%s is missing", w)
	for i, g := range among {
		vars := make(map[string]string, len(m.vars))
		for k, v := range m.vars {
			vars[k] = v
		}
		err := m.match(w, g)
		if err == nil {
			return i, nil
		}
		m.vars = vars
		if g.Name == w.Name && g.NS == w.NS {
			first = err
		}
	}
	return 0, first
}
