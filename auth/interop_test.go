package auth

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"

	xdg "github.com/xdg-go/scram"
	"mellium.im/sasl"
)

// peer is a client of another implementation: it answers challenges, and says
// at the end whether it trusts the server.
type peer interface {
	answer(challenge []byte) (response []byte, err error)
	satisfied(success []byte) error
}

// converse plays a whole exchange.
func converse(t *testing.T, x Exchange, p peer) error {
	t.Helper()
	response, err := p.answer(nil)
	if err != nil {
		t.Fatalf("client: %v", err)
	}
	for range 3 {
		challenge, done, err := x.Step(t.Context(), response)
		if err != nil {
			return err
		}
		if done {
			return p.satisfied(challenge)
		}
		if response, err = p.answer(challenge); err != nil {
			t.Fatalf("client: %v", err)
		}
	}
	t.Fatal("the exchange does not end")
	return nil
}

// xdgPeer is github.com/xdg-go/scram.
type xdgPeer struct{ *xdg.ClientConversation }

func (p xdgPeer) answer(challenge []byte) ([]byte, error) {
	response, err := p.Step(string(challenge))
	return []byte(response), err
}

func (p xdgPeer) satisfied(success []byte) error {
	if _, err := p.Step(string(success)); err != nil {
		return err
	}
	if !p.Valid() {
		return fmt.Errorf("client does not trust the server's %q", success)
	}
	return nil
}

// melliumPeer is mellium.im/sasl.
type melliumPeer struct{ *sasl.Negotiator }

func (p melliumPeer) answer(challenge []byte) ([]byte, error) {
	_, response, err := p.Step(challenge)
	return response, err
}

func (p melliumPeer) satisfied(success []byte) error {
	if success == nil {
		return nil
	}
	more, response, err := p.Step(success)
	if err == nil && (more || response != nil) {
		err = fmt.Errorf("client goes on with %q", response)
	}
	return err
}

var xdgHashes = map[string]xdg.HashGeneratorFcn{
	"SCRAM-SHA-1": xdg.SHA1, "SCRAM-SHA-256": xdg.SHA256, "SCRAM-SHA-512": xdg.SHA512,
}

var melliumMechanisms = map[string]sasl.Mechanism{
	"SCRAM-SHA-1": sasl.ScramSha1, "SCRAM-SHA-256": sasl.ScramSha256,
	"SCRAM-SHA-1-PLUS": sasl.ScramSha1Plus, "SCRAM-SHA-256-PLUS": sasl.ScramSha256Plus,
	plain: sasl.Plain, anonymous: sasl.Anonymous,
}

func melliumClient(mechanism, user, password, authzid string, opts ...sasl.Option) melliumPeer {
	opts = append(opts, sasl.Credentials(func() (u, p, a []byte) {
		return []byte(user), []byte(password), []byte(authzid)
	}))
	return melliumPeer{sasl.NewClient(melliumMechanisms[mechanism], opts...)}
}

func TestXDGClient(t *testing.T) {
	a := newTestAuthenticator(t)
	for mechanism, hash := range xdgHashes {
		for _, c := range []struct {
			user, password, authzid string
			ok                      bool
		}{
			{"user", "pencil", "", true},
			{"user", "pencil", "user@example.com", true},
			{"us=er", "pencil", "us=er@example.com", true},
			{"user", "pencils", "", false},
			{"nobody", "pencil", "", false},
			{"user", "pencil", "other@example.com", false},
			{"disabled", "pencil", "", false},
		} {
			client, err := hash.NewClient(c.user, c.password, c.authzid)
			if err != nil {
				t.Fatal(err)
			}
			x := start(t, a, mechanism, boundConn())
			err = converse(t, x, xdgPeer{client.NewConversation()})
			if (err == nil) != c.ok || (x.Result() != Identity{}) != c.ok {
				t.Errorf("%s as %s with %s for %q: %v, %+v",
					mechanism, c.user, c.password, c.authzid, err, x.Result())
			}
		}
	}
}

func TestMelliumClient(t *testing.T) {
	a := newTestAuthenticator(t)
	for mechanism := range melliumMechanisms {
		if strings.HasSuffix(mechanism, plusSuffix) || mechanism == anonymous {
			continue // they have tests of their own
		}
		for _, c := range []struct {
			user, password, authzid string
			ok                      bool
		}{
			{"user", "pencil", "", true},
			{"us=er", "pencil", "", true},
			{"user", "pencils", "", false},
			{"nobody", "pencil", "", false},
			{"disabled", "pencil", "", false},
		} {
			x := start(t, a, mechanism, secureConn())
			err := converse(t, x, melliumClient(mechanism, c.user, c.password, c.authzid))
			if (err == nil) != c.ok || (x.Result() != Identity{}) != c.ok {
				t.Errorf("%s as %s with %s: %v, %+v", mechanism, c.user, c.password, err, x.Result())
			}
		}
	}
	x := start(t, a, anonymous, secureConn())
	err := converse(t, x, melliumClient(anonymous, "", "", ""))
	if err != nil || !x.Result().Anonymous {
		t.Errorf("ANONYMOUS: %v, %+v", err, x.Result())
	}
}

