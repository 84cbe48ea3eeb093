package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"parley/stanza"
)

// State says what an account may do.
type State uint8

// The states of an account.
const (
	Unknown  State = iota // no such account
	Active                // may log in
	Disabled              // exists and may not log in
)

// Accounts is what the exchanges read; the store implements it.
type Accounts interface {
	// Verifiers looks up an account by its prepared localpart and domain. The
	// error is for our own faults; no such account is the state Unknown.
	Verifiers(ctx context.Context, user, domain string) (v Verifiers, state State, err error)
}

// find looks an account up; an error is our fault and may pass (RFC 6120
// section 6.5.11, temporary-auth-failure).
func (a *Authenticator) find(ctx context.Context, j stanza.JID) (Verifiers, State, error) {
	v, state, err := a.accounts.Verifiers(ctx, j.Local(), j.Domain())
	if err != nil {
		return Verifiers{}, Unknown, TemporaryAuthFailure.from(err)
	}
	return v, state, nil
}

// What is logged, and not told, of a refused password.
var (
	errNoAccount     = errors.New("no such account, or no verifier of this hash")
	errWrongPassword = errors.New("wrong password")
)

// decoy is the verifier that an account which does not exist seems to have: the
// same one each time it is asked for, so that nobody can tell who has an
// account here (RFC 6120 section 13.11, Directory Harvesting). Nobody knows a
// password for it, and callers refuse it even to one who guesses the key.
func (a *Authenticator) decoy(j stanza.JID, h Hash, iterations int) Verifier {
	secret := a.keyed("decoy", h.String(), j.Domain(), j.Local())
	stored := h.sum(secret[saltSize:]) // the salt is shown, this is not
	return Verifier{
		Salt:       secret[:saltSize],
		Iterations: iterations,
		StoredKey:  stored,
		ServerKey:  h.sum(stored),
	}
}

// keyed hashes with the server's secret. The first part says what for.
func (a *Authenticator) keyed(parts ...string) []byte {
	mac := hmac.New(sha512.New, a.secret)
	for _, part := range parts {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

// Pseudonym is a name for a client of an account: the same whenever it is asked
// for, and nothing from which who does not know the server's secret could tell
// the id (XEP-0386 section 3.2.1, Resource identifier generation).
func (a *Authenticator) Pseudonym(account stanza.JID, id string) string {
	return base64.RawURLEncoding.EncodeToString(a.keyed("client", account.String(), id)[:15])
}
