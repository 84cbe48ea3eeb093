// Package router decides where a stanza goes (RFC 6120 section 10, Server
// Rules for Processing XML Stanzas; RFC 6121 section 8) and runs the modules
// that have a say on the way. It knows hosts, accounts, sessions and packets;
// it knows no sockets: c2s, s2s and components put packets into a Line and
// take bytes out of a Session's queue.
package router
