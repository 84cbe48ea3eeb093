package auth

import (
	"slices"
	"strings"
)

// The mechanisms other than SCRAM.
const (
	external  = "EXTERNAL"
	plain     = "PLAIN"
	anonymous = "ANONYMOUS"
)

const plusSuffix = "-PLUS"

// implemented are all mechanisms, in the order in which they are offered
// (RFC 6120 section 6.3.3, Mechanism Preferences). EXTERNAL is listed first
// (RFC 6120 section 6.3.4, Mechanism Offers).
var implemented = []string{
	external,
	"SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS",
	"SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1",
	plain,
	anonymous,
}

// Implemented lists every mechanism there is, for the configuration.
func Implemented() []string { return slices.Clone(implemented) }

// DefaultMechanisms are those that a Policy without a list allows: all but
// ANONYMOUS, which an admin has to ask for (XEP-0175 section 3,
// Recommendations).
func DefaultMechanisms() []string {
	return slices.DeleteFunc(Implemented(), func(m string) bool { return m == anonymous })
}

// allows says whether the policy permits a mechanism, whatever the connection.
func (p Policy) allows(mechanism string) bool {
	if len(p.Mechanisms) == 0 {
		return mechanism != anonymous
	}
	return slices.Contains(p.Mechanisms, mechanism)
}

// Offered lists the mechanisms for <mechanisms/>, the preferred ones first. It
// leaves out what needs TLS before there is TLS, -PLUS where there is nothing
// to bind to (RFC 5802 section 6, Channel Binding), and EXTERNAL where the
// certificate names nobody here (RFC 6120 section 6.3.4, Mechanism Offers).
func Offered(conn ConnInfo, policy Policy) []string {
	return slices.DeleteFunc(Implemented(), func(m string) bool {
		return !policy.allows(m) || !conn.supports(m, policy)
	})
}

// supports says whether a mechanism can be used on a connection.
func (c ConnInfo) supports(mechanism string, policy Policy) bool {
	switch {
	case mechanism == plain:
		return c.Secure
	case mechanism == external:
		return c.namesSomebody(policy)
	case strings.HasSuffix(mechanism, plusSuffix):
		return len(c.Bindings) > 0
	}
	return true
}

// Start begins an exchange with the mechanism that the client asked for, or
// says why not.
func (a *Authenticator) Start(mechanism string, conn ConnInfo, policy Policy) (Exchange, error) {
	if !slices.Contains(implemented, mechanism) {
		return nil, InvalidMechanism // (RFC 6120 section 6.5.7, invalid-mechanism)
	}
	if !policy.allows(mechanism) {
		return nil, refusal(mechanism)
	}
	if mechanism == plain && !conn.Secure {
		return nil, EncryptionRequired // (RFC 6120 section 6.5.4, encryption-required)
	}
	if !conn.supports(mechanism, policy) {
		return nil, InvalidMechanism
	}
	x := &exchange{Authenticator: a, mechanism: mechanism, conn: conn, policy: policy}
	if x.policy.Iterations == 0 {
		x.policy.Iterations = DefaultIterations
	}
	x.begin()
	return x, nil
}

// refusal is the answer to a mechanism that exists and is not allowed: too weak
// where the admin has struck out a way to use a password (RFC 6120 section
// 6.5.9, mechanism-too-weak), else as if we did not know it.
func refusal(mechanism string) error {
	if mechanism == plain || strings.HasPrefix(mechanism, "SCRAM-") {
		return MechanismTooWeak
	}
	return InvalidMechanism
}

// begin sets the first state of the mechanism. All but ANONYMOUS need a message
// from the client before they can go on.
func (x *exchange) begin() {
	x.wantsFirst = x.mechanism != anonymous
	switch x.mechanism {
	case external:
		x.next = x.external
	case plain:
		x.next = x.plain
	case anonymous:
		x.next = x.anonymous
	default:
		name, plus := strings.CutSuffix(x.mechanism, plusSuffix)
		s := &scram{exchange: x, plus: plus}
		for "SCRAM-"+s.hash.String() != name {
			s.hash++
		}
		x.next = s.first
	}
}

// offersBinding says whether a -PLUS mechanism was among those offered.
func (x *exchange) offersBinding() bool {
	return slices.ContainsFunc(Offered(x.conn, x.policy), func(m string) bool {
		return strings.HasSuffix(m, plusSuffix)
	})
}
