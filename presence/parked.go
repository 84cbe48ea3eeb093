package presence

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/router"
	"parley/stanza"
)

// save tells to whom a session has sent directed presence, so that they are told
// of its end also if that comes after a restart (RFC 6121 section 4.6.3, Server
// Processing of Outbound Directed Presence).
func (m *Presence) save(s *router.Session) string {
	d := m.directedOf(s)
	if d == nil {
		return ""
	}
	d.mu.Lock()
	all := slices.Collect(maps.Keys(d.to))
	d.mu.Unlock()
	var list []string
	for _, jid := range all {
		list = append(list, jid.String())
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

// restore undoes save.
func (m *Presence) restore(_ context.Context, s *router.Session, saved string) error {
	if saved == "" {
		return nil
	}
	d := &directed{to: map[stanza.JID]struct{}{}}
	for _, text := range strings.Split(saved, "\n") {
		jid, err := stanza.ParseJID(text)
		if err != nil {
			return fmt.Errorf("directed presence to %q: %w", text, err)
		}
		d.add(jid)
	}
	m.directed.Store(s, d)
	return nil
}
