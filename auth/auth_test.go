package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"parley/stanza"
)

const testDomain = "example.com"

var testSecret = []byte("a secret of the server's own")

// memory is an Accounts in memory, by bare address.
type memory map[string]record

type record struct {
	verifiers Verifiers
	state     State
	err       error
}

func (m memory) Verifiers(_ context.Context, user, domain string) (Verifiers, State, error) {
	r := m[user+"@"+domain]
	return r.verifiers, r.state, r.err
}

// pencil are verifiers of the password that the RFCs' examples use. They take
// milliseconds to derive, so all tests share them.
var pencil = sync.OnceValue(func() Verifiers {
	v, err := NewVerifiers("pencil", minIterations)
	if err != nil {
		panic(err)
	}
	return v
})

// testAccounts: user and a name that needs escapes may log in, disabled may not.
func testAccounts() memory {
	return memory{
		"user@example.com":     {verifiers: pencil(), state: Active},
		"us=er@example.com":    {verifiers: pencil(), state: Active},
		"other@example.com":    {verifiers: pencil(), state: Active},
		"disabled@example.com": {verifiers: pencil(), state: Disabled},
		"unsalted@example.com": {state: Active},
		"broken@example.com":   {err: errors.New("disk on fire")},
	}
}

func newTestAuthenticator(t testing.TB) *Authenticator {
	t.Helper()
	a, err := NewAuthenticator(testAccounts(), testSecret)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// secureConn is a stream under TLS without channel bindings.
func secureConn() ConnInfo { return ConnInfo{Domain: testDomain, Secure: true} }

// boundConn is one that can be bound, to made up data.
func boundConn() ConnInfo {
	conn := secureConn()
	conn.Bindings = ChannelBindings{
		{Type: tlsExporter, Data: []byte("exported"), also: []byte("exported otherwise")},
		{Type: tlsServerEndPoint, Data: []byte("digest")},
	}
	return conn
}

func testPolicy() Policy { return Policy{Iterations: minIterations} }

// start begins an exchange that must be allowed.
func start(t testing.TB, a *Authenticator, mechanism string, conn ConnInfo) Exchange {
	t.Helper()
	policy := testPolicy()
	policy.Mechanisms = Implemented()
	x, err := a.Start(mechanism, conn, policy)
	if err != nil {
		t.Fatalf("Start(%s): %v", mechanism, err)
	}
	return x
}

// wantFailure checks that a step failed with a condition and a text, and that
// nobody was authenticated and nobody can be any more.
func wantFailure(t *testing.T, x Exchange, err error, want *Failure) {
	t.Helper()
	var failure *Failure
	if !errors.As(err, &failure) {
		t.Fatalf("error is %v, want %v", err, want)
	}
	if !errors.Is(err, want) || want.Text != "" && failure.Text != want.Text {
		t.Errorf("error is %q (cause %v), want %q", err, failure.Cause, want)
	}
	if got := x.Result(); got != (Identity{}) {
		t.Errorf("failed exchange has result %+v", got)
	}
	if _, done, err := x.Step(t.Context(), []byte("n,,n=user,r=x")); done || err == nil {
		t.Errorf("failed exchange goes on: done %v, error %v", done, err)
	}
}

func mustJID(t testing.TB, s string) stanza.JID {
	t.Helper()
	j, err := stanza.ParseJID(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestSecretMustNotBeShort(t *testing.T) {
	if _, err := NewAuthenticator(memory{}, testSecret[:minSecret-1]); err == nil {
		t.Error("a short secret was taken")
	}
	if _, err := NewAuthenticator(memory{}, testSecret[:minSecret]); err != nil {
		t.Error(err)
	}
}

func TestNoncesDiffer(t *testing.T) {
	a, b := newNonce(), newNonce()
	if a == b || len(a) < 24 || !isNonce(a) || strings.Contains(a, ",") {
		t.Errorf("nonces %q and %q", a, b)
	}
}

func TestEmptyChallengeAsksForInitialResponse(t *testing.T) {
	a := newTestAuthenticator(t)
	for _, m := range []string{"SCRAM-SHA-1", "SCRAM-SHA-512-PLUS", "PLAIN"} {
		x := start(t, a, m, boundConn())
		challenge, done, err := x.Step(t.Context(), nil)
		if challenge == nil || len(challenge) != 0 || done || err != nil {
			t.Errorf("%s without a response: %q, %v, %v; want an empty challenge",
				m, challenge, done, err)
		}
		// It asks once only.
		_, _, err = x.Step(t.Context(), nil)
		wantFailure(t, x, err, MalformedRequest)
	}
}

func TestExchangeIsOverWhenDone(t *testing.T) {
	x := start(t, newTestAuthenticator(t), plain, secureConn())
	if _, done, err := x.Step(t.Context(), []byte("\x00user\x00pencil")); !done || err != nil {
		t.Fatalf("login: done %v, error %v", done, err)
	}
	want := x.Result()
	_, done, err := x.Step(t.Context(), []byte("\x00other\x00pencil"))
	if done || !errors.Is(err, MalformedRequest) {
		t.Errorf("a step after the end: done %v, error %v", done, err)
	}
	if got := x.Result(); got != want || got.JID != mustJID(t, "user@example.com") {
		t.Errorf("result changed from %+v to %+v", want, got)
	}
}

func TestFailureConditions(t *testing.T) {
	cause := errors.New("cause")
	failure := NotAuthorized.because("text").from(cause)
	if failure.Error() != "sasl: not-authorized: text" {
		t.Errorf("error text %q tells more or less than the peer is told", failure)
	}
	if NotAuthorized.Error() != "sasl: not-authorized" {
		t.Errorf("error text %q", NotAuthorized)
	}
	if !errors.Is(failure, NotAuthorized) || errors.Is(failure, Aborted) {
		t.Error("a failure is known by its condition")
	}
	if !errors.Is(failure, cause) {
		t.Error("the cause is lost")
	}
	unbound := NotAuthorized.because("unsupported-channel-binding-type").from(ErrBinding)
	guesses := map[*Failure]bool{
		Aborted: false, AccountDisabled: true, CredentialsExpired: true,
		EncryptionRequired: false, IncorrectEncoding: false, InvalidAuthzid: true,
		InvalidMechanism: false, MalformedRequest: false, MechanismTooWeak: false,
		NotAuthorized: true, unbound: false, TemporaryAuthFailure: false,
	}
	for f, want := range guesses {
		if f.IsGuess() != want {
			t.Errorf("%v.IsGuess() = %v", f, !want)
		}
	}
}

// TestNobodyIsTheDomain: a name that comes to nothing is no account, above all
// not the domain's own address.
func TestNobodyIsTheDomain(t *testing.T) {
	x := &exchange{conn: secureConn()}
	if err := x.name(""); !errors.Is(err, NotAuthorized) || !x.Account().IsZero() {
		t.Errorf("an empty name is %v, %v", x.Account(), err)
	}
}