// TestXDGClientNormalizes: the client prepares the password for itself, and both
// come to the same.
func TestXDGClientNormalizes(t *testing.T) {
	for _, password := range []string{
		"½", "´", "ｐｅｎ\u00a0cil", "I\u00adX", "пароль", "e\u0301",
	} {
		verifiers, err := NewVerifiers(password, minIterations)
		if err != nil {
			t.Fatal(err)
		}
		a, err := NewAuthenticator(memory{"user@example.com": {verifiers, Active, nil}}, testSecret)
		if err != nil {
			t.Fatal(err)
		}
		client, err := xdg.SHA256.NewClient("user", password, "")
		if err != nil {
			t.Fatal(err)
		}
		x := start(t, a, "SCRAM-SHA-256", secureConn())
		if err := converse(t, x, xdgPeer{client.NewConversation()}); err != nil {
			t.Errorf("%+q: %v", password, err)
		}
	}
}

// TestPlusOverTLS binds each hash to real connections with both clients.
func TestPlusOverTLS(t *testing.T) {
	a := newTestAuthenticator(t)
	cert := serverCert(t, "rsa", x509.SHA384WithRSA)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		server, client := handshake(t, cert, version)
		conn := secureConn()
		conn.Bindings = NewChannelBindings(&server, &cert)
		elsewhere := secureConn()
		other, _ := handshake(t, serverCert(t, "ecdsa", x509.ECDSAWithSHA256), version)
		otherCert := serverCert(t, "rsa", x509.SHA256WithRSA)
		elsewhere.Bindings = NewChannelBindings(&other, &otherCert)
		for mechanism, hash := range xdgHashes {
			for _, binding := range xdgBindings(t, &client) {
				testPlus(t, a, mechanism+plusSuffix, conn, elsewhere, string(binding.Type), func() peer {
					c, err := hash.NewClient("user", "pencil", "")
					if err != nil {
						t.Fatal(err)
					}
					return xdgPeer{c.NewConversationWithChannelBinding(binding)}
				})
			}
		}
		// mellium takes tls-exporter on TLS 1.3 and tls-unique before it.
		binding := map[uint16]string{tls.VersionTLS12: tlsUnique, tls.VersionTLS13: tlsExporter}[version]
		for _, mechanism := range []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"} {
			testPlus(t, a, mechanism, conn, elsewhere, binding, func() peer {
				return melliumClient(mechanism, "user", "pencil", "", sasl.TLSState(client),
					sasl.RemoteMechanisms(Offered(conn, Policy{})...))
			})
		}
	}
}

func xdgBindings(t *testing.T, client *tls.ConnectionState) []xdg.ChannelBinding {
	t.Helper()
	exporter, err := xdg.NewTLSExporterBinding(client)
	if err != nil {
		t.Fatal(err)
	}
	endPoint, err := xdg.NewTLSServerEndpointBinding(client)
	if err != nil {
		t.Fatal(err)
	}
	bindings := []xdg.ChannelBinding{exporter, endPoint}
	if client.Version < tls.VersionTLS13 {
		bindings = append(bindings, xdg.NewTLSUniqueBinding(client.TLSUnique))
	}
	return bindings
}

// testPlus: the client gets in on its own connection, and not on another that
// somebody carries its messages to.
func testPlus(t *testing.T, a *Authenticator, mechanism string, conn, elsewhere ConnInfo,
	binding string, client func() peer) {
	t.Helper()
	x := start(t, a, mechanism, conn)
	err := converse(t, x, client())
	if got := x.Result(); err != nil || got.Binding != binding {
		t.Errorf("%s with %s: %v, %+v", mechanism, binding, err, got)
	}
	x = start(t, a, mechanism, elsewhere)
	err = converse(t, x, client())
	wantFailure(t, x, err, NotAuthorized.because("channel-bindings-dont-match"))
}

// TestXDGClientDowngraded: a client that was shown a list without -PLUS.
func TestXDGClientDowngraded(t *testing.T) {
	a := newTestAuthenticator(t)
	client, err := xdg.SHA256.NewClient("user", "pencil", "")
	if err != nil {
		t.Fatal(err)
	}
	x := start(t, a, "SCRAM-SHA-256", boundConn())
	err = converse(t, x, xdgPeer{client.NewConversationAdvertisingChannelBinding()})
	wantFailure(t, x, err, NotAuthorized.because("server-does-support-channel-binding"))
	x = start(t, a, "SCRAM-SHA-256", secureConn())
	if err := converse(t, x, xdgPeer{client.NewConversationAdvertisingChannelBinding()}); err != nil {
		t.Errorf("where we cannot bind: %v", err)
	}
}
