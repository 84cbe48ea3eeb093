package roster

import (
	"maps"
	"strconv"
	"strings"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// push is one changed item on its way to clients.
type push struct {
	version int64
	item    string // XML
}

// push sends a change to all interested resources, in the order of changes
// (RFC 6121 section 2.6.3, Success Case: "in order of modification"). A session
// that is just being sent the roster gets it behind that. It is called with mu
// held.
func (b *book) push(a *router.Account, p push) {
	for _, s := range a.Sessions() {
		if held := b.loading[s]; held != nil {
			*held = append(*held, p)
		} else if s.Interested.Load() && p.version > b.ahead[s] {
			s.Push(p.stanza(s))
		}
	}
	// Changes come in order: nobody has any of those that follow.
	maps.DeleteFunc(b.ahead, func(_ *router.Session, v int64) bool { return v <= p.version })
}

// stanza is the push for one session. It has no from: it comes from the
// account itself, and clients ignore others (RFC 6121 section 2.1.6, Roster
// Push). The id need not be guarded: nothing waits for the answer.
func (p push) stanza(s *router.Session) *stanza.Stanza {
	var b stanza.Builder
	b.Start("iq", "", "to", s.JID.String(), "type", "set",
		"id", "push"+strconv.FormatInt(p.version, 10))
	b.Start("query", nsRoster, "ver", versionText(s.Account, p.version))
	return b.Raw(p.item).End().End().Stanza()
}

// itemXML is an item as a client sees it.
func itemXML(i *store.RosterItem) string {
	var b stanza.Builder
	writeItem(&b, i)
	return b.String()
}

// removedXML tells of an item that is gone.
func removedXML(jid string) string {
	var b stanza.Builder
	writeRemoved(&b, jid)
	return b.String()
}

// versionText is a roster version as clients see it (RFC 6121 section 2.1.1,
// Ver Attribute). It names the account too, whose number is never given out
// again: so what a client remembers of a deleted account is no version of the
// next account of that name.
func versionText(a *router.Account, version int64) string {
	return strconv.FormatInt(a.ID, 36) + "." + strconv.FormatInt(version, 10)
}

// parseVersion reads versionText; ok is false for anything else.
func parseVersion(a *router.Account, text string) (version int64, ok bool) {
	account, rest, _ := strings.Cut(text, ".")
	if account != strconv.FormatInt(a.ID, 36) {
		return 0, false
	}
	version, err := strconv.ParseInt(rest, 10, 64)
	return version, err == nil && version >= 0
}
