package stream

import (
	"context"
	"crypto/tls"
	"crypto/x509"

	"parley/stanza"
)

// Authenticator says who the peer is (RFC 6120 section 6, SASL Negotiation).
type Authenticator interface {
	// Offer is what this stream may use. No mechanisms: SASL is not offered.
	Offer(p *Peer) Offer

	// Start begins an exchange with a mechanism that the peer asks for. Errors
	// are as Exchange.Step's.
	Start(ctx context.Context, mechanism string, p *Peer) (Exchange, error)
}

// Offer is what goes into stream features.
type Offer struct {
	Mechanisms []string // best first (RFC 6120 section 6.3.3, Mechanism Preferences)
	Bindings   []string // channel binding types (XEP-0440)
}

// Exchange is one attempt to authenticate.
type Exchange interface {
	// Step takes the character data of <auth/> (first) or <response/>, and
	// returns that of <challenge/>, or of <success/> when done. An error that
	// is a *Failure is what the peer is told; any other is our own fault.
	Step(ctx context.Context, data string, first bool) (answer string, done bool, err error)

	// Identity is who was authenticated, after done.
	Identity() stanza.JID
}

// Failure is a SASL error (RFC 6120 section 6.5, SASL Errors).
type Failure struct {
	Condition string
	Text      string // for the peer, in English
	Cause     error  // for the log

	// NoGuess: no password was tried, so that a client may go on to the next
	// mechanism more often than it may guess.
	NoGuess bool
}

func (f *Failure) Error() string { return "sasl " + f.Condition }
func (f *Failure) Unwrap() error { return f.Cause }

// Peer is what is known of the other side during negotiation.
type Peer struct {
	Domain string // which of our domains it wants
	Addr   string // its network address
	Secure bool   // TLS protects the stream

	// Of the TLS connection; all nil without TLS.
	TLS      *tls.ConnectionState
	Cert     *tls.Certificate  // what we have shown
	PeerCert *x509.Certificate // what it has shown, not verified
}
