// Package stanza holds what crosses an XML stream: stanzas as the bytes in
// which they came with a small parsed header, the scanner that finds them in a
// stream (RFC 6120 section 11, XML Usage), the edits that routing makes to
// them, addresses (RFC 7622) and the error conditions of RFC 6120 as values.
//
// A stanza is parsed once and is immutable: its text is a Go string, and what
// the header names are substrings of it. Who needs more than the header parses
// one child with Stanza.Parse. The package does no I/O.
package stanza
