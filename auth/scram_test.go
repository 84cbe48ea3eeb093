package auth

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// TestVectors are the exchanges of the RFCs: message for message.
func TestVectors(t *testing.T) {
	for _, c := range []struct {
		name, mechanism  string
		hash             Hash
		salt, nonce      string
		client1, server1 string
		client2, server2 string
	}{
		{
			name: "RFC 5802 section 5, SCRAM Authentication Exchange", mechanism: "SCRAM-SHA-1",
			hash: SHA1, salt: "QSXCR+Q6sek8bf92", nonce: "3rfcNHYJY1ZVvWVs7j",
			client1: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
			server1: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
			client2: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
			server2: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
		},
		{
			name: "RFC 7677 section 3, SCRAM-SHA-256 and SCRAM-SHA-256-PLUS", mechanism: "SCRAM-SHA-256",
			hash: SHA256, salt: "W22ZaJ0SNY7soEsUEjb6gQ==", nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
			client1: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
			server1: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," +
				"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			client2: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," +
				"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
			server2: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			salt, err := base64.StdEncoding.DecodeString(c.salt)
			if err != nil {
				t.Fatal(err)
			}
			var v Verifiers
			if v[c.hash], err = derive(c.hash, "pencil", salt, 4096); err != nil {
				t.Fatal(err)
			}
			accounts := memory{"user@example.com": {verifiers: v, state: Active}}
			a, err := NewAuthenticator(accounts, testSecret)
			if err != nil {
				t.Fatal(err)
			}
			a.nonce = func() string { return c.nonce }
			a.announced = func(Hash, []string, []string) string { return "" } // there was no XEP-0474
			x := start(t, a, c.mechanism, ConnInfo{Domain: testDomain})
			challenge, done, err := x.Step(t.Context(), []byte(c.client1))
			if string(challenge) != c.server1 || done || err != nil {
				t.Fatalf("server-first %q, %v, %v; want %q", challenge, done, err, c.server1)
			}
			if x.Account() != mustJID(t, "user@example.com") || x.Result() != (Identity{}) {
				t.Errorf("before the proof: account %v, result %+v", x.Account(), x.Result())
			}
			challenge, done, err = x.Step(t.Context(), []byte(c.client2))
			if string(challenge) != c.server2 || !done || err != nil {
				t.Fatalf("server-final %q, %v, %v; want %q", challenge, done, err, c.server2)
			}
			want := Identity{JID: mustJID(t, "user@example.com"), Mechanism: c.mechanism}
			if got := x.Result(); got != want {
				t.Errorf("authenticated %+v, want %+v", got, want)
			}
		})
	}
}

