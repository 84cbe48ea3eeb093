package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestPlain(t *testing.T) {
	a := newTestAuthenticator(t)
	for _, c := range []struct{ name, message, want string }{
		{"user and password", "\x00user\x00pencil", "user@example.com"},
		{"one's own authzid", "user@example.com\x00user\x00pencil", "user@example.com"},
		{"authzid to be prepared", "USER@Example.COM\x00user\x00pencil", "user@example.com"},
		{"user to be prepared", "\x00USER\x00pencil", "user@example.com"},
		{"password to be prepared", "\x00user\x00pen\u00adcil", "user@example.com"},
		{"full width password", "\x00user\x00ｐｅｎｃｉｌ", "user@example.com"},
		{"a name with an equals sign", "\x00us=er\x00pencil", "us=er@example.com"},
	} {
		x := start(t, a, plain, secureConn())
		challenge, done, err := x.Step(t.Context(), []byte(c.message))
		if challenge != nil || !done || err != nil {
			t.Errorf("%s: %q, %v, %v", c.name, challenge, done, err)
			continue
		}
		want := Identity{JID: mustJID(t, c.want), Mechanism: plain}
		if got := x.Result(); got != want || x.Account() != want.JID {
			t.Errorf("%s: authenticated %+v, want %+v", c.name, got, want)
		}
	}
}

func TestPlainRefuses(t *testing.T) {
	a := newTestAuthenticator(t)
	for _, c := range []struct {
		name, message string
		want          *Failure
	}{
		{"empty", "", MalformedRequest},
		{"one NUL", "user\x00pencil", MalformedRequest},
		{"no NUL", "user pencil", MalformedRequest},
		{"three NULs", "\x00user\x00pencil\x00", MalformedRequest},
		{"NUL in the password", "\x00user\x00pen\x00cil", MalformedRequest},
		{"NUL first in the password", "\x00user\x00\x00pencil", MalformedRequest},
		{"only NULs", "\x00\x00", MalformedRequest},
		{"no user", "\x00\x00pencil", MalformedRequest},
		{"no password", "\x00user\x00", MalformedRequest},
		{"authzid is not UTF-8", "\xff\x00user\x00pencil", MalformedRequest},
		{"user is not UTF-8", "\x00us\xffer\x00pencil", MalformedRequest},
		{"password is not UTF-8", "\x00user\x00pencil\xff", MalformedRequest},
		{"overlong NUL", "\x00user\x00pencil\xc0\x80", MalformedRequest},
		{"wrong password", "\x00user\x00pencils", NotAuthorized},
		{"password of another case", "\x00user\x00Pencil", NotAuthorized},
		{"password with a space", "\x00user\x00pencil ", NotAuthorized},
		{"password that nobody can have", "\x00user\x00pen\tcil", NotAuthorized},
		{"no such user", "\x00nobody\x00pencil", NotAuthorized},
		{"user without a password", "\x00unsalted\x00pencil", NotAuthorized},
		{"address as user", "\x00user@example.com\x00pencil", NotAuthorized},
		{"user that cannot be prepared", "\x00us er\x00pencil", NotAuthorized},
		{"resource as user", "\x00user/x\x00pencil", NotAuthorized},
		{"disabled", "\x00disabled\x00pencil", AccountDisabled},
		{"disabled, wrong password", "\x00disabled\x00pencils", NotAuthorized},
		{"store fails", "\x00broken\x00pencil", TemporaryAuthFailure},
		{"another's authzid", "other@example.com\x00user\x00pencil", InvalidAuthzid},
		{"another's authzid, wrong password", "other@example.com\x00user\x00pencils", NotAuthorized},
		{"authzid without a domain", "user\x00user\x00pencil", InvalidAuthzid},
		{"authzid of another domain", "user@example.org\x00user\x00pencil", InvalidAuthzid},
		{"authzid with a resource", "user@example.com/x\x00user\x00pencil", InvalidAuthzid},
		{"authzid that is no address", "@\x00user\x00pencil", InvalidAuthzid},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := start(t, a, plain, secureConn())
			_, _, err := x.Step(t.Context(), []byte(c.message))
			wantFailure(t, x, err, c.want)
		})
	}
}

