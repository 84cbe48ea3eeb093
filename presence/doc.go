// Package presence exchanges presence information: RFC 6121 section 4. It
// broadcasts what a resource says about itself to those who are subscribed
// (initial, subsequent and unavailable presence), probes the user's contacts
// and answers probes, and remembers to whom a resource sent directed presence,
// so that they learn when it goes.
//
// Who is subscribed is package roster's to say. Presence is never stored, but
// for the time when an account was last available.
package presence
