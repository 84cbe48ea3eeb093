package xep

import (
	"parley/router"
	"parley/stanza"
)

// State implements XEP-0352: Client State Indication. A client that nobody looks
// at gets presence, chat states and events of nodes when it is looked at again,
// or together with the next thing that cannot wait, and of each only the latest.
type State struct{}

var _ router.Module = State{}

// Register implements router.Module.
func (State) Register(h *router.Host) {
	h.StreamFeature("<csi xmlns='urn:xmpp:csi:0'/>") // XEP-0352 section 4.1, Discovering support
	h.OnInactive(mergeKey)
}

// mergeKey is the same for stanzas of which the later makes the earlier useless,
// "" for what cannot wait (XEP-0352 section 3.2, Server behaviour). A room's
// presence says more than who is there, so that only the plain one is merged.
func mergeKey(st *stanza.Stanza, from stanza.JID) string {
	switch st.Kind {
	case stanza.Presence:
		if st.Type != "" && st.Type != "unavailable" || st.Has(nsMUCUser, "x") {
			return ""
		}
		return "presence " + from.String()
	case stanza.Message:
		if st.Type == "error" {
			return ""
		}
		return messageKey(st, from)
	}
	return ""
}

// messageKey is the key of a message that says nothing but how its sender is
// typing, or what is new in a node that is of no hurry.
func messageKey(st *stanza.Stanza, from stanza.JID) (key string) {
	for _, c := range st.Children() {
		switch {
		case c.NS == nsChatStates:
			key = "state " + from.Bare().String()
		case c.NS == nsPubSub+"#event" && st.Type == "headline":
			items := st.Element(c).Child("", "items")
			if items == nil || items.Child("", "retract") != nil {
				return ""
			}
			key = "node " + from.Bare().String() + " " + items.Attr("node")
		case c.NS == nsHints, c.NS == "urn:xmpp:occupant-id:0", c.NS == st.NS && c.Name == "thread":
		default:
			return ""
		}
	}
	return key
}