// TestPlainWorksAsHardForNobody: refusing costs the same derivation whether or
// not there is such a user.
func TestPlainWorksAsHardForNobody(t *testing.T) {
	a := newTestAuthenticator(t)
	var work []string
	a.derive = func(h Hash, password string, salt []byte, iterations int) (Verifier, error) {
		work = append(work, fmt.Sprint(h, password, len(salt), iterations))
		return derive(h, password, salt, 1)
	}
	for _, user := range []string{"user", "disabled", "nobody", "unsalted"} {
		x := start(t, a, plain, secureConn())
		_, _, err := x.Step(t.Context(), []byte("\x00"+user+"\x00guess"))
		wantFailure(t, x, err, NotAuthorized)
	}
	want := fmt.Sprint(SHA512, "guess", saltSize, minIterations)
	if !slices.Equal(work, []string{want, want, want, want}) {
		t.Errorf("derivations: %q, want four of %q", work, want)
	}
}

// TestRefusalsLookAlike: what the peer sees of a refusal is the same for a wrong
// password and for no such user.
func TestRefusalsLookAlike(t *testing.T) {
	a := newTestAuthenticator(t)
	for _, user := range []string{"user", "disabled", "nobody", "unsalted"} {
		x := start(t, a, plain, secureConn())
		_, _, err := x.Step(t.Context(), []byte("\x00"+user+"\x00guess"))
		var failure *Failure
		if !errors.As(err, &failure) || failure.Condition != NotAuthorized.Condition ||
			failure.Text != "" {
			t.Errorf("%s: %#v", user, err)
		}
		// The log may tell them apart.
		if there := user == "user" || user == "disabled"; errors.Is(err, errNoAccount) == there ||
			errors.Is(err, errWrongPassword) != there {
			t.Errorf("%s: cause %v", user, failure.Cause)
		}
	}
}

func TestPlainWithDerivationFault(t *testing.T) {
	a := newTestAuthenticator(t)
	a.derive = func(Hash, string, []byte, int) (Verifier, error) {
		return Verifier{StoredKey: pencil()[SHA512].StoredKey}, errors.New("no such hash")
	}
	x := start(t, a, plain, secureConn())
	_, _, err := x.Step(t.Context(), []byte("\x00user\x00pencil"))
	wantFailure(t, x, err, TemporaryAuthFailure)
}

// TestPlainWithOneOldVerifier: an account that was imported with SHA-1 alone.
func TestPlainWithOneOldVerifier(t *testing.T) {
	accounts := testAccounts()
	old := Verifiers{SHA1: pencil()[SHA1]}
	accounts["old@example.com"] = record{verifiers: old, state: Active}
	a, err := NewAuthenticator(accounts, testSecret)
	if err != nil {
		t.Fatal(err)
	}
	x := start(t, a, plain, secureConn())
	if _, done, err := x.Step(t.Context(), []byte("\x00old\x00pencil")); !done || err != nil {
		t.Errorf("right password: %v, %v", done, err)
	}
	x = start(t, a, plain, secureConn())
	_, _, err = x.Step(t.Context(), []byte("\x00old\x00pencils"))
	wantFailure(t, x, err, NotAuthorized)
}

// TestPlainLengths: 255 octets of each part must be taken (RFC 4616 section 2,
// PLAIN SASL Mechanism).
func TestPlainLengths(t *testing.T) {
	user, password := strings.Repeat("u", 255), strings.Repeat("п", 128)
	verifiers, err := NewVerifiers(password, minIterations)
	if err != nil {
		t.Fatal(err)
	}
	accounts := memory{user + "@" + testDomain: {verifiers: verifiers, state: Active}}
	a, err := NewAuthenticator(accounts, testSecret)
	if err != nil {
		t.Fatal(err)
	}
	x := start(t, a, plain, secureConn())
	message := user + "@" + testDomain + "\x00" + user + "\x00" + password
	if _, done, err := x.Step(t.Context(), []byte(message)); !done || err != nil {
		t.Errorf("done %v, error %v", done, err)
	}
}
