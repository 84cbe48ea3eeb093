package xep

import (
	"parley/router"
	"parley/stanza"
)

// shown says whether a packet holds something that a user would be shown, also
// one whose device sleeps: a text, which may be encrypted, a call, an invitation,
// a request to subscribe. Copies, receipts, chat states and markers are not, nor
// is history.
func shown(p *router.Packet) bool {
	st := p.Stanza
	if st.Kind == stanza.Presence {
		return st.Type == "subscribe"
	}
	if st.Kind != stanza.Message || st.Type == "error" || p.From.Bare() == p.To.Bare() {
		return false
	}
	found := false
	for _, c := range st.Children() {
		switch {
		case c.NS == nsCarbons || c.NS == "urn:xmpp:mam:2" || c.NS == "urn:xmpp:delay":
			return false
		case c.NS == st.NS && c.Name == "body":
			found = true
		case c.Name == "encrypted" && encrypted[c.NS], c.NS == "jabber:x:encrypted",
			c.NS == "urn:xmpp:openpgp:0":
			found = true
		case c.NS == "urn:xmpp:jingle-message:0" && c.Name == "propose":
			found = true // XEP-0353 section 3.1, Indicating Intent to Start a Session
		case c.NS == "urn:xmpp:call-invites:0" && c.Name == "invite":
			found = true
		case c.NS == nsInvite:
			found = true
		case c.NS == nsMUCUser:
			found = found || st.Element(c).Child("", "invite") != nil
		}
	}
	return found
}

// encrypted are the namespaces of <encrypted/> (XEP-0384); never changed.
var encrypted = map[string]bool{
	"eu.siacs.conversations.axolotl": true, "urn:xmpp:omemo:1": true, "urn:xmpp:omemo:2": true,
}
