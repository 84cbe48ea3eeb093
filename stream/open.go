package stream

import (
	"strings"

	"parley/stanza"
)

// header is the response header as far as it does not depend on the peer's.
func (n *Negotiation) header() Answer {
	n.ID = NewID()
	a := Answer{ContentNS: n.Rules.ContentNS, From: n.Peer.Domain, ID: n.ID, Version: true,
		Declare: n.Rules.Declare}
	if a.From == "" {
		a.From = n.Rules.Default
	}
	return a
}

// answer checks the peer's header and makes ours, which is sent in any case.
func (n *Negotiation) answer(h *stanza.Header) (Answer, *stanza.StreamError) {
	a := n.header()
	if err := CheckHeader(h, n.Rules.ContentNS); err != nil {
		return a, err
	}
	major := majorVersion(h.Version)
	a.Version = major != 0 // (RFC 6120 section 4.7.5, version, rule 4)
	if err := n.host(h.To); err != nil {
		return a, err
	}
	a.From = n.Peer.Domain
	n.claim = h.From
	if err := n.from(h.From, &a); err != nil {
		return a, err
	}
	if major < 1 {
		// Before 1.0 there were neither features nor SASL, so there is no way
		// to log in (RFC 6120 section 4.9.3.25, unsupported-version).
		return a, stanza.StreamUnsupportedVersion
	}
	return a, nil
}

// host checks the domain that the peer wants (RFC 6120 section 4.7.2, to). It
// must not change at a restart: what was proven was proven to that host
// (section 4.3.3, Restarts).
func (n *Negotiation) host(to string) *stanza.StreamError {
	j, err := stanza.ParseJID(to)
	switch {
	case err != nil || !j.IsHost():
		return stanza.StreamHostUnknown
	case n.Peer.Domain == "" && n.Rules.Serves(j.String()):
		n.Peer.Domain = strings.Clone(j.String())
	case n.Peer.Domain == "":
		// (RFC 6120 section 4.9.3.6, host-unknown)
		return stanza.StreamHostUnknown
	case n.Peer.Domain != j.String():
		return stanza.StreamNotAuthorized.WithText("the host must not change on a connection")
	}
	return nil
}

// from checks the peer's own address, if it gives one: it comes back as 'to'
// (RFC 6120 section 4.7.2, to), and is the authenticated one after SASL
// (section 4.9.3.9, invalid-from). Before that it is a claim, and ignored if it
// is no address. COMPAT: it should be a bare JID (section 4.7.1, from), but
// mellium sends a full one and takes no other for an answer.
func (n *Negotiation) from(from string, a *Answer) *stanza.StreamError {
	if from == "" {
		return nil
	}
	j, err := stanza.ParseJID(from)
	if err == nil {
		a.To = j.String()
	}
	if !n.JID.IsZero() && (err != nil || j.Bare() != n.JID) {
		return stanza.StreamInvalidFrom
	}
	return nil
}
