package stream

import (
	"context"
	"errors"

	"parley/stanza"
)

// defaultAttempts is within what RFC 6120 section 6.4.5, SASL Failure, asks for:
// at least 2 and no more than 5 retries.
const defaultAttempts = 5

// perAttempt bounds the failures that guessed nothing. COMPAT slixmpp 1.8 (and
// poezio): on TLS 1.3 it binds to tls-unique, which TLS 1.3 does not have, is
// refused with each of three -PLUS mechanisms and the three others, where it
// claims that none was offered (RFC 5802 section 6, Channel Binding), and
// arrives at PLAIN with the seventh attempt.
const perAttempt = 2

// sasl answers an element of the SASL namespace (RFC 6120 section 6.4, Process)
// or of XEP-0388, which differ in how things are written.
func (n *Negotiation) sasl(ctx context.Context, st *stanza.Stanza, p profile) Action {
	if n.exchange != nil && n.profile != p {
		return n.fail(stanza.StreamNotAuthorized)
	}
	n.profile = p
	switch st.Name {
	case p.initiation():
		return n.begin(ctx, st)
	case "response":
		if n.exchange != nil {
			return n.step(ctx, st.Root(), false)
		}
		return n.refuse(&Failure{Condition: "malformed-request"})
	case "abort":
		// (RFC 6120 section 6.4.4, Abort; XEP-0388 section 4.5, Aborting)
		return n.refuse(&Failure{Condition: "aborted"})
	}
	return n.fail(stanza.StreamNotAuthorized)
}

// begin starts an exchange (RFC 6120 section 6.4.2, Initiation; XEP-0388 section
// 2.3, Initiation). One that goes on is given up for it.
func (n *Negotiation) begin(ctx context.Context, st *stanza.Stanza) Action {
	mechanism, _ := st.Attr("mechanism")
	switch {
	case n.exchange != nil && n.profile == extended:
		// (XEP-0388 section 2.4, During Authentication)
		return n.fail(stanza.StreamNotAuthorized)
	case n.exchange != nil:
		n.exchange, n.state = nil, atFeatures
		n.failures++
	}
	switch {
	case n.tooMany():
		// Nor can one begin for ever (RFC 6120 section 6.5.10, not-authorized).
		return n.refuse(&Failure{Condition: "not-authorized", NoGuess: true})
	case n.needsTLS():
		// (RFC 6120 section 6.5.4, encryption-required)
		return n.refuse(&Failure{Condition: "encryption-required"})
	case mechanism == "":
		return n.refuse(&Failure{Condition: "invalid-mechanism"})
	}
	root := st.Root()
	x, err := n.start(ctx, mechanism, root)
	if err != nil {
		return n.refuse(err)
	}
	n.exchange, n.state = x, atResponse
	if n.profile == extended {
		n.request = root
		root = initialResponse(root)
	}
	return n.step(ctx, root, true)
}

// needsTLS says whether nobody can authenticate before TLS.
func (n *Negotiation) needsTLS() bool {
	return !n.Peer.Secure && (n.requiresTLS() || n.profile == extended)
}

// start begins an exchange with a mechanism.
func (n *Negotiation) start(ctx context.Context, mechanism string, root *stanza.Element) (
	Exchange, error) {
	if n.profile == extended {
		return n.Rules.Inline.Start(ctx, n, mechanism, root)
	}
	return n.Rules.Auth.Start(ctx, mechanism, &n.Peer)
}

// step goes on with the exchange (RFC 6120 section 6.4.3, Challenge-Response
// Sequence; XEP-0388 section 2.5, Challenges and Responses).
func (n *Negotiation) step(ctx context.Context, e *stanza.Element, first bool) Action {
	if len(e.Children) > 0 {
		return n.refuse(&Failure{Condition: "malformed-request"})
	}
	answer, done, err := n.exchange.Step(ctx, e.Text, first)
	switch {
	case err != nil:
		return n.refuse(err)
	case !done:
		return Action{Write: saslElement("challenge", n.profile.ns(), answer)}
	case n.profile == extended:
		return n.succeed(ctx, answer)
	}
	// (RFC 6120 section 6.4.6, SASL Success)
	n.JID = n.exchange.Identity()
	n.restart()
	return Action{Write: saslElement("success", stanza.NSSASL, answer), Do: Restart}
}

// refuse ends an exchange, and after too many the stream (RFC 6120 section
// 6.4.5, SASL Failure; XEP-0388 section 2.6.2, Failure).
func (n *Negotiation) refuse(err error) Action {
	var f *Failure
	if !errors.As(err, &f) {
		f = &Failure{Condition: "temporary-auth-failure"}
	}
	n.exchange, n.request, n.state = nil, nil, atFeatures
	n.failures++
	if !f.NoGuess {
		n.guesses++
	}
	var b stanza.Builder
	b.Start("failure", n.profile.ns()).Start(f.Condition, n.profile.conditionNS()).End()
	if f.Text != "" {
		b.Elem("text", "", f.Text, "xml:lang", "en")
	}
	out := []byte(b.End().String())
	if n.tooMany() {
		return n.failAfter(out, stanza.StreamPolicyViolation.WithText("too many failed logins"))
	}
	return Action{Write: out}
}

// tooMany says whether no exchange may follow.
func (n *Negotiation) tooMany() bool {
	limit := n.Rules.Attempts
	if limit == 0 {
		limit = defaultAttempts
	}
	return n.guesses >= limit || n.failures >= perAttempt*limit
}

// saslElement has base64 as its text, which needs no escaping.
func saslElement(name, ns, text string) []byte {
	if text == "" {
		return []byte("<" + name + " xmlns='" + ns + "'/>")
	}
	return []byte("<" + name + " xmlns='" + ns + "'>" + text + "</" + name + ">")
}
