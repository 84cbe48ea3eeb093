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
			server1: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			client2: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
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

func TestClientFinal(t *testing.T) {
	a := newTestAuthenticator(t)
	const plain, plus = "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"
	for _, c := range []struct{ name, mechanism, header, bare, data, want, binding string }{
		{"flag n", plain, "n,,", "n=user,r=abc", "", "user@example.com", ""},
		{"one's own authzid", plain, "n,a=user@example.com,", "n=user,r=abc", "", "user@example.com", ""},
		{"authzid to be prepared", plain, "n,a=User@EXAMPLE.com,", "n=user,r=abc", "", "user@example.com", ""},
		{"user to be prepared", plain, "n,,", "n=USER,r=abc", "", "user@example.com", ""},
		{"escaped user", plain, "n,,", "n=us=3Der,r=abc", "", "us=er@example.com", ""},
		{"escaped authzid", plain, "n,a=us=3Der@example.com,", "n=us=3Der,r=abc", "", "us=er@example.com", ""},
		{"extensions", plain, "n,,", "n=user,r=abc,x=y,Z==,d=ж", "", "user@example.com", ""},
		{"nonce of all characters", plain, "n,,", "n=user,r=!#=~", "", "user@example.com", ""},
		{"tls-exporter", plus, "p=tls-exporter,,", "n=user,r=abc", "exported",
			"user@example.com", tlsExporter},
		{"tls-exporter without a context", plus, "p=tls-exporter,,", "n=user,r=abc", "exported otherwise",
			"user@example.com", tlsExporter},
		{"tls-server-end-point", plus, "p=tls-server-end-point,a=user@example.com,", "n=user,r=abc", "digest",
			"user@example.com", tlsServerEndPoint},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := start(t, a, c.mechanism, boundConn())
			client := newTestClient(SHA256)
			client.first(t, x, c.header, c.bare)
			final := client.sign(client.withoutProof(c.data))
			challenge, done, err := x.Step(t.Context(), []byte(final))
			if !done || err != nil {
				t.Fatalf("done %v, error %v", done, err)
			}
			want := Identity{JID: mustJID(t, c.want), Mechanism: c.mechanism, Binding: c.binding}
			if got := x.Result(); got != want {
				t.Errorf("authenticated %+v, want %+v", got, want)
			}
			signature := client.hash.hmac(client.salted.ServerKey, client.bare+","+
				client.serverFirst+","+client.withoutProof(c.data))
			if v := "v=" + base64.StdEncoding.EncodeToString(signature); string(challenge) != v {
				t.Errorf("server-final %q, want %q", challenge, v)
			}
		})
	}
}

// TestFlagYWithoutPlus: a client that could bind may say so where we cannot.
func TestFlagYWithoutPlus(t *testing.T) {
	a := newTestAuthenticator(t)
	login := func(conn ConnInfo, policy Policy) error {
		x, err := a.Start("SCRAM-SHA-1", conn, policy)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := x.Step(t.Context(), []byte("y,,n=user,r=abc")); err != nil {
			return err
		}
		x, _ = a.Start("SCRAM-SHA-1", conn, policy)
		client := newTestClient(SHA1)
		client.first(t, x, "y,,", "n=user,r=abc")
		_, _, err = x.Step(t.Context(), []byte(client.sign(client.withoutProof(""))))
		return err
	}
	if err := login(secureConn(), Policy{}); err != nil {
		t.Errorf("no bindings: %v", err)
	}
	if err := login(boundConn(), Policy{Mechanisms: []string{"SCRAM-SHA-1"}}); err != nil {
		t.Errorf("-PLUS not allowed: %v", err)
	}
	// Any -PLUS in the list tells the client that we can.
	other := Policy{Mechanisms: []string{"SCRAM-SHA-1", "SCRAM-SHA-512-PLUS"}}
	if err := login(boundConn(), other); !errors.Is(err, NotAuthorized) {
		t.Errorf("-PLUS of another hash offered: %v", err)
	}
}

