// Package resolve finds the servers of other domains and connects to them: SRV
// records of _xmpps-server and _xmpp-server in one order (RFC 6120 section 3.2,
// Resolution of Fully Qualified Domain Names; XEP-0368; RFC 2782), the addresses
// of their targets, and IPv6 and IPv4 side by side (RFC 8305).
//
// It asks DNS servers itself, since the standard library tells neither how long
// an answer holds nor whether a name is unknown or was not answered for, and
// since the server to ask is configurable. The hosts file counts for addresses.
// It trusts its DNS server, as dialback does (XEP-0220 section 3, Security
// Considerations); whether an answer is true is proven by the certificate, or
// not at all. It imports nothing of ours.
package resolve
