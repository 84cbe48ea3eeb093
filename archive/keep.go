package archive

import (
	"slices"

	"parley/stanza"
)

// Namespaces of what a message may hold that decides whether it is kept.
const (
	nsHints      = "urn:xmpp:hints"
	nsChatStates = "http://jabber.org/protocol/chatstates"
	nsStanzaID   = "urn:xmpp:sid:0"
	nsDelay      = "urn:xmpp:delay"
	nsCarbons    = "urn:xmpp:carbons:2"
)

// keeping says where a message is to be kept.
type keeping struct {
	archive bool // in message archives
	owed    bool // until its receiver has it
}

// keep says what the rules want of a message. What the server made itself is
// kept only where it has a <store/> hint.
func keep(st *stanza.Stanza, ours bool) keeping {
	// Nobody without presence is in a room; hints inside an error are those of
	// the message it answers (XEP-0160 section 3, Handling of Message Types;
	// XEP-0334 section 5, Business Rules).
	if st.Type == "groupchat" || st.Type == "error" {
		return keeping{}
	}
	var content, worth, store, passing bool
	for _, c := range st.Children() {
		switch {
		case c.NS == nsHints && c.Name == "no-store":
			// Neither permanently nor temporarily (XEP-0334 section 4.2, No
			// store). Where both hints are given, the wish for silence wins.
			return keeping{}
		case c.NS == nsHints:
			// Also what would not be kept otherwise (XEP-0334 section 4.4,
			// Store). A no-permanent-store message is kept until it is taken
			// (XEP-0334 section 3.3, Sensitive messages, and 4.1, No permanent
			// store).
			store = store || c.Name == "store"
			passing = passing || c.Name == "no-permanent-store"
		case !incidental(st, c):
			content = true
			worth = worth || worthwhile(st, c)
		}
	}
	// Headlines are of their time (XEP-0160 section 3, Handling of Message
	// Types; XEP-0313 section 6.1.1, User Archives). A type that is not known
	// means normal (RFC 6121 section 5.2.2, Type Attribute).
	usual := !ours && st.Type != "headline"
	return keeping{
		archive: !passing && (store || usual && worth),
		owed:    store || usual && content,
	}
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
// Message Types; XEP-0085), what merely labels a message, and copies of messages
// that are kept where they come from.
func incidental(st *stanza.Stanza, c stanza.Child) bool {
	switch c.NS {
	case nsChatStates, nsStanzaID, nsDelay, NS, nsCarbons:
		return true
	}
	return c.NS == st.NS && c.Name == "thread"
}

// worthwhile says that a child makes a message part of a conversation, which
// archives show (XEP-0313 section 6.1.1, User Archives).
func worthwhile(st *stanza.Stanza, c stanza.Child) bool {
	if c.NS == st.NS {
		return c.Name == "body" || c.Name == "subject"
	}
	names, ok := conversation[c.NS]
	return ok && (len(names) == 0 || slices.Contains(names, c.Name))
}

// conversation is what belongs to conversations without a body, by namespace;
// no names stand for all. It never changes.
var conversation = map[string][]string{
	"urn:xmpp:receipts":          {"received"}, // XEP-0184
	"urn:xmpp:chat-markers:0":    {"received", "displayed", "acknowledged"},
	"urn:xmpp:jingle-message:0":  nil, // XEP-0353: calls, also those that were missed
	"urn:xmpp:call-invites:0":    nil, // XEP-0482
	"urn:xmpp:reactions:0":       nil, // XEP-0444
	nsRetract:                    nil, // XEP-0424 section 5, Business Rules
	"urn:xmpp:fasten:0":          nil, // XEP-0422, of older retractions
	"urn:xmpp:message-correct:0": nil, // XEP-0308
	// Encrypted: what is inside is not known.
	"eu.siacs.conversations.axolotl": {"encrypted"}, // XEP-0384
	"urn:xmpp:omemo:1":               {"encrypted"},
	"urn:xmpp:omemo:2":               {"encrypted"},
	"urn:xmpp:openpgp:0":             {"openpgp"},    // XEP-0373
	"jabber:x:encrypted":             {"x"},          // XEP-0027
	"urn:xmpp:eme:0":                 {"encryption"}, // XEP-0380
	// Invitations, also those that rooms pass on, and files.
	"jabber:x:conference":                 {"x"}, // XEP-0249
	"http://jabber.org/protocol/muc#user": {"x"}, // XEP-0045
	"jabber:x:oob":                        {"x"}, // XEP-0066
	"urn:xmpp:sfs:0":                      nil,   // XEP-0447
	"urn:xmpp:reference:0":                nil,   // XEP-0372
}