// TestClientFinalRefused spoils a good message in one way each. Where the
// client can, it signs what it sends, so that only the rule in question refuses.
func TestClientFinalRefused(t *testing.T) {
	a := newTestAuthenticator(t)
	mismatch := NotAuthorized.because("channel-bindings-dont-match")
	wrongNonce := NotAuthorized.because("other-error")
	const plain, plus = "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct {
		name, mechanism, header string
		message                 func(*testClient) string
		want                    *Failure
	}{
		{"empty", plain, "n,,", func(*testClient) string { return "" }, errSyntax},
		{"proof alone", plain, "n,,", func(*testClient) string { return "p=abcd" }, errSyntax},
		{"binding alone", plain, "n,,", func(*testClient) string { return "c=biws" }, errSyntax},
		{"no proof", plain, "n,,", func(c *testClient) string { return c.withoutProof("") }, errSyntax},
		{"no binding", plain, "n,,", func(c *testClient) string { return c.sign("r=" + c.nonce) }, errSyntax},
		{"no nonce", plain, "n,,", func(c *testClient) string { return c.sign("c=biws") }, errSyntax},
		{"nonce first", plain, "n,,", func(c *testClient) string {
			return c.sign("r=" + c.nonce + ",c=biws")
		}, errSyntax},
		{"proof first", plain, "n,,", func(c *testClient) string {
			return "p=abcd," + c.withoutProof("")
		}, errSyntax},
		{"something after the proof", plain, "n,,", func(c *testClient) string {
			return c.sign(c.withoutProof("")) + ",x=y"
		}, errSyntax},
		{"proof twice", plain, "n,,", func(c *testClient) string {
			return c.sign(c.withoutProof("") + ",p=abcd")
		}, errSyntax},
		{"binding twice", plain, "n,,", func(c *testClient) string {
			return c.sign(c.withoutProof("") + ",c=biws")
		}, errSyntax},
		{"extension without a value", plain, "n,,", func(c *testClient) string {
			return c.sign(c.withoutProof("") + ",x=")
		}, errSyntax},
		{"empty extension", plain, "n,,", func(c *testClient) string {
			return c.sign(c.withoutProof("") + ",")
		}, errSyntax},
		{"mandatory extension", plain, "n,,", func(c *testClient) string {
			return c.sign(c.withoutProof("") + ",m=x")
		}, errExtension},
		{"mandatory extension first", plain, "n,,", func(c *testClient) string {
			return c.sign("m=x," + c.withoutProof(""))
		}, errSyntax},
		{"not UTF-8", plain, "n,,", func(c *testClient) string {
			return c.sign(c.withoutProof("") + ",x=\xff")
		}, errEncoding},
		{"NUL", plain, "n,,", func(c *testClient) string {
			return c.sign(c.withoutProof("") + ",x=\x00")
		}, errEncoding},
		{"binding not base64", plain, "n,,", func(c *testClient) string {
			return c.sign("c=biw*,r=" + c.nonce)
		}, errEncoding},
		{"binding without padding", plain, "n,,", func(c *testClient) string {
			return c.sign(strings.Replace(c.withoutProof("x"), "==,r=", ",r=", 1))
		}, errEncoding},
		{"binding with padding bits", plain, "n,,", func(c *testClient) string {
			return c.sign(strings.Replace(c.withoutProof("x"), "A==,r=", "B==,r=", 1))
		}, errEncoding},
		{"binding with a line end", plain, "n,,", func(c *testClient) string {
			return c.sign("c=biws\n,r=" + c.nonce)
		}, errEncoding},
		{"proof not base64", plain, "n,,", func(c *testClient) string {
			return c.withoutProof("") + ",p=****"
		}, errEncoding},
		{"proof with a line end", plain, "n,,", func(c *testClient) string {
			return c.sign(c.withoutProof("")) + "\n"
		}, errEncoding},
		{"empty proof", plain, "n,,", func(c *testClient) string {
			return c.withoutProof("") + ",p="
		}, errEncoding},
		{"short proof", plain, "n,,", func(c *testClient) string {
			return c.withoutProof("") + ",p=" + encode(strings.Repeat("x", 31))
		}, errEncoding},
		{"long proof", plain, "n,,", func(c *testClient) string {
			return c.withoutProof("") + ",p=" + encode(strings.Repeat("x", 33))
		}, errEncoding},
		{"client's nonce alone", plain, "n,,", func(c *testClient) string {
			return c.sign("c=biws,r=abc")
		}, wrongNonce},
		{"server's nonce alone", plain, "n,,", func(c *testClient) string {
			return c.sign("c=biws,r=" + strings.TrimPrefix(c.nonce, "abc"))
		}, wrongNonce},
		{"nonce with something after it", plain, "n,,", func(c *testClient) string {
			return c.sign("c=biws,r=" + c.nonce + "x")
		}, wrongNonce},
		{"nonce cut off", plain, "n,,", func(c *testClient) string {
			return c.sign("c=biws,r=" + c.nonce[:len(c.nonce)-1])
		}, wrongNonce},
		{"nothing in the binding", plain, "n,,", func(c *testClient) string {
			return c.sign("c=,r=" + c.nonce)
		}, mismatch},
		{"another flag in the binding", plain, "n,,", func(c *testClient) string {
			return c.sign("c=" + encode("y,,") + ",r=" + c.nonce)
		}, mismatch},
		{"authzid gone from the binding", plain, "n,a=user@example.com,", func(c *testClient) string {
			return c.sign("c=" + encode("n,,") + ",r=" + c.nonce)
		}, mismatch},
		{"another authzid in the binding", plain, "n,,", func(c *testClient) string {
			return c.sign("c=" + encode("n,a=other@example.com,") + ",r=" + c.nonce)
		}, mismatch},
		{"data without a binding", plain, "n,,", func(c *testClient) string {
			return c.sign(c.withoutProof("exported"))
		}, mismatch},
		{"no data", plus, "p=tls-exporter,,", func(c *testClient) string {
			return c.sign(c.withoutProof(""))
		}, mismatch},
		{"other data", plus, "p=tls-exporter,,", func(c *testClient) string {
			return c.sign(c.withoutProof("expected"))
		}, mismatch},
		{"data of another type", plus, "p=tls-exporter,,", func(c *testClient) string {
			return c.sign(c.withoutProof("digest"))
		}, mismatch},
		{"second value of another type", plus, "p=tls-server-end-point,,", func(c *testClient) string {
			return c.sign(c.withoutProof("exported otherwise"))
		}, mismatch},
		{"data and more", plus, "p=tls-exporter,,", func(c *testClient) string {
			return c.sign(c.withoutProof("exported "))
		}, mismatch},
		{"another type in the binding", plus, "p=tls-exporter,,", func(c *testClient) string {
			return c.sign("c=" + encode("p=tls-server-end-point,,digest") + ",r=" + c.nonce)
		}, mismatch},
		{"no flag p in the binding", plus, "p=tls-exporter,,", func(c *testClient) string {
			return c.sign("c=" + encode("n,,") + ",r=" + c.nonce)
		}, mismatch},
		{"proof of zeros", plain, "n,,", func(c *testClient) string {
			return c.withoutProof("") + ",p=" + encode(strings.Repeat("\x00", 32))
		}, NotAuthorized},
		{"proof of something else", plain, "n,,", func(c *testClient) string {
			proof := c.sign(c.withoutProof(""))
			return c.withoutProof("") + ",x=y" + proof[strings.LastIndex(proof, ","):]
		}, NotAuthorized},
		{"wrong password", plain, "n,,", func(c *testClient) string {
			c.salted, c.clientKey = deriveClient(t, c.hash, "pencils", c.salted.Salt, c.salted.Iterations)
			return c.sign(c.withoutProof(""))
		}, NotAuthorized},
		{"another's authzid", plain, "n,a=other@example.com,", func(c *testClient) string {
			return c.sign(c.withoutProof(""))
		}, InvalidAuthzid},
		{"authzid without a domain", plain, "n,a=user,", func(c *testClient) string {
			return c.sign(c.withoutProof(""))
		}, InvalidAuthzid},
		{"authzid with a resource", plain, "n,a=user@example.com/x,", func(c *testClient) string {
			return c.sign(c.withoutProof(""))
		}, InvalidAuthzid},
		{"authzid of another domain", plus, "p=tls-exporter,a=user@example.org,", func(c *testClient) string {
			return c.sign(c.withoutProof("exported"))
		}, InvalidAuthzid},
		{"another's authzid, wrong proof", plain, "n,a=other@example.com,", func(c *testClient) string {
			return c.withoutProof("") + ",p=" + encode(strings.Repeat("x", 32))
		}, NotAuthorized},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := start(t, a, c.mechanism, boundConn())
			client := newTestClient(SHA256)
			client.first(t, x, c.header, "n=user,r=abc")
			_, _, err := x.Step(t.Context(), []byte(c.message(client)))
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
	for password, want := range map[string]*Failure{"pencil": AccountDisabled, "pencils": NotAuthorized} {
		x := start(t, a, "SCRAM-SHA-512", secureConn())
		client := newTestClient(SHA512)
		client.password = password
		client.first(t, x, "n,,", "n=disabled,r=abc")
		_, _, err := x.Step(t.Context(), []byte(client.sign(client.withoutProof(""))))
		wantFailure(t, x, err, want)
	}
}

// TestDefaultIterations: a policy that says nothing shows the default.
func TestDefaultIterations(t *testing.T) {
	x, err := newTestAuthenticator(t).Start("SCRAM-SHA-1", secureConn(), Policy{})
	if err != nil {
		t.Fatal(err)
	}
	challenge, _, err := x.Step(t.Context(), []byte("n,,n=nobody,r=abc"))
	if err != nil || !strings.HasSuffix(string(challenge), ",i=10000") {
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
