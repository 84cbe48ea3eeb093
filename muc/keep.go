package muc

import (
	"crypto/rand"

	"parley/stanza"
)

const (
	nsHints   = "urn:xmpp:hints"             // XEP-0334
	nsRetract = "urn:xmpp:message-retract:1" // XEP-0424
)

// keep says where a message is held: in the archive, and in the history that
// newcomers get.
type keep struct{ archive, history bool }

// keeps says what becomes of a message: those with a body are kept (XEP-0313
// section 6.1.2, MUC Archives), and those that take another back (XEP-0424
// section 5, Business Rules); chat states, markers and the like are not, unless
// they say so (XEP-0334 section 4.4, Store). The lock is held.
func (r *Room) keeps(st *stanza.Stanza) keep {
	k := keep{history: historic(st)}
	k.archive = k.history || isSubject(st) || st.Has(nsHints, "store")
	switch {
	case st.Has(nsHints, "no-store"):
		// Also not for those who are not inside (XEP-0334 section 4.2, No store).
		return keep{}
	case st.Has(nsHints, "no-permanent-store") || !r.config.Archive:
		k.archive = false // XEP-0334 section 4.1, No permanent store
	}
	return k
}

// historic says whether a message belongs to the history that newcomers get.
func historic(st *stanza.Stanza) bool {
	return st.Has("", "body") || st.Has(nsRetract, "retract") || st.Has(nsRetract, "retracted")
}

// id is the id of a message that has none from the archive (XEP-0359 section 3,
// Business Rules): whoever may get it later must be able to name it.
func (k keep) id() string {
	if k.history {
		return rand.Text()
	}
	return ""
}
