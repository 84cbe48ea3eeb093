package archive

import (
	"context"
	"slices"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// mostRules is how many addresses the preferences of an account may name.
const mostRules = 1000

// prefs are what an account wants to have archived (XEP-0441: Message Archive
// Management Preferences). They are not changed.
type prefs struct {
	def           string
	always, never map[stanza.JID]bool
}

func readPrefs(rows store.ArchivePrefs) *prefs {
	p := &prefs{def: rows.Default, always: set(rows.Always), never: set(rows.Never)}
	if p.def == "" {
		p.def = "always"
	}
	return p
}

func set(list []string) map[stanza.JID]bool {
	if len(list) == 0 {
		return nil
	}
	m := make(map[stanza.JID]bool, len(list))
	for _, text := range list {
		if j, err := stanza.ParseJID(text); err == nil {
			m[j] = true
		}
	}
	return m
}

// wants says whether the account wants messages from or to an address archived
// (XEP-0441 section 2.3, JID matching).
func (m *Archive) wants(ctx context.Context, box *inbox, peer stanza.JID) (bool, error) {
	p := box.prefs.Load()
	bare := peer.Bare()
	switch {
	case p == nil:
		return false, nil
	case p.never[peer]:
		return false, nil
	case p.always[peer]:
		return true, nil
	case p.never[bare]:
		return false, nil
	case p.always[bare], p.def == "always":
		return true, nil
	case p.def == "never":
		return false, nil
	}
	if bare == box.account.JID {
		return true, nil // one's own notes
	}
	return m.contacts.Listed(ctx, box.account, bare)
}

// prefs answers with the preferences (XEP-0441 section 2.1, Simple
// configuration).
func (m *Archive) prefs(ctx context.Context, p *router.Packet, _ Box) error {
	rows, err := m.db.ArchivePrefs(ctx, p.Account.ID)
	if err == nil {
		p.Result(prefsXML(rows))
	}
	return err
}

func prefsXML(rows store.ArchivePrefs) string {
	def := rows.Default
	if def == "" {
		def = "always"
	}
	var b stanza.Builder
	b.Start("prefs", NS, "default", def)
	addresses(&b, "always", rows.Always)
	addresses(&b, "never", rows.Never)
	return b.End().String()
}

// addresses writes a list, which is there even when it is empty (XEP-0441
// section 2.1, Simple configuration).
func addresses(b *stanza.Builder, name string, list []string) {
	b.Start(name, "")
	for _, jid := range list {
		b.Elem("jid", "", jid)
	}
	b.End()
}

// setPrefs replaces the preferences and answers with what is now in force
// (XEP-0441 section 2.1, Simple configuration).
func (m *Archive) setPrefs(ctx context.Context, p *router.Packet, _ Box) error {
	box, err := m.inbox.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	rows, err := parsePrefs(p.Payload())
	if err != nil {
		return err
	}
	p.Write(func(tx *store.Tx) error { return tx.SetArchivePrefs(box.account.ID, rows) })
	p.Committed(func() { box.prefs.Store(readPrefs(rows)) })
	p.Result(prefsXML(rows))
	return nil
}

// parsePrefs reads preferences; the error is a *stanza.Error.
func parsePrefs(e *stanza.Element) (rows store.ArchivePrefs, err error) {
	// XEP-0441 section 2.1.1, Default behaviour
	rows.Default = e.Attr("default")
	if !slices.Contains([]string{"always", "never", "roster"}, rows.Default) {
		return rows, stanza.BadRequest.WithText("default must be always, never or roster")
	}
	if rows.Always, err = jids(e.Child(NS, "always")); err == nil {
		rows.Never, err = jids(e.Child(NS, "never"))
	}
	if err != nil {
		return rows, err
	}
	if len(rows.Always)+len(rows.Never) > mostRules {
		return rows, stanza.ResourceConstraint.WithText("too many addresses")
	}
	// Who is in both lists is not archived.
	rows.Always = slices.DeleteFunc(rows.Always, func(jid string) bool {
		return slices.Contains(rows.Never, jid)
	})
	return rows, nil
}

// jids reads a list of addresses.
func jids(e *stanza.Element) (list []string, err error) {
	if e == nil {
		return nil, nil
	}
	for _, c := range e.Children {
		if c.NS != NS || c.Name != "jid" {
			continue
		}
		j, err := stanza.ParseJID(c.Text)
		if err != nil {
			return nil, stanza.JIDMalformed
		}
		list = append(list, j.String())
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}
