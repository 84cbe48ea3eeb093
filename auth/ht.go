package auth

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"slices"
	"time"

	"parley/stanza"
)

// Token is a secret that one client was given for its next logins (XEP-0484).
type Token struct {
	Mechanism string // the only one that it is good for
	Secret    string
	Expires   time.Time
	Fresh     bool // the client has not used it yet
}

// Tokens are those of the client that is logging in.
type Tokens interface {
	// Tokens lists what the client may prove, for an account that exists.
	Tokens(ctx context.Context, account stanza.JID) ([]Token, error)
	// Use notes that the client has proved one. A *Failure refuses it all the
	// same: it came twice.
	Use(ctx context.Context, account stanza.JID, t Token) error
}

// hashedToken is the prefix of the mechanisms that prove a token, with SHA-256.
const hashedToken = "HT-SHA-256-"

// tokenBindings are what they are bound to, the strongest first.
var tokenBindings = []struct{ suffix, typ string }{
	{"EXPR", tlsExporter}, {"UNIQ", tlsUnique}, {"ENDP", tlsServerEndPoint}, {"NONE", ""},
}

// TokenMechanisms lists the mechanisms that prove a token on a connection, the
// preferred ones first: one without a channel binding is always among them
// (XEP-0484 section 3.1, Server advertises support for FAST), and none without TLS
// (section 6, Security Considerations).
func TokenMechanisms(conn ConnInfo) []string {
	var list []string
	for _, b := range tokenBindings {
		if _, ok := conn.Bindings.find(b.typ); conn.Secure && (ok || b.typ == "") {
			list = append(list, hashedToken+b.suffix)
		}
	}
	return list
}

// IsTokenMechanism says whether a mechanism is one of those, whatever the
// connection.
func IsTokenMechanism(mechanism string) bool {
	return slices.ContainsFunc(tokenBindings, func(b struct{ suffix, typ string }) bool {
		return hashedToken+b.suffix == mechanism
	})
}

// StartToken begins an exchange with a mechanism that proves a token.
func (a *Authenticator) StartToken(mechanism string, conn ConnInfo, policy Policy, tokens Tokens) (
	Exchange, error) {
	if !slices.Contains(TokenMechanisms(conn), mechanism) {
		return nil, InvalidMechanism
	}
	x := &exchange{Authenticator: a, mechanism: mechanism, conn: conn, policy: policy,
		wantsFirst: true}
	h := &ht{exchange: x, tokens: tokens}
	for _, b := range tokenBindings {
		if hashedToken+b.suffix == mechanism {
			h.binding, _ = conn.Bindings.find(b.typ)
		}
	}
	x.next = h.first
	return x, nil
}

// ht is an exchange of the mechanisms HT-* (draft-schmaus-kitten-sasl-ht-09).
type ht struct {
	*exchange
	tokens  Tokens
	binding ChannelBinding // none for NONE
}

// What is logged, and not told, of a refused token.
var errWrongToken = errors.New("wrong token")

// first takes the only message, authcid NUL MAC, and answers with a MAC of ours.
func (h *ht) first(ctx context.Context, response []byte) ([]byte, step, error) {
	user, proof, ok := bytes.Cut(response, []byte{0})
	if !ok || len(proof) != sha256.Size {
		return nil, nil, MalformedRequest.because("syntax error in HT message")
	}
	if err := h.name(string(user)); err != nil {
		return nil, nil, err
	}
	_, state, err := h.find(ctx, h.account)
	if err != nil {
		return nil, nil, err
	}
	var list []Token
	if state != Unknown {
		if list, err = h.tokens.Tokens(ctx, h.account); err != nil {
			return nil, nil, TemporaryAuthFailure.from(err)
		}
	}
	token, data, ok := h.proved(list, proof)
	switch {
	case !ok:
		return nil, nil, NotAuthorized.from(errWrongToken)
	case !token.Expires.After(time.Now()):
		// (XEP-0484 section 4.2, Server responsibilities)
		return nil, nil, CredentialsExpired
	}
	if err := h.admit(state, ""); err != nil {
		return nil, nil, err
	}
	if err := h.tokens.Use(ctx, h.account, token); err != nil {
		h.result = Identity{}
		return nil, nil, h.unused(err)
	}
	h.result.Binding = h.binding.Type
	return tokenMAC(token.Secret, "Responder", data), nil, nil
}

// unused translates an error of Tokens.Use.
func (h *ht) unused(err error) error {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return TemporaryAuthFailure.from(err)
}

// proved finds the token that was proved, and the channel's data that went into
// the proof. As many are tried whatever there is (XEP-0484 section 6, Security
// Considerations). A token of another mechanism proves nothing (section 3.4, Client
// authenticates using FAST).
func (h *ht) proved(list []Token, proof []byte) (token Token, data []byte, ok bool) {
	for n := range 2 {
		t := Token{Mechanism: h.mechanism} // one that nobody has: see usable
		usable := n < len(list) && list[n].Mechanism == h.mechanism
		if usable {
			t = list[n]
		}
		for _, d := range [...][]byte{h.binding.Data, h.binding.also} {
			equal := subtle.ConstantTimeCompare(tokenMAC(t.Secret, "Initiator", d), proof) == 1
			if equal && usable && (d != nil || h.binding.Type == "") {
				token, data, ok = t, d, true
			}
		}
	}
	return token, data, ok
}

// tokenMAC proves that one side knows a token.
func tokenMAC(secret, side string, data []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(side))
	mac.Write(data)
	return mac.Sum(nil)
}
