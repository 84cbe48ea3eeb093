package auth

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func TestClientFinal(t *testing.T) {
	a := newTestAuthenticator(t)
	const plain, plus = "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"
	const user, escaped = "user@example.com", "us=er@example.com"
	const bare = "n=user,r=abc"
	for _, c := range []struct{ name, mechanism, header, bare, data, want, binding string }{
		{"flag n", plain, "n,,", bare, "", user, ""},
		{"one's own authzid", plain, "n,a=user@example.com,", bare, "", user, ""},
		{"authzid to be prepared", plain, "n,a=User@EXAMPLE.com,", bare, "", user, ""},
		{"user to be prepared", plain, "n,,", "n=USER,r=abc", "", user, ""},
		{"escaped user", plain, "n,,", "n=us=3Der,r=abc", "", escaped, ""},
		{"escaped authzid", plain, "n,a=us=3Der@example.com,", "n=us=3Der,r=abc", "", escaped, ""},
		{"extensions", plain, "n,,", bare + ",x=y,Z==,d=ж", "", user, ""},
		{"nonce of all characters", plain, "n,,", "n=user,r=!#=~", "", user, ""},
		{"tls-exporter", plus, "p=tls-exporter,,", bare, "exported", user, tlsExporter},
		{"tls-exporter without a context", plus, "p=tls-exporter,,", bare, "exported otherwise",
			user, tlsExporter},
		{"tls-server-end-point", plus, "p=tls-server-end-point,a=user@example.com,", bare, "digest",
			user, tlsServerEndPoint},
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
		{"no binding", plain, "n,,", func(c *testClient) string {
			return c.sign("r=" + c.nonce)
		}, errSyntax},
		{"another attribute for the binding", plain, "n,,", func(c *testClient) string {
			return c.sign("x=biws,r=" + c.nonce)
		}, errSyntax},
		{"another attribute for the nonce", plain, "n,,", func(c *testClient) string {
			return c.sign("c=biws,x=" + c.nonce)
		}, errSyntax},
		{"another attribute for the proof", plain, "n,,", func(c *testClient) string {
			return strings.Replace(c.sign("c=biws,r="+c.nonce), ",p=", ",x=", 1)
		}, errSyntax},
		{"nonce with a space", plain, "n,,", func(c *testClient) string {
			return c.sign("c=biws,r=" + c.nonce + " ")
		}, errSyntax},
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
		{"authzid of another domain", plain, "n,a=user@example.org,", func(c *testClient) string {
			return c.sign(c.withoutProof(""))
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
