package auth

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"runtime"

	"parley/stanza"
)

// Exchange is one attempt to authenticate with one mechanism.
type Exchange interface {
	// Step takes the client's next message, already decoded: nil only for an
	// <auth/> without an initial response. While done is false the challenge
	// goes into <challenge/>; when it is true, into <success/> (nil for no
	// additional data). After an error, a *Failure, the exchange is over.
	Step(ctx context.Context, response []byte) (challenge []byte, done bool, err error)

	// Account is whom the client says it is, proved or not: the key for
	// Limiter. It is zero until the client has given a valid name.
	Account() stanza.JID

	// Result is who was authenticated; zero unless Step said done.
	Result() Identity
}

// Identity is who an exchange has authenticated.
type Identity struct {
	JID       stanza.JID // the bare address that the stream acts for
	Mechanism string
	Binding   string // the channel binding type in use, empty for none
	Anonymous bool   // the address was made up for this stream (XEP-0175)
}

// ConnInfo is what the mechanisms need to know of one stream.
type ConnInfo struct {
	Domain   string // the stream's 'to', prepared
	Secure   bool   // TLS protects the stream
	Bindings ChannelBindings

	// ClientCert is the client's certificate. The caller has verified its
	// chain; it is nil when there is none or nobody we trust has signed it.
	ClientCert *x509.Certificate
}

// Policy is what one domain allows. The zero value is the default.
type Policy struct {
	// Mechanisms are the names that may be offered; DefaultMechanisms when
	// empty. What the connection cannot do is left out of an offer by itself.
	Mechanisms []string

	// Iterations is the iteration count of the domain's new verifiers, and so
	// the one that unknown users are shown; DefaultIterations when 0.
	Iterations int

	// MapCertificate gives the bare addresses that a certificate without an
	// xmppAddr may act for (XEP-0178 section 2, Client-to-Server
	// Recommendation). Nil: none.
	MapCertificate func(*x509.Certificate) []string
}

// Authenticator starts exchanges; it holds what all of them share.
type Authenticator struct {
	accounts Accounts
	secret   []byte
	turns    chan struct{} // who derives a password holds a place

	// Replaced by tests.
	nonce     func() string
	announced func(h Hash, mechanisms, bindings []string) string
	derive    func(h Hash, password string, salt []byte, iterations int) (Verifier, error)
}

// minSecret is the shortest server secret that is not guessed: 128 bits.
const minSecret = 16

// NewAuthenticator makes one that reads accounts. The secret keys the salts of
// users that do not exist; it has to outlive restarts, or those salts change
// and give away who is not there.
func NewAuthenticator(accounts Accounts, secret []byte) (*Authenticator, error) {
	if len(secret) < minSecret {
		return nil, errors.New("auth: server secret is too short")
	}
	return &Authenticator{
		accounts: accounts,
		secret:   secret,
		turns:    make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		nonce:    newNonce,
		derive:   derive,

		announced: announced,
	}, nil
}

// newNonce has 144 random bits in printable characters without a comma, new
// for each exchange (RFC 5802 section 5.1, SCRAM Attributes).
func newNonce() string {
	var b [18]byte
	rand.Read(b[:]) // never fails: the runtime ends the process instead
	return base64.StdEncoding.EncodeToString(b[:])
}

// step is one state of an exchange: it takes a message and names the state to
// follow, nil for none.
type step func(ctx context.Context, response []byte) (challenge []byte, next step, err error)

// exchange is what all mechanisms have in common.
type exchange struct {
	*Authenticator
	mechanism string
	conn      ConnInfo
	policy    Policy

	next       step
	wantsFirst bool // the client speaks first and has not yet
	account    stanza.JID
	result     Identity
}

var _ Exchange = (*exchange)(nil)

// Step implements Exchange.
func (x *exchange) Step(ctx context.Context, response []byte) ([]byte, bool, error) {
	if x.next == nil {
		return nil, false, MalformedRequest.because("the exchange is over")
	}
	if x.wantsFirst && response == nil {
		// The client goes first but sent no initial response: an empty
		// challenge asks for it (RFC 4422 section 5, Mechanism Requirements).
		x.wantsFirst = false
		return []byte{}, false, nil
	}
	x.wantsFirst = false
	challenge, next, err := x.next(ctx, response)
	x.next = next
	if err != nil {
		x.next = nil
		return nil, false, err
	}
	return challenge, next == nil, nil
}

// Account implements Exchange.
func (x *exchange) Account() stanza.JID { return x.account }

// Result implements Exchange.
func (x *exchange) Result() Identity { return x.result }

// name notes whom the client says it is. The name is a localpart, not an
// address (RFC 6120 section 6.3.7, Simple User Name); one that cannot be
// prepared fails the exchange (RFC 5802 section 5.1, SCRAM Attributes; RFC 4616
// section 2, PLAIN SASL Mechanism).
func (x *exchange) name(user string) error {
	account, err := stanza.NewJID(user, x.conn.Domain, "")
	if err != nil {
		return NotAuthorized.from(err)
	}
	if account.Local() == "" {
		return NotAuthorized.from(errors.New("empty user name"))
	}
	x.account = account
	return nil
}

// admit ends an exchange whose credentials were right. The state of the account
// is looked at only here, so that a disabled one shows itself to nobody else
// (RFC 6120 section 6.5.2, account-disabled); then the authorization identity,
// which may be the account's own bare address and nothing else (RFC 6120
// section 6.3.8, Authorization Identity).
func (x *exchange) admit(state State, authzid string) error {
	if state == Disabled {
		return AccountDisabled
	}
	if authzid != "" {
		wanted, err := stanza.ParseJID(authzid)
		if err != nil || wanted != x.account {
			return InvalidAuthzid
		}
	}
	x.result = Identity{JID: x.account, Mechanism: x.mechanism}
	return nil
}
