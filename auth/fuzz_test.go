package auth

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// wantOnlyFailures checks what holds after any step with any input.
func wantOnlyFailures(t *testing.T, x Exchange, challenge []byte, done bool, err error) {
	t.Helper()
	var failure *Failure
	if err != nil && !errors.As(err, &failure) {
		t.Fatalf("error %v is no Failure", err)
	}
	if err != nil && (challenge != nil || done) {
		t.Fatalf("a failed step gives %q, done %v", challenge, done)
	}
	if done != (x.Result() != Identity{}) {
		t.Fatalf("done %v, result %+v", done, x.Result())
	}
	if failure != nil && !utf8.ValidString(failure.Text) {
		t.Fatalf("text %q", failure.Text)
	}
}

// FuzzSCRAM gives the server any two messages. Nobody gets in with them, and
// nobody gets in with any other message than the right one where the first was
// right.
func FuzzSCRAM(f *testing.F) {
	for _, first := range []string{
		"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", "y,a=user@example.com,n=user,r=abc",
		"p=tls-exporter,,n=us=3Der,r=abc,x=y", "p=tls-server-end-point,,n=disabled,r=a",
		"n,,m=x,n=user,r=abc", "n,,n=nobody,r=abc", "n,a==2C=3D,n==3D,r=,",
	} {
		f.Add(uint8(0), first, "c=biws,r=abc,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")
		f.Add(uint8(3), first, "c=cD10bHMtZXhwb3J0ZXIsLGV4cG9ydGVk,r=abcserver,x=y,p=AA==")
	}
	mechanisms := []string{
		"SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512",
		"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS",
	}
	a := newTestAuthenticator(f)
	a.nonce = func() string { return "server" }
	f.Fuzz(func(t *testing.T, which uint8, first, final string) {
		mechanism := mechanisms[int(which)%len(mechanisms)]
		x := start(t, a, mechanism, boundConn())
		challenge, done, err := x.Step(t.Context(), []byte(first))
		wantOnlyFailures(t, x, challenge, done, err)
		if done {
			t.Fatalf("%s: done after %q", mechanism, first)
		}
		if err == nil {
			challenge, done, err = x.Step(t.Context(), []byte(final))
			wantOnlyFailures(t, x, challenge, done, err)
			if done {
				t.Fatalf("%s: %q and %q authenticate %+v", mechanism, first, final, x.Result())
			}
		}
		fuzzFinal(t, a, mechanism, final)
	})
}

// fuzzFinal gives the server a good first message and then a fuzzed one. Only
// the message that a client with the password sends is taken: with other
// extensions the proof is another.
func fuzzFinal(t *testing.T, a *Authenticator, mechanism, final string) {
	t.Helper()
	name, plus := strings.CutSuffix(mechanism, plusSuffix)
	header, data := "n,,", ""
	if plus {
		header, data = "p=tls-exporter,,", "exported"
	}
	x := start(t, a, mechanism, boundConn())
	client := newTestClient(SHA1)
	for "SCRAM-"+client.hash.String() != name {
		client.hash++
	}
	client.first(t, x, header, "n=user,r=abc")
	good := client.sign(client.withoutProof(data))
	challenge, done, err := x.Step(t.Context(), []byte(final))
	wantOnlyFailures(t, x, challenge, done, err)
	if done && final != good {
		t.Fatalf("%s: %q authenticates, the password gives %q", mechanism, final, good)
	}
}

// FuzzPlain lets a message in only if it says the user, the password and nobody
// else.
func FuzzPlain(f *testing.F) {
	for _, message := range []string{
		"\x00user\x00pencil", "user@example.com\x00user\x00pencil", "\x00USER\x00ｐencil",
		"other@example.com\x00user\x00pencil", "\x00user\x00pencil\x00", "\x00\x00", "\xff",
		"\x00nobody\x00pencil", "\x00disabled\x00pencil", "\x00broken\x00pencil",
	} {
		f.Add([]byte(message))
	}
	a := newTestAuthenticator(f)
	f.Fuzz(func(t *testing.T, message []byte) {
		// One iteration, or fuzzing would do nothing but derive.
		var derived string
		a.derive = func(h Hash, password string, _ []byte, _ int) (Verifier, error) {
			derived = password
			if password == "pencil" {
				return pencil()[h], nil
			}
			return Verifier{StoredKey: make([]byte, h.size())}, nil
		}
		x := start(t, a, plain, secureConn())
		challenge, done, err := x.Step(t.Context(), message)
		wantOnlyFailures(t, x, challenge, done, err)
		if !done {
			return
		}
		parts := strings.Split(string(message), "\x00")
		if len(parts) != 3 || derived != "pencil" || x.Result().JID != x.Account() {
			t.Fatalf("%q authenticates %+v", message, x.Result())
		}
		account := mustJID(t, parts[1]+"@"+testDomain)
		if parts[0] != "" && mustJID(t, parts[0]) != account || account != x.Account() {
			t.Fatalf("%q authenticates %v", message, x.Account())
		}
	})
}

// FuzzBase64: what is taken has one spelling.
func FuzzBase64(f *testing.F) {
	for _, text := range []string{
		"", "=", "YQ==", "YWI=", "YWJj", "YR==", "YQ", "YW\nJj", "=AAA", "BBBB=CCC",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, decode := range map[string]func(string) ([]byte, error){
			"DecodeInitial": DecodeInitial, "DecodeResponse": DecodeResponse,
		} {
			message, err := decode(text)
			switch {
			case err != nil && (message != nil || !errors.Is(err, IncorrectEncoding)):
				t.Fatalf("%s(%q) = %q, %v", name, text, message, err)
			case err == nil && text != "=" && EncodeChallenge(message) != text:
				t.Fatalf("%s(%q) = %q, which is written %q", name, text, message, EncodeChallenge(message))
			}
		}
	})
}

// FuzzVerifiers: what is read from storage is what would be written there.
func FuzzVerifiers(f *testing.F) {
	f.Add("SCRAM-SHA-1$4096:c2FsdA==$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=")
	f.Add(pencil().Encode())
	f.Fuzz(func(t *testing.T, s string) {
		v, err := DecodeVerifiers(s)
		if err != nil {
			return
		}
		again, err := DecodeVerifiers(v.Encode())
		if err != nil || !reflect.DeepEqual(again, v) || len(v.Encode()) != len(s) {
			t.Fatalf("%q is read as %+v and written as %q (%v)", s, v, v.Encode(), err)
		}
	})
}

// FuzzExternal reads any SubjectAltName, and lets nobody in but one whose
// address stands in it.
func FuzzExternal(f *testing.F) {
	f.Add(sanOf(f, "user@example.com"), "")
	f.Add(sanOf(f, "user@example.com", "other@example.com"), "other@example.com")
	f.Add([]byte{0x30, 0x02, 0xa0, 0x00}, "user@example.com")
	a := newTestAuthenticator(f)
	f.Fuzz(func(t *testing.T, san []byte, authzid string) {
		conn := secureConn()
		conn.ClientCert = &x509.Certificate{
			Extensions: []pkix.Extension{{Id: oidSubjectAltName, Value: san}}}
		x, err := a.Start(external, conn, Policy{})
		if err != nil {
			return
		}
		challenge, done, err := x.Step(t.Context(), []byte(authzid))
		wantOnlyFailures(t, x, challenge, done, err)
		if done && !strings.Contains(strings.ToLower(string(san)), x.Account().Local()) {
			t.Fatalf("%x with %q authenticates %v", san, authzid, x.Account())
		}
	})
}
