package auth

import (
	"context"
	"crypto/subtle"
	"strings"
	"unicode/utf8"
)

// plain takes the one message of PLAIN (RFC 4616 section 2, PLAIN SASL
// Mechanism).
func (x *exchange) plain(ctx context.Context, response []byte) ([]byte, step, error) {
	authzid, user, password, ok := parsePlain(string(response))
	if !ok {
		return nil, nil, MalformedRequest.because("syntax error in PLAIN message")
	}
	if err := x.name(user); err != nil {
		return nil, nil, err
	}
	state, err := x.checkPassword(ctx, password)
	if err != nil {
		return nil, nil, err
	}
	return nil, nil, x.admit(state, authzid)
}

// parsePlain reads [authzid] NUL authcid NUL passwd: UTF-8, two NULs, and a user
// name and a password that are not empty (RFC 4616 section 2, PLAIN SASL
// Mechanism).
func parsePlain(message string) (authzid, user, password string, ok bool) {
	authzid, rest, ok1 := strings.Cut(message, "\x00")
	user, password, ok2 := strings.Cut(rest, "\x00")
	ok = ok1 && ok2 && user != "" && password != "" &&
		utf8.ValidString(message) && strings.IndexByte(password, 0) < 0
	return authzid, user, password, ok
}

// derived derives a password in its turn: half of the processors stay free for
// those who are logged in (RFC 6120 section 13.12, Denial of Service).
func (x *exchange) derived(ctx context.Context, h Hash, password string, v Verifier) (Verifier, error) {
	select {
	case x.turns <- struct{}{}:
	case <-ctx.Done():
		return Verifier{}, ctx.Err()
	}
	defer func() { <-x.turns }()
	return x.derive(h, password, v.Salt, v.Iterations)
}

// checkPassword derives the password against the strongest verifier that the
// account has. Without an account, or with a password that cannot be prepared,
// it does the same work against a decoy and fails (RFC 6120 section 13.11,
// Directory Harvesting).
func (x *exchange) checkPassword(ctx context.Context, password string) (State, error) {
	verifiers, state, err := x.find(ctx, x.account)
	if err != nil {
		return Unknown, err
	}
	hash, ok := verifiers.strongest()
	verifier := verifiers[hash]
	if state == Unknown || !ok {
		hash, state = SHA512, Unknown
		verifier = x.decoy(x.account, hash, x.policy.Iterations)
	}
	prepared, unfit := PreparePassword(password)
	presented, err := x.derived(ctx, hash, prepared, verifier)
	equal := subtle.ConstantTimeCompare(presented.StoredKey, verifier.StoredKey) == 1
	switch {
	case err != nil:
		return Unknown, TemporaryAuthFailure.from(err)
	case unfit != nil:
		return Unknown, NotAuthorized.from(unfit)
	case state == Unknown:
		return Unknown, NotAuthorized.from(errNoAccount)
	case !equal:
		return Unknown, NotAuthorized.from(errWrongPassword)
	}
	return state, nil
}
