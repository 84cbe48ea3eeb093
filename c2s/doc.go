// Package c2s serves clients: it listens, negotiates TLS and SASL by package
// stream (RFC 6120 sections 4 to 6; XEP-0368 for TLS from the start), binds a
// resource (RFC 6120 section 7, Resource Binding; XEP-0386 with the login), hands
// what the client sends to the router and writes what the router has for it.
//
// A connection that is logged in has one goroutine, which reads; a second one
// writes while there is something to write. One sweeper for all looks after
// silent, stuck and closing connections, so that none needs a timer.
package c2s
