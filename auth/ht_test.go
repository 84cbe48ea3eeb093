package auth

import (
	"context"
	"errors"
	"testing"
	"time"

	"parley/stanza"
)

// someTokens are a client's; used is the one that was.
type someTokens struct {
	list    []Token
	readErr error
	useErr  error
	used    string
}

func (s *someTokens) Tokens(context.Context, stanza.JID) ([]Token, error) { return s.list, s.readErr }

func (s *someTokens) Use(_ context.Context, _ stanza.JID, t Token) error {
	s.used = t.Secret
	return s.useErr
}

// oneAccount has romeo, in that state.
type oneAccount struct{ state State }

func (a oneAccount) Verifiers(_ context.Context, user, _ string) (Verifiers, State, error) {
	if user != "romeo" {
		return Verifiers{}, Unknown, nil
	}
	return Verifiers{}, a.state, nil
}

// bound is a connection with two channel bindings, the first with two values.
var bound = ConnInfo{Domain: "a.lit", Secure: true, Bindings: ChannelBindings{
	{Type: tlsExporter, Data: []byte("exported"), also: []byte("too")},
	{Type: tlsServerEndPoint, Data: []byte("certificate")},
}}

// TestHT goes through the messages of HT-* (draft-schmaus-kitten-sasl-ht-09) and
// the rules for tokens (XEP-0484 sections 3.4 and 4.2).
func TestHT(t *testing.T) {
	ahead, behind := time.Now().Add(time.Hour), time.Now().Add(-time.Second)
	token := func(suffix, secret string, expires time.Time) Token {
		return Token{Mechanism: hashedToken + suffix, Secret: secret, Expires: expires}
	}
	message := func(user, secret, data string) string {
		return user + "\x00" + string(tokenMAC(secret, "Initiator", []byte(data)))
	}
	broken := errors.New("disk on fire")
	for _, tc := range []struct {
		name    string
		suffix  string
		tokens  someTokens
		state   State
		message string
		data    string // that the answer is bound to
		want    error
	}{
		{name: "unbound", suffix: "NONE", tokens: someTokens{list: []Token{token("NONE", "s", ahead)}},
			message: message("romeo", "s", "")},
		{name: "bound to the connection", suffix: "EXPR", data: "exported",
			tokens: someTokens{list: []Token{token("EXPR", "s", ahead)}}, message: message("romeo", "s", "exported")},
		{name: "bound in the other way", suffix: "EXPR", data: "too",
			tokens: someTokens{list: []Token{token("EXPR", "s", ahead)}}, message: message("romeo", "s", "too")},
		{name: "bound to the certificate", suffix: "ENDP", data: "certificate",
			tokens:  someTokens{list: []Token{token("ENDP", "s", ahead)}},
			message: message("romeo", "s", "certificate")},
		{name: "the second one", suffix: "NONE", message: message("romeo", "s", ""),
			tokens: someTokens{list: []Token{token("NONE", "new", ahead), token("NONE", "s", ahead)}}},
		{name: "name is prepared", suffix: "NONE", tokens: someTokens{list: []Token{token("NONE", "s", ahead)}},
			message: message("Romeo", "s", "")},
		{name: "not bound though it is to be", suffix: "EXPR", want: NotAuthorized,
			tokens: someTokens{list: []Token{token("EXPR", "s", ahead)}}, message: message("romeo", "s", "")},
		{name: "bound to another connection", suffix: "EXPR", want: NotAuthorized,
			tokens: someTokens{list: []Token{token("EXPR", "s", ahead)}}, message: message("romeo", "s", "other")},
		{name: "not bound, for lack of a second value", suffix: "ENDP", want: NotAuthorized,
			tokens: someTokens{list: []Token{token("ENDP", "s", ahead)}}, message: message("romeo", "s", "")},
		{name: "of another mechanism", suffix: "NONE", want: NotAuthorized,
			tokens: someTokens{list: []Token{token("EXPR", "s", ahead)}}, message: message("romeo", "s", "")},
		{name: "wrong", suffix: "NONE", tokens: someTokens{list: []Token{token("NONE", "s", ahead)}},
			message: message("romeo", "t", ""), want: NotAuthorized},
		{name: "none", suffix: "NONE", message: message("romeo", "", ""), want: NotAuthorized},
		{name: "none of such an account", suffix: "NONE", want: NotAuthorized,
			tokens: someTokens{list: []Token{token("NONE", "s", ahead)}}, message: message("juliet", "s", "")},
		{name: "expired", suffix: "NONE", tokens: someTokens{list: []Token{token("NONE", "s", behind)}},
			message: message("romeo", "s", ""), want: CredentialsExpired},
		{name: "account disabled", suffix: "NONE", state: Disabled, want: AccountDisabled,
			tokens: someTokens{list: []Token{token("NONE", "s", ahead)}}, message: message("romeo", "s", "")},
		{name: "used before", suffix: "NONE", want: NotAuthorized, message: message("romeo", "s", ""),
			tokens: someTokens{list: []Token{token("NONE", "s", ahead)}, useErr: NotAuthorized}},
		{name: "cannot be noted", suffix: "NONE", want: TemporaryAuthFailure, message: message("romeo", "s", ""),
			tokens: someTokens{list: []Token{token("NONE", "s", ahead)}, useErr: broken}},
		{name: "cannot be read", suffix: "NONE", want: TemporaryAuthFailure, message: message("romeo", "s", ""),
			tokens: someTokens{readErr: broken}},
		{name: "no NUL", suffix: "NONE", message: "romeo", want: MalformedRequest},
		{name: "short", suffix: "NONE", message: "romeo\x00abc", want: MalformedRequest},
		{name: "no name", suffix: "NONE", message: message("", "s", ""), want: NotAuthorized},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.state == Unknown {
				tc.state = Active
			}
			a, err := NewAuthenticator(oneAccount{tc.state}, make([]byte, 32))
			if err != nil {
				t.Fatal(err)
			}
			x, err := a.StartToken(hashedToken+tc.suffix, bound, Policy{}, &tc.tokens)
			if err != nil {
				t.Fatal(err)
			}
			answer, done, err := x.Step(t.Context(), []byte(tc.message))
			if !errors.Is(err, tc.want) || done != (tc.want == nil) {
				t.Fatalf("%v, done %v; want %v", err, done, tc.want)
			}
			if tc.want != nil {
				if !x.Result().JID.IsZero() {
					t.Error("somebody is authenticated")
				}
				return
			}
			if string(answer) != string(tokenMAC("s", "Responder", []byte(tc.data))) || tc.tokens.used != "s" {
				t.Errorf("answer %x, used %q", answer, tc.tokens.used)
			}
			if got := x.Result(); got.JID.String() != "romeo@a.lit" || got.Mechanism != hashedToken+tc.suffix {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestTokenMechanisms: what cannot be bound is not offered, and nothing without TLS.
func TestTokenMechanisms(t *testing.T) {
	for want, conn := range map[string]ConnInfo{
		"":                {},
		"HT-SHA-256-NONE": {Secure: true},
		"HT-SHA-256-EXPR HT-SHA-256-ENDP HT-SHA-256-NONE": bound,
		"HT-SHA-256-UNIQ HT-SHA-256-NONE": {Secure: true,
			Bindings: ChannelBindings{{Type: tlsUnique, Data: []byte("x")}}},
	} {
		got := ""
		for _, m := range TokenMechanisms(conn) {
			got += m + " "
			if !IsTokenMechanism(m) {
				t.Errorf("%s is none", m)
			}
		}
		if got != want && got != want+" " {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if IsTokenMechanism("PLAIN") || IsTokenMechanism("HT-SHA-512-NONE") {
		t.Error("others are some")
	}
	a, _ := NewAuthenticator(oneAccount{Active}, make([]byte, 32))
	if _, err := a.StartToken("HT-SHA-256-UNIQ", bound, Policy{}, &someTokens{}); !errors.Is(err, InvalidMechanism) {
		t.Errorf("what cannot be bound: %v", err)
	}
	// An exchange has one message, and may ask for it.
	x, _ := a.StartToken("HT-SHA-256-NONE", bound, Policy{}, &someTokens{})
	if challenge, done, err := x.Step(t.Context(), nil); len(challenge) != 0 || done || err != nil {
		t.Errorf("without a message: %q %v %v", challenge, done, err)
	}
}

// TestPseudonym: it is the same for the same client only, and does not show its id.
func TestPseudonym(t *testing.T) {
	a, _ := NewAuthenticator(oneAccount{Active}, make([]byte, 32))
	b, _ := NewAuthenticator(oneAccount{Active}, append(make([]byte, 31), 1))
	romeo, juliet := stanza.MustJID("romeo@a.lit"), stanza.MustJID("juliet@a.lit")
	name := a.Pseudonym(romeo, "id")
	if name != a.Pseudonym(romeo, "id") || len(name) != 20 {
		t.Errorf("%q and %q", name, a.Pseudonym(romeo, "id"))
	}
	for _, other := range []string{a.Pseudonym(juliet, "id"), a.Pseudonym(romeo, "di"), b.Pseudonym(romeo, "id")} {
		if other == name {
			t.Errorf("%q is another's too", name)
		}
	}
}
