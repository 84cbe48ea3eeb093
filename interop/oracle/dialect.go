package main

import (
	"strings"

	"parley/internal/xmpptest"
)

// dialect is what a server does otherwise in nearly every script, so that the
// scripts could show nothing else of it; differences.md says who is right.
type dialect struct {
	adds   map[string]bool // "namespace name" of children
	lacks  func(*xmpptest.Element) bool
	passes func(*xmpptest.Element) bool
	agrees func(e *xmpptest.Element, attr, want, got string) bool
}

// dialects by the server's name.
func dialects() map[string]dialect {
	return map[string]dialect{
		"Prosody": {
			adds: map[string]bool{
				"urn:xmpp:delay delay":                      true,
				"urn:ietf:params:xml:ns:xmpp-bind required": true,
				nsErrors + " text":                          true,
				nsErrors + " not-allowed":                   true,
			},
			lacks: func(e *xmpptest.Element) bool { return isLogged(e) || isForbidden(e) },
			passes: func(e *xmpptest.Element) bool {
				return unavailableAccount(e) || asksAgain(e)
			},
			agrees: func(e *xmpptest.Element, attr, want, got string) bool {
				return ofError(e, attr) || ownAddress(e, attr, want, got) || attr == "to" && got == ""
			},
		},
		"ejabberd": {
			adds: map[string]bool{
				"urn:xmpp:delay delay":      true,
				"urn:xmpp:mam:tmp archived": true,
				nsErrors + " text":          true,
				nsErrors + " not-allowed":   true,
				nsMUC + "#admin query":      true,
				nsMUC + "#owner query":      true,
			},
			lacks: func(e *xmpptest.Element) bool {
				return isLogged(e) || isForbidden(e) || e.NS == "urn:xmpp:occupant-id:0"
			},
			passes: func(e *xmpptest.Element) bool {
				return e.Name == "iq" && e.Attrs["type"] == "set" && has(e, "jabber:iq:privacy") ||
					ofRoom(e)
			},
			agrees: func(e *xmpptest.Element, attr, want, got string) bool {
				return ofError(e, attr) || noID(e, attr, got) || ownAddress(e, attr, want, got) ||
					e.Name == "presence" && attr == "to" && bare(got) == want ||
					e.Name == "message" && attr == "type" && want == "normal" && got == ""
			},
		},
	}
}

// Adds implements xmpptest.Dialect.
func (d dialect) Adds(child *xmpptest.Element) bool { return d.adds[child.NS+" "+child.Name] }

// Lacks implements xmpptest.Dialect.
func (d dialect) Lacks(child *xmpptest.Element) bool { return d.lacks != nil && d.lacks(child) }

// Early implements xmpptest.Dialect: no specification says whether a push comes
// before the result, or presence before messages.
func (d dialect) Early(e *xmpptest.Element) bool {
	return e.Name == "presence" && e.Attrs["type"] != "error" ||
		e.Name == "iq" && e.Attrs["type"] == "set"
}

// Passes implements xmpptest.Dialect.
func (d dialect) Passes(e *xmpptest.Element) bool { return d.passes != nil && d.passes(e) }

// Agrees implements xmpptest.Dialect.
func (d dialect) Agrees(e *xmpptest.Element, attr, want string) bool {
	return d.agrees != nil && d.agrees(e, attr, want, e.Attrs[attr])
}

// unavailableAccount is the answer to a probe of an account without sessions.
func unavailableAccount(e *xmpptest.Element) bool {
	from := e.Attrs["from"]
	return e.Name == "presence" && e.Attrs["type"] == "unavailable" && bare(from) == from
}

// asksAgain is a push for a subscription request that is repeated.
func asksAgain(e *xmpptest.Element) bool {
	if e.Name != "iq" || e.Attrs["type"] != "set" || len(e.Children) != 1 {
		return false
	}
	query := e.Children[0]
	return query.NS == "jabber:iq:roster" && len(query.Children) == 1 &&
		query.Children[0].Attrs["ask"] == "subscribe"
}

// ownAddress: a server may name the account as the sender of what it sends on
// its behalf, or leave it out (RFC 6120 section 8.1.2.1, Client-to-Server
// Streams).
func ownAddress(e *xmpptest.Element, attr, want, got string) bool {
	if e.Name != "iq" || attr != "from" {
		return false
	}
	account := bare(e.Attrs["to"])
	return want == "-" && got == account || got == "" && !strings.Contains(want, "/")
}

func has(e *xmpptest.Element, ns string) bool {
	for _, c := range e.Children {
		if c.NS == ns {
			return true
		}
	}
	return false
}

func bare(jid string) string {
	b, _, _ := strings.Cut(jid, "/")
	return b
}
