// Package stream carries XML streams over a connection (RFC 6120 section 4,
// XML Streams): reading and writing, TLS (section 5, STARTTLS Negotiation),
// SASL (section 6, SASL Negotiation; XEP-0388), stream errors, limits and their
// advertisement (XEP-0478), channel binding types (XEP-0440).
//
// Conn reads tokens and writes bytes. Negotiation is the receiving entity's
// part of stream negotiation as a machine without I/O, and Accept runs it on a
// Conn. Who authenticates is behind the Authenticator interface; what happens
// after authentication (resource binding, stanzas) is the caller's.
//
// A Conn that waits on Linux holds no buffer and a small stack: see Conn.Park.
package stream
