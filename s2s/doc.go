// Package s2s carries stanzas to other servers and takes theirs (RFC 6120
// section 10.4, Remote Domain): finding them (package resolve), TLS, proof of
// identity by SASL EXTERNAL (XEP-0178) or dialback (XEP-0220), and what was
// sent and not yet confirmed.
//
// A route is the way from one of our domains to another domain: what goes
// there waits in it until a link can take it. A link is one connection, opened
// by us or by the peer; it may carry several routes, and both directions if
// both sides want that (XEP-0288).
package s2s
