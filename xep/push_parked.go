package xep

import (
	"context"
	"strings"

	"parley/router"
)

// parked says which nodes a session has named, so that the next process does not
// wake a client that is there: one line each.
func (m *Push) parked(s *router.Session) string {
	l, ok := m.lists.Peek(s.Account)
	if !ok {
		return ""
	}
	var lines []string
	for _, n := range l.find(func(n *pushNode) bool { return n.session == s }) {
		lines = append(lines, n.name())
	}
	return strings.Join(lines, "\n")
}

// restored undoes parked.
func (m *Push) restored(ctx context.Context, s *router.Session, saved string) error {
	if saved == "" {
		return nil
	}
	l, err := m.lists.Get(ctx, s.Account)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for name := range strings.SplitSeq(saved, "\n") {
		for _, n := range l.list {
			if n.name() == name {
				n.session = s
			}
		}
	}
	return nil
}

// name is the node with its service on one line.
func (n *pushNode) name() string {
	return n.jid.String() + " " + strings.ReplaceAll(n.node, "\n", " ")
}