// TestClientFirstRefused: every message that the grammar or the flags forbid.
func TestClientFirstRefused(t *testing.T) {
	a := newTestAuthenticator(t)
	text := func(f *Failure, s string) *Failure { return f.because(s) }
	downgrade := text(NotAuthorized, "server-does-support-channel-binding")
	noType := text(NotAuthorized, "unsupported-channel-binding-type")
	misfit := text(MalformedRequest, "channel binding flag does not fit the mechanism")
	const plain, plus = "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"
	for _, c := range []struct {
		name, mechanism, message string
		want                     *Failure
	}{
		{"empty", plain, "", errSyntax},
		{"no comma", plain, "n", errSyntax},
		{"one comma", plain, "n,n=user", errSyntax},
		{"header alone", plain, "n,,", errSyntax},
		{"unknown flag", plain, "x,,n=user,r=abc", errSyntax},
		{"capital flag", plain, "N,,n=user,r=abc", errSyntax},
		{"no flag", plain, ",,n=user,r=abc", errSyntax},
		{"long flag", plain, "nn,,n=user,r=abc", errSyntax},
		{"nonstandard flag of GS2", plain, "F,n,,n=user,r=abc", errSyntax},
		{"flag p alone", plus, "p,,n=user,r=abc", errSyntax},
		{"flag p without a name", plus, "p=,,n=user,r=abc", errSyntax},
		{"binding name with an underscore first", plus, "p=_tls,,n=user,r=abc", errSyntax},
		{"binding name with a space", plus, "p=tls exporter,,n=user,r=abc", errSyntax},
		{"binding name with an underscore", plus, "p=tls_exporter,,n=user,r=abc", errSyntax},
		{"binding name not ASCII", plus, "p=tls-exportér,,n=user,r=abc", errSyntax},
		{"no authzid value", plain, "n,a=,n=user,r=abc", errSyntax},
		{"authzid without a=", plain, "n,user@example.com,n=user,r=abc", errSyntax},
		{"authzid badly escaped", plain, "n,a=user=example,n=user,r=abc", errSyntax},
		{"no user", plain, "n,,r=abc", errSyntax},
		{"empty user", plain, "n,,n=,r=abc", errSyntax},
		{"user badly escaped", plain, "n,,n=us=er,r=abc", errSyntax},
		{"escape in small letters", plain, "n,,n=us=3der,r=abc", errSyntax},
		{"escape cut off", plain, "n,,n=user=,r=abc", errSyntax},
		{"escape cut off after one", plain, "n,,n=user=2,r=abc", errSyntax},
		{"escape of a harmless letter", plain, "n,,n=us=65r,r=abc", errSyntax},
		{"second escape bad", plain, "n,,n=us=3Der=,r=abc", errSyntax},
		{"nonce before user", plain, "n,,r=abc,n=user", errSyntax},
		{"no nonce", plain, "n,,n=user", errSyntax},
		{"empty nonce", plain, "n,,n=user,r=", errSyntax},
		{"nonce with a space", plain, "n,,n=user,r=a bc", errSyntax},
		{"nonce with a DEL", plain, "n,,n=user,r=a\x7fbc", errSyntax},
		{"nonce not ASCII", plain, "n,,n=user,r=abç", errSyntax},
		{"another attribute for the nonce", plain, "n,,n=user,x=abc", errSyntax},
		{"comma at the end", plain, "n,,n=user,r=abc,", errSyntax},
		{"extension without a value", plain, "n,,n=user,r=abc,x=", errSyntax},
		{"extension without a name", plain, "n,,n=user,r=abc,=x", errSyntax},
		{"extension of two letters", plain, "n,,n=user,r=abc,xy=z", errSyntax},
		{"extension named by a digit", plain, "n,,n=user,r=abc,1=z", errSyntax},
		{"nonce twice", plain, "n,,n=user,r=abc,r=def", errSyntax},
		{"user twice", plain, "n,,n=user,r=abc,n=other", errSyntax},
		{"proof too early", plain, "n,,n=user,r=abc,p=abcd", errSyntax},
		{"authzid too late", plain, "n,,n=user,r=abc,a=other@example.com", errSyntax},
		{"binding too early", plain, "n,,n=user,r=abc,c=biws", errSyntax},
		{"salt from the client", plain, "n,,n=user,r=abc,s=abcd", errSyntax},
		{"iterations from the client", plain, "n,,n=user,r=abc,i=1", errSyntax},
		{"error from the client", plain, "n,,n=user,r=abc,e=other-error", errSyntax},
		{"signature from the client", plain, "n,,n=user,r=abc,v=abcd", errSyntax},
		{"mandatory extension", plain, "n,,m=x,n=user,r=abc", errExtension},
		{"mandatory extension, empty", plain, "n,,m=,n=user,r=abc", errExtension},
		{"mandatory extension later", plain, "n,,n=user,r=abc,m=x", errExtension},
		{"mandatory extension last", plain, "n,,n=user,r=abc,x=y,m=z", errExtension},
		{"not UTF-8", plain, "n,,n=us\xffer,r=abc", errEncoding},
		{"not UTF-8 in an extension", plain, "n,,n=user,r=abc,x=\xc3", errEncoding},
		{"NUL", plain, "n,,n=us\x00er,r=abc", errEncoding},
		{"NUL first", plain, "\x00n,,n=user,r=abc", errEncoding},
		{"NUL in an extension", plain, "n,,n=user,r=abc,x=\x00", errEncoding},
		{"binding without PLUS", plain, "p=tls-exporter,,n=user,r=abc", misfit},
		{"flag n with PLUS", plus, "n,,n=user,r=abc", misfit},
		{"flag y with PLUS", plus, "y,,n=user,r=abc", misfit},
		{"flag y though PLUS was offered", plain, "y,,n=user,r=abc", downgrade},
		{"binding of another type", plus, "p=tls-unique,,n=user,r=abc", noType},
		{"binding of another case", plus, "p=TLS-Exporter,,n=user,r=abc", noType},
		{"address as user", plain, "n,,n=user@example.com,r=abc", NotAuthorized},
		{"user that cannot be prepared", plain, "n,,n=us er,r=abc", NotAuthorized},
		{"user with a comma", plain, "n,,n=us=2Cer=,r=abc", errSyntax},
		{"store fails", plain, "n,,n=broken,r=abc", TemporaryAuthFailure},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := start(t, a, c.mechanism, boundConn())
			_, _, err := x.Step(t.Context(), []byte(c.message))
			wantFailure(t, x, err, c.want)
		})
	}
}

