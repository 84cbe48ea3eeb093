package archive

import "parley/stanza"

// Namespaces of what a message may hold that decides whether it is kept.
const (
	nsHints      = "urn:xmpp:hints"
	nsChatStates = "http://jabber.org/protocol/chatstates"
	nsStanzaID   = "urn:xmpp:sid:0"
	nsDelay      = "urn:xmpp:delay"
)

// owed says whether a message is owed to its receiver, that is, kept for an
// account whose clients are not there. What the server made itself is kept
// only where it has a <store/> hint.
func owed(st *stanza.Stanza, ours bool) bool {
	// Nobody without presence is in a room; hints inside an error are those of
	// the message it answers (XEP-0160 section 3, Handling of Message Types;
	// XEP-0334 section 5, Business Rules).
	if st.Type == "groupchat" || st.Type == "error" {
		return false
	}
	content, store := false, false
	for _, c := range st.Children() {
		switch {
		case c.NS == nsHints && c.Name == "no-store":
			// Neither permanently nor temporarily (XEP-0334 section 4.2, No
			// store). Where both hints are given, the wish for silence wins.
			return false
		case c.NS == nsHints:
			// Also what would not be kept otherwise (XEP-0334 section 4.4,
			// Store). A no-permanent-store message is kept until it is taken
			// (XEP-0334 section 3.3, Sensitive messages).
			store = store || c.Name == "store"
		case !incidental(st, c):
			content = true
		}
	}
	// Headlines are of their time (XEP-0160 section 3, Handling of Message
	// Types). A type that is not known means normal (RFC 6121 section 5.2.2,
	// Type Attribute).
	return store || content && !ours && st.Type != "headline"
}

// empty says that a message has no content of its own.
func empty(st *stanza.Stanza) bool {
	for _, c := range st.Children() {
		if c.NS != nsHints && !incidental(st, c) {
			return false
		}
	}
	return true
}

// incidental says that a child alone is no reason to keep a message: chat
// states, which may come with a thread (XEP-0160 section 3, Handling of
// Message Types; XEP-0085), and what merely labels a message.
func incidental(st *stanza.Stanza, c stanza.Child) bool {
	switch c.NS {
	case nsChatStates, nsStanzaID, nsDelay:
		return true
	}
	return c.NS == st.NS && c.Name == "thread"
}
