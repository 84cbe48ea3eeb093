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

// resumed brings a session up to date that an earlier process has parked: what
// its client can do is known no more, and contacts at other domains may have come
// and gone meanwhile (RFC 6121 section 4.3.1, Server Generation of Outbound
// Presence Probe).
func (m *Presence) resumed(ctx context.Context, s *router.Session, parked bool) {
	p := s.Presence()
	if p == nil || !parked {
		return
	}
	m.learn(ctx, s, p.Stanza)
	all, err := m.roster.Contacts(ctx, s.Account)
	if err != nil {
		m.router.Log.Error("contacts not probed", "from", s.JID, "err", err)
		return
	}
	ask := stanza.MustParse("<presence type='probe'/>")
	for c := range all.All() {
		if c.To && !m.isLocal(c.JID) {
			m.router.RouteAs(ctx, s.Account, ask, s.Account.JID, c.JID)
		}
	}
}