// TestNobodyLooksLikeSomebody: an account that does not exist shows a salt that
// stays, of the form that others have, and refuses like others.
func TestNobodyLooksLikeSomebody(t *testing.T) {
	a := newTestAuthenticator(t)
	firstOf := func(a *Authenticator, h Hash, domain, user string) (salt, count string) {
		conn := ConnInfo{Domain: domain}
		x := start(t, a, "SCRAM-"+h.String(), conn)
		client := newTestClient(h)
		client.first(t, x, "n,,", "n="+user+",r=abc")
		_, salt, count = splitServerFirst(t, client.serverFirst)
		_, _, err := x.Step(t.Context(), []byte(client.sign(client.withoutProof(""))))
		wantFailure(t, x, err, NotAuthorized)
		if failure := new(Failure); !errors.As(err, &failure) || failure.Text != "" {
			t.Errorf("%s: a text tells more: %v", user, err)
		}
		if !errors.Is(err, errNoAccount) { // in the log it may be told
			t.Errorf("%s: cause %v", user, err)
		}
		return salt, count
	}
	seen := map[string]string{}
	for _, name := range []string{"nobody", "unsalted", "nobody2"} {
		for h := range numHashes {
			for _, domain := range []string{"example.com", "example.org"} {
				what := name + domain + h.String()
				salt, count := firstOf(a, h, domain, name)
				if again, _ := firstOf(a, h, domain, strings.ToUpper(name)); again != salt {
					t.Errorf("%s: salt %s, then %s", what, salt, again)
				}
				if raw, _ := decodeBase64(salt); len(raw) != saltSize || count != "4096" {
					t.Errorf("%s: salt of %d bytes, %s iterations", what, len(raw), count)
				}
				if other, ok := seen[salt]; ok {
					t.Errorf("%s has the salt of %s", what, other)
				}
				seen[salt] = what
			}
		}
	}
	b, err := NewAuthenticator(testAccounts(), []byte("the secret of another server"))
	if err != nil {
		t.Fatal(err)
	}
	salt, _ := firstOf(b, SHA1, "example.com", "nobody")
	if other, ok := seen[salt]; ok {
		t.Errorf("with another secret nobody has the salt of %s", other)
	}
}

// TestDecoyIsRefused even to one who knows its keys.
func TestDecoyIsRefused(t *testing.T) {
	a := newTestAuthenticator(t)
	x := start(t, a, "SCRAM-SHA-1", secureConn()).(*exchange)
	client := newTestClient(SHA1)
	client.first(t, x, "n,,", "n=nobody,r=abc")
	decoy := a.decoy(mustJID(t, "nobody@example.com"), SHA1, minIterations)
	if bytes.Equal(decoy.StoredKey, decoy.ServerKey) {
		t.Error("the decoy has one key twice")
	}
	s := &scram{exchange: x, hash: SHA1, verifier: client.salted, state: Unknown}
	s.client.bare, s.serverFirst = client.bare, client.serverFirst
	m, err := parseClientFinal(client.sign(client.withoutProof("")))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.verify(m); ok {
		t.Error("an account that does not exist was let in")
	}
	s.state = Active
	if _, ok := s.verify(m); !ok {
		t.Error("the same proof for an account that does was not: the test is wrong")
	}
}

// TestDisabled: an account's state shows itself after the right proof only.
func TestDisabled(t *testing.T) {
	a := newTestAuthenticator(t)
	for password, want := range map[string]*Failure{
		"pencil": AccountDisabled, "pencils": NotAuthorized,
	} {
		x := start(t, a, "SCRAM-SHA-512", secureConn())
		client := newTestClient(SHA512)
		client.password = password
		client.first(t, x, "n,,", "n=disabled,r=abc")
		_, _, err := x.Step(t.Context(), []byte(client.sign(client.withoutProof(""))))
		wantFailure(t, x, err, want)
		if errors.Is(err, errWrongPassword) != (want == NotAuthorized) {
			t.Errorf("%s: the cause does not go with %v", password, want)
		}
	}
}

// TestDefaultIterations: a policy that says nothing shows the default.
func TestDefaultIterations(t *testing.T) {
	x, err := newTestAuthenticator(t).Start("SCRAM-SHA-1", secureConn(), Policy{})
	if err != nil {
		t.Fatal(err)
	}
	challenge, _, err := x.Step(t.Context(), []byte("n,,n=nobody,r=abc"))
	if err != nil || !strings.Contains(string(challenge), ",i=10000,") {
		t.Errorf("%q, %v", challenge, err)
	}
}

func BenchmarkSCRAM(b *testing.B) {
	for h := range numHashes {
		b.Run(h.String(), func(b *testing.B) {
			a := newTestAuthenticator(b)
			a.nonce = func() string { return "fixed" }
			mechanism := "SCRAM-" + h.String()
			x := start(b, a, mechanism, secureConn())
			client := newTestClient(h)
			client.first(b, x, "n,,", "n=user,r=abc")
			first, final := []byte("n,,n=user,r=abc"), []byte(client.sign(client.withoutProof("")))
			b.ReportAllocs()
			for b.Loop() {
				x := start(b, a, mechanism, secureConn())
				if _, _, err := x.Step(b.Context(), first); err != nil {
					b.Fatal(err)
				}
				if _, done, err := x.Step(b.Context(), final); !done || err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
