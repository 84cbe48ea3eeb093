// Package auth is the server side of SASL (RFC 6120 section 6, SASL
// Negotiation): salted verifiers of passwords, the mechanisms as step machines,
// channel binding, and limits on guessing. It does no I/O: accounts come from
// the Accounts interface, certificates and TLS state from the caller, and the
// XML around the messages is the caller's too.
//
// Mechanisms: SCRAM-SHA-1, SCRAM-SHA-256 and SCRAM-SHA-512 and their -PLUS
// forms (RFC 5802, RFC 7677), PLAIN under TLS (RFC 4616), EXTERNAL with client
// certificates (RFC 4422 appendix A, XEP-0178), ANONYMOUS when asked for
// (RFC 4505, XEP-0175), HT-SHA-256-* with tokens (XEP-0484). Channel bindings: tls-exporter (RFC 9266), tls-unique
// and tls-server-end-point (RFC 5929), listed for XEP-0440. SCRAM tells clients what
// was offered (XEP-0474).
//
// A caller goes through one login like this:
//
//	x, err := a.Start(mechanism, conn, policy)
//	response, err := auth.DecodeInitial(text)
//	challenge, done, err := x.Step(ctx, response) // until done or an error
//	wait := limiter.Delay(x.Account(), addr)      // before Failed, for both ends
//	limiter.Failed(x.Account(), addr)             // or Succeeded, before waiting
//
// Every error that Start, the Decode functions and Step return is a *Failure,
// whose Condition is the element that goes into <failure/>.
package auth
