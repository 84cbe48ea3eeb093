package stream

import (
	"context"

	"parley/stanza"
)

// Rules are what a listener asks of those who connect.
type Rules struct {
	ContentNS  string                   // of the streams: stanza.NSClient …
	Serves     func(domain string) bool // whether a prepared domain is ours
	Default    string                   // named to a peer that wants none of ours
	OfferTLS   bool                     // STARTTLS is possible
	RequireTLS bool                     // nothing else is before it
	// Requires, if set, decides in place of RequireTLS, by the header's from.
	Requires func(from string) bool
	Attempts int // SASL exchanges that may fail; 0 means 5
	Auth     Authenticator
	Inline   Inline // what can be asked for when authenticating; nil: no XEP-0388

	// Features gives more features for a stream that is (not) authenticated.
	Features func(n *Negotiation) string

	// Declare are further prefixes that our header declares (dialback).
	Declare map[string]string

	// Other answers an element that is no stanza, where one is allowed before
	// authentication (dialback, bidi). With Do Finish, negotiation is over and
	// the caller goes on with what is proven in another way than by SASL. ok
	// false: it is not allowed.
	Other func(ctx context.Context, n *Negotiation, st *stanza.Stanza) (a Action, ok bool)

	// Before answers a stanza that comes before authentication where that is
	// allowed (registration). ok false: it is not.
	Before func(ctx context.Context, n *Negotiation, st *stanza.Stanza) (reply string, ok bool)
}

// Do is what follows an Action's output.
type Do uint8

// What to do.
const (
	Read     Do = iota // go on
	StartTLS           // negotiate TLS: Conn.StartTLS, then Negotiation.Secured
	Restart            // a new stream follows: Conn.Restart
	Finish             // negotiation is over: Negotiation.Peer and ID say what came out
	Close              // the stream is over
)

// Action is the answer to what was read.
type Action struct {
	Write []byte
	Do    Do
	Err   *stanza.StreamError // with Close: the error that was written, nil for an orderly end
}

// state is what the negotiation waits for.
type state uint8

const (
	atHeader   state = iota // a stream header: of the first stream, or after a restart
	atFeatures              // the peer's choice among the features: STARTTLS, SASL
	atResponse              // the next message of a SASL exchange
	negotiated              // nothing: the caller goes on
	over                    // nothing
)

// Negotiation is the receiving entity's part of stream negotiation (RFC 6120
// section 4.3.7, Flow Chart): stream, TLS, stream, SASL, stream. It does no I/O:
// it is told what was read and says what to write and do.
type Negotiation struct {
	Rules *Rules
	Peer  Peer
	ID    string     // of the current stream
	JID   stanza.JID // who has authenticated, zero before

	claim    string // from of the last header
	state    state
	opened   bool // our header of this stream has been sent
	exchange Exchange
	profile  profile         // of exchange, or of what is answered
	request  *stanza.Element // <authenticate/> of exchange
	failures int             // failed exchanges; guesses are those that tried a password
	guesses  int
}

// NewNegotiation starts a negotiation with a peer, of whom Addr is known and
// the TLS fields where TLS came first.
func NewNegotiation(r *Rules, p Peer) *Negotiation {
	return &Negotiation{Rules: r, Peer: p}
}

// Opened answers a stream header.
func (n *Negotiation) Opened(h *stanza.Header) Action {
	if n.state != atHeader {
		return n.fail(stanza.StreamBadFormat)
	}
	a, err := n.answer(h)
	out := a.Append(make([]byte, 0, 1<<10)) // a header with the usual features
	n.opened = true
	if err != nil {
		return n.failAfter(out, err)
	}
	out = append(out, "<stream:features>"...)
	out = append(out, n.features()...)
	out = append(out, "</stream:features>"...)
	if !n.JID.IsZero() {
		n.state = negotiated
		return Action{Write: out, Do: Finish}
	}
	n.state = atFeatures
	return Action{Write: out}
}

