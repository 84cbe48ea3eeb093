package main

import (
	"strings"

	"parley/internal/xmpptest"
)

const (
	nsMUC    = "http://jabber.org/protocol/muc"
	nsErrors = "urn:ietf:params:xml:ns:xmpp-stanzas"
)

// isLogged is the warning that a room has an archive, where it can be read by
// those alone who may be inside (XEP-0045 section 7.2.12, Room Logging).
func isLogged(e *xmpptest.Element) bool {
	return e.NS == nsMUC+"#user" && e.Attrs["code"] == "170"
}

// ofRoom is the presence of a room that its occupants have not subscribed to.
func ofRoom(e *xmpptest.Element) bool {
	return e.Name == "presence" && bare(e.Attrs["from"]) == e.Attrs["from"] &&
		strings.Contains(e.Attrs["from"], "@conference.")
}

// noID: who sent presence may find its id in the reflection, or not.
func noID(e *xmpptest.Element, attr, got string) bool {
	return e.Name == "presence" && attr == "id" && got == "" && e.Attrs["type"] != "error"
}

// isForbidden: both rooms say not-allowed to who may not administer them, where
// XEP-0045 (sections 8, Moderator Use Cases, and 9, Admin Use Cases) has forbidden.
func isForbidden(e *xmpptest.Element) bool { return e.NS == nsErrors && e.Name == "forbidden" }

// ofError: the type of an error is what its condition has by default (RFC 6120
// section 8.3.2, Syntax), and may be another.
func ofError(e *xmpptest.Element, attr string) bool { return e.Name == "error" && attr == "type" }
