package xmpptest

import "fmt"

// Dialect is a Server that differs from the scripts where they are not about it.
// Ours is none: it must do what they say to the letter.
type Dialect interface {
	// Adds says whether a child that no script has may be there.
	Adds(child *Element) bool
	// Lacks says whether a child that a script has may be absent.
	Lacks(child *Element) bool
	// Early says whether a stanza may come before those that a script has first.
	Early(stanza *Element) bool
	// Passes says whether a stanza that is not expected may come.
	Passes(stanza *Element) bool
	// Agrees says whether an attribute may be other than a script wants it.
	Agrees(e *Element, attr, want string) bool
}

func newMatcher(srv Server) *matcher {
	m := &matcher{vars: map[string]string{}}
	m.dialect, _ = srv.(Dialect)
	return m
}

func (m *matcher) early(e *Element) bool { return m.dialect != nil && m.dialect.Early(e) }

// came is for messages to people.
func came(items []item) string {
	text := fmt.Sprintf("%d others came", len(items))
	for _, i := range items {
		text += "\n\tcame:     " + i.el.String()
	}
	return text
}

// passes says whether a stanza that is not expected may come.
func (m *matcher) passes(e *Element) bool { return m.dialect != nil && m.dialect.Passes(e) }