// features in the order in which they are to be negotiated (RFC 6120 section
// 5.3.4, Order of TLS and SASL Negotiations).
func (n *Negotiation) features() string {
	switch {
	case !n.JID.IsZero():
		return n.more()
	case n.Peer.Secure || !n.Rules.OfferTLS:
		return n.logins() + n.more()
	case n.requiresTLS():
		// (RFC 6120 section 5.3.1, Mandatory-to-Negotiate)
		return startTLSFeature(true) + n.more()
	}
	return startTLSFeature(false) + n.logins() + n.more()
}

// logins are the ways to authenticate.
func (n *Negotiation) logins() string {
	offer := n.Rules.Auth.Offer(&n.Peer)
	f := saslFeatures(offer)
	if n.extends() {
		f += authenticationFeature(offer, n.Rules.Inline.Offer(n))
	}
	return f
}

// requiresTLS says whether nothing else is possible before TLS.
func (n *Negotiation) requiresTLS() bool {
	if n.Rules.Requires != nil {
		return n.Rules.Requires(n.claim)
	}
	return n.Rules.RequireTLS
}

func (n *Negotiation) more() string {
	if n.Rules.Features == nil {
		return ""
	}
	return n.Rules.Features(n)
}

// Element answers an element at depth one.
func (n *Negotiation) Element(ctx context.Context, st *stanza.Stanza) Action {
	switch {
	case n.state == atHeader || n.state == over:
		return n.fail(stanza.StreamBadFormat)
	case st.NS == stanza.NSTLS:
		return n.startTLS(st)
	case st.NS == stanza.NSSASL:
		return n.sasl(ctx, st, classic)
	case st.NS == stanza.NSSASL2 && n.Rules.Inline != nil:
		return n.sasl(ctx, st, extended)
	case n.exchange != nil && n.profile == extended:
		// (XEP-0388 section 2.4, During Authentication: nothing else may come)
		return n.fail(stanza.StreamNotAuthorized)
	case st.Kind == stanza.Other && n.Rules.Other != nil && n.state == atFeatures:
		if a, ok := n.Rules.Other(ctx, n, st); ok {
			return a
		}
	}
	return n.other(ctx, st)
}

// other answers an element that is part of no negotiation.
func (n *Negotiation) other(ctx context.Context, st *stanza.Stanza) Action {
	switch {
	case st.Kind == stanza.Other && st.NS == n.Rules.ContentNS:
		// (RFC 6120 section 4.9.3.24, unsupported-stanza-type)
		return n.fail(stanza.StreamUnsupportedStanzaType)
	case st.Kind != stanza.Other && n.Rules.Before != nil:
		if reply, ok := n.Rules.Before(ctx, n, st); ok {
			return Action{Write: []byte(reply)}
		}
	}
	// Nothing that comes before authentication is processed (RFC 6120 section
	// 4.9.3.12, not-authorized).
	return n.fail(stanza.StreamNotAuthorized)
}

// Closed answers the end of the peer's stream (RFC 6120 section 4.4, Closing a
// Stream).
func (n *Negotiation) Closed() Action {
	n.state = over
	return Action{Write: []byte(End), Do: Close}
}

// Failed answers input that could not be read, a timeout or a shutdown.
func (n *Negotiation) Failed(err *stanza.StreamError) Action { return n.fail(err) }

// fail ends the stream. The header goes before the error if it has not been
// sent (RFC 6120 section 4.9.1.2, Stream Errors Can Occur During Setup).
func (n *Negotiation) fail(err *stanza.StreamError) Action {
	var out []byte
	if !n.opened {
		a := n.header()
		out = a.Append(nil)
	}
	return n.failAfter(out, err)
}

func (n *Negotiation) failAfter(out []byte, err *stanza.StreamError) Action {
	n.opened, n.state = true, over
	return Action{Write: AppendError(out, err), Do: Close, Err: err}
}

// restart waits for a new stream.
func (n *Negotiation) restart() {
	n.state, n.opened, n.exchange, n.request = atHeader, false, nil, nil
}
