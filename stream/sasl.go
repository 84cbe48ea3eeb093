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

// sasl answers an element of the SASL namespace (RFC 6120 section 6.4, Process).
func (n *Negotiation) sasl(ctx context.Context, st *stanza.Stanza) Action {
	switch st.Name {
	case "auth":
		return n.begin(ctx, st)
	case "response":
		if n.exchange != nil {
			return n.step(ctx, st, false)
		}
		return n.refuse(&Failure{Condition: "malformed-request"})
	case "abort":
		// (RFC 6120 section 6.4.4, Abort)
		return n.refuse(&Failure{Condition: "aborted"})
	}
	return n.fail(stanza.StreamNotAuthorized)
}

// begin starts an exchange (RFC 6120 section 6.4.2, Initiation). One that goes
// on is given up for it.
func (n *Negotiation) begin(ctx context.Context, st *stanza.Stanza) Action {
	mechanism, _ := st.Attr("mechanism")
	if n.exchange != nil {
		n.exchange, n.state = nil, atFeatures
		n.failures++
	}
	switch {
	case n.tooMany():
		// Nor can one begin for ever (RFC 6120 section 6.5.10, not-authorized).
		return n.refuse(&Failure{Condition: "not-authorized", NoGuess: true})
	case n.requiresTLS() && !n.Peer.Secure:
		// (RFC 6120 section 6.5.4, encryption-required)
		return n.refuse(&Failure{Condition: "encryption-required"})
	case mechanism == "":
		return n.refuse(&Failure{Condition: "invalid-mechanism"})
	}
	x, err := n.Rules.Auth.Start(ctx, mechanism, &n.Peer)
	if err != nil {
		return n.refuse(err)
	}
	n.exchange, n.state = x, atResponse
	return n.step(ctx, st, true)
}

// step goes on with the exchange (RFC 6120 section 6.4.3, Challenge-Response
// Sequence).
func (n *Negotiation) step(ctx context.Context, st *stanza.Stanza, first bool) Action {
	root := st.Root()
	if len(root.Children) > 0 {
		return n.refuse(&Failure{Condition: "malformed-request"})
	}
	answer, done, err := n.exchange.Step(ctx, root.Text, first)
	switch {
	case err != nil:
		return n.refuse(err)
	case !done:
		return Action{Write: saslElement("challenge", answer)}
	}
	// (RFC 6120 section 6.4.6, SASL Success)
	n.JID = n.exchange.Identity()
	n.restart()
	return Action{Write: saslElement("success", answer), Do: Restart}
}

// refuse ends an exchange, and after too many the stream (RFC 6120 section
// 6.4.5, SASL Failure).
func (n *Negotiation) refuse(err error) Action {
	var f *Failure
	if !errors.As(err, &f) {
		f = &Failure{Condition: "temporary-auth-failure"}
	}
	n.exchange, n.state = nil, atFeatures
	n.failures++
	if !f.NoGuess {
		n.guesses++
	}
	var b stanza.Builder
	b.Start("failure", stanza.NSSASL).Start(f.Condition, "").End()
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
func saslElement(name, text string) []byte {
	if text == "" {
		return []byte("<" + name + " xmlns='" + stanza.NSSASL + "'/>")
	}
	return []byte("<" + name + " xmlns='" + stanza.NSSASL + "'>" + text + "</" + name + ">")
}
