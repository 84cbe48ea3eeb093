package s2s

import (
	"crypto/tls"
	"strings"
	"testing"
	"testing/synctest"
)

// receiver is a test for our part as receiving server: p has connected and is
// secured, ask gets the connections to b.lit's server.
func receiver(t *testing.T, config string, fn func(a *server, p *peer, id string, ask chan *peer)) {
	t.Helper()
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit", config: config})
		defer a.stop()
		ask := n.accepts("b.lit")
		p := a.connect()
		id := p.startTLS("b.lit", "a.lit", nil)
		p.want("<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>")
		p.want("</stream:features>")
		fn(a, p, id, ask)
		p.nc.Close()
	})
}

// asked plays the authoritative server up to the question.
func asked(t *testing.T, n chan *peer, cert *server, id string) *peer {
	t.Helper()
	q := next(t, n)
	q.takes("b.lit", cert.net.cert(nil, "b.lit"), "<dialback xmlns='urn:xmpp:features:dialback'/>")
	q.want("<db:verify from='a.lit' to='b.lit' id='" + id + "'>key</db:verify>")
	return q
}

const dbRequest = "<db:result from='b.lit' to='a.lit'>key</db:result>"

// TestReceiving is our part as receiving server (XEP-0220 section 2.2.1,
// Receiving Server Handles Inbound Authorization Request from Initiating Server,
// and section 2.5, Dialback Error Conditions).
func TestReceiving(t *testing.T) {
	tests := []struct{ name, answer, want string }{
		{"valid", "<db:verify from='b.lit' to='a.lit' id='ID' type='valid'/>",
			"<db:result from='a.lit' to='b.lit' type='valid'/>"},
		{"invalid", "<db:verify from='b.lit' to='a.lit' id='ID' type='invalid'/>",
			"<db:result from='a.lit' to='b.lit' type='invalid'/></stream:stream>"},
		{"error", "<db:verify from='b.lit' to='a.lit' id='ID' type='error'><error type='cancel'>" +
			"<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:verify>",
			"<db:result from='a.lit' to='b.lit' type='error'><error type='cancel'>" +
				"<remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>"},
		{"of others", "<db:verify from='c.lit' to='a.lit' id='ID' type='valid'/></stream:stream>",
			"<remote-server-timeout "},
		{"to others", "<db:verify from='b.lit' to='c.lit' id='ID' type='valid'/></stream:stream>",
			"<remote-server-timeout "},
		{"of another stream", "<db:verify from='b.lit' to='a.lit' id='x' type='valid'/></stream:stream>",
			"<remote-server-timeout "},
		{"another element", "<db:result from='b.lit' to='a.lit' type='valid'/></stream:stream>",
			"<remote-server-timeout "},
		{"closed", "</stream:stream>", "<remote-server-timeout "},
		{"unknown host", "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>" +
			"</stream:error></stream:stream>", "<remote-server-not-found "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			receiver(t, "", func(a *server, p *peer, id string, ask chan *peer) {
				p.send(dbRequest)
				q := asked(t, ask, a, id)
				q.send(replaceID(test.answer, id))
				p.want(test.want)
				q.want("</stream:stream>") // it was for this question
				q.nc.Close()
			})
		})
	}
}

// TestUnsolicited: answers that nobody asked for prove nothing, on any stream
// (XEP-0220 section 3.1, Unsolicited Dialback).
func TestUnsolicited(t *testing.T) {
	receiver(t, "", func(a *server, p *peer, id string, ask chan *peer) {
		p.send(dbRequest)
		q := asked(t, ask, a, id)
		p.send("<db:verify from='b.lit' to='a.lit' id='" + id + "' type='valid'/>" +
			"<db:result from='b.lit' to='a.lit' type='valid'/>")
		p.send("<message from='juliet@b.lit' to='romeo@a.lit'/>")
		p.want(streamErrorOf("not-authorized"))
		q.want("</stream:stream>")
		q.nc.Close()
	})
}

// TestPairs: a stream is for the domain pairs that were verified on it (XEP-0220
// section 2.6, Multiplexing).
func TestPairs(t *testing.T) {
	receiver(t, "", func(a *server, p *peer, id string, ask chan *peer) {
		romeo := a.login("romeo@a.lit/x")
		p.send(dbRequest)
		q := asked(t, ask, a, id)
		q.send("<db:verify from='b.lit' to='a.lit' id='" + id + "' type='valid'/>")
		p.want("<db:result from='a.lit' to='b.lit' type='valid'/>")
		// The limits are now those of a server that has proven who it is.
		p.send("<message from='juliet@b.lit' to='romeo@a.lit/x' id='1'><body>" +
			strings.Repeat("x", 200_000) + "</body></message>")
		romeo.want("id='1'")
		// Another target domain, which must be asked about as well.
		p.send("<db:result from='b.lit' to='rooms.a.lit'>key2</db:result>")
		q = next(t, ask)
		q.takes("b.lit", a.net.cert(nil, "b.lit"), "<dialback xmlns='urn:xmpp:features:dialback'/>")
		q.want("<db:verify from='rooms.a.lit' to='b.lit' id='" + id + "'>key2</db:verify>")
		q.send("<db:verify from='b.lit' to='rooms.a.lit' id='" + id + "' type='invalid'/>")
		// The first pair goes on.
		p.want("<db:result from='rooms.a.lit' to='b.lit' type='error'><error type='cancel'><forbidden ")
		p.send("<message from='juliet@b.lit' to='romeo@a.lit/x' id='2'/>")
		romeo.want("id='2'")
		p.send("<db:result from='b.lit' to='c.lit'>key</db:result>")
		p.want("<db:result from='c.lit' to='b.lit' type='error'><error type='cancel'><item-not-found ")
		p.send("<message from='juliet@b.lit' to='rooms.a.lit'/>")
		p.want(streamErrorOf("invalid-from"))
	})
}

// TestDialbackRefused are requests that are refused without a question.
func TestDialbackRefused(t *testing.T) {
	for config, want := range map[string]string{
		"s2s.policy = 'certificate'": "<not-authorized ",
		"s2s.deny = ['b.lit']":       "<policy-violation ",
	} {
		receiver(t, config, func(_ *server, p *peer, _ string, _ chan *peer) {
			p.send(dbRequest)
			p.want("<db:result from='a.lit' to='b.lit' type='error'><error type='cancel'>" + want)
			// A dialback error does not end the stream.
			p.send("<db:verify from='c.lit' to='a.lit' id='x'>key</db:verify>")
			p.want("<db:verify from='a.lit' to='c.lit' id='x' type='invalid'/>")
		})
	}
}

// TestWithoutTLS: dialback before TLS is refused, or taken where the
// configuration says so for that domain.
func TestWithoutTLS(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit", config: "peer.'c.lit'.tls = 'optional'"})
		defer a.stop()
		p := a.connect()
		p.open("b.lit", "a.lit")
		p.want("<required/>")
		p.send(dbRequest)
		p.want("<db:result from='a.lit' to='b.lit' type='error'><error type='cancel'><policy-violation ")
		p.nc.Close()
		ask := n.accepts("c.lit")
		p = a.connect()
		id := p.open("c.lit", "a.lit")
		p.want("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
		p.send("<db:result from='c.lit' to='a.lit'>key</db:result>")
		q := next(t, ask)
		q.answer("c.lit", "")
		q.want("<db:verify from='a.lit' to='c.lit' id='" + id + "'>key</db:verify>")
		q.send("<db:verify from='c.lit' to='a.lit' id='" + id + "' type='valid'/>")
		p.want("<db:result from='a.lit' to='c.lit' type='valid'/>")
		p.nc.Close()
		q.nc.Close()
	})
}

// TestAuthoritative is our part as authoritative server (XEP-0220 section 2.2.2,
// Authoritative Server Handles Inbound Verification Request from Receiving
// Server).
func TestAuthoritative(t *testing.T) {
	receiver(t, "", func(a *server, p *peer, _ string, _ chan *peer) {
		key := dialbackKey(a.Secret, "b.lit", "a.lit", "s1")
		p.send("<db:verify from='b.lit' to='a.lit' id='s1'>" + key + "</db:verify>")
		p.want("<db:verify from='a.lit' to='b.lit' id='s1' type='valid'/>")
		p.send("<db:verify from='b.lit' to='a.lit' id='s2'>" + key + "</db:verify>")
		p.want("<db:verify from='a.lit' to='b.lit' id='s2' type='invalid'/>")
		p.send("<db:verify from='c.lit' to='a.lit' id='s1'>" + key + "</db:verify>")
		p.want("<db:verify from='a.lit' to='c.lit' id='s1' type='invalid'/>")
		p.send("<db:verify from='b.lit' to='c.lit' id='s1'>" + key + "</db:verify>")
		p.want("<db:verify from='c.lit' to='b.lit' id='s1' type='error'><error type='cancel'><item-not-found ")
		p.send("<db:verify from='b.lit' to='a.lit'>" + key + "</db:verify>")
		p.want(streamErrorOf("bad-format"))
	})
}

// initiator is a test for our part as initiating server: q is b.lit's server, to
// which a message with the id "m" is to be sent.
func initiator(t *testing.T, features string, fn func(a *server, romeo *user, q *peer)) {
	t.Helper()
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		ch := n.accepts("b.lit")
		romeo := a.login("romeo@a.lit/x")
		romeo.send("<message to='juliet@b.lit' id='m'><body>hi</body></message>")
		q := next(t, ch)
		q.takes("b.lit", n.cert(nil, "b.lit"), features)
		fn(a, romeo, q)
		q.nc.Close()
		synctest.Wait()
	})
}

// TestInitiating is our part as initiating server (XEP-0220 section 2.1.1,
// Initiating Server Generates Outbound Request for Authorization by Receiving
// Server): nothing is sent before the answer. After an error the stanzas go back
// with remote-server-timeout, for an invalid key with internal-server-error.
func TestInitiating(t *testing.T) {
	for _, test := range []struct{ name, answer, want string }{
		{"valid", "<db:result from='b.lit' to='a.lit' type='valid'/>", ""},
		{"invalid", "<db:result from='b.lit' to='a.lit' type='invalid'/></stream:stream>",
			"<internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"},
		{"of others", "<db:result from='c.lit' to='a.lit' type='valid'/></stream:stream>", timeoutError},
		{"to others", "<db:result from='b.lit' to='c.lit' type='valid'/></stream:stream>", timeoutError},
		{"error", "<db:result from='b.lit' to='a.lit' type='error'><error type='cancel'><forbidden " +
			"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>", timeoutError},
	} {
		t.Run(test.name, func(t *testing.T) {
			initiator(t, "<dialback xmlns='urn:xmpp:features:dialback'/>", func(a *server, romeo *user, q *peer) {
				key := dialbackKey(a.Secret, "b.lit", "a.lit", "id of b.lit")
				q.want("<db:result from='a.lit' to='b.lit'>" + key + "</db:result>")
				synctest.Wait()
				if q.got != "" {
					t.Errorf("before the answer: %s", q.got)
				}
				q.send(test.answer)
				if test.want == "" {
					q.want("id='m'")
				} else {
					romeo.want(test.want)
				}
			})
		})
	}
}

// TestOldServer: a server without features is one of before XMPP 1.0, which knows
// dialback (RFC 6120 section 4.7.5, version), and no TLS.
func TestOldServer(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit", config: "peer.'b.lit'.tls = 'optional'"})
		defer a.stop()
		romeo := a.login("romeo@a.lit/x")
		for domain, ok := range map[string]bool{"b.lit": true, "c.lit": false} {
			ch := n.accepts(domain)
			romeo.send("<message to='juliet@" + domain + "' id='m'><body>hi</body></message>")
			q := next(t, ch)
			q.want("<stream:stream ")
			q.send(strings.Replace(opening(domain, "a.lit"), " version='1.0'>", " id='old'>", 1))
			if !ok {
				romeo.want(timeoutError) // TLS is required
				q.nc.Close()
				continue
			}
			q.want("<db:result from='a.lit' to='b.lit'>" + dialbackKey(a.Secret, "b.lit", "a.lit", "old"))
			q.send("<db:result from='b.lit' to='a.lit' type='valid'/>")
			q.want("id='m'")
			q.nc.Close()
		}
	})
}

// TestExternalFails: dialback is tried where the peer offers EXTERNAL and then
// does not like our certificate.
func TestExternalFails(t *testing.T) {
	initiator(t, externalFeature, func(_ *server, _ *user, q *peer) {
		q.want("mechanism='EXTERNAL'>YS5saXQ=</auth>")
		q.send("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>")
		q.want("<db:result from='a.lit' to='b.lit'>")
		q.send("<db:result from='b.lit' to='a.lit' type='valid'/>")
		q.want("id='m'")
	})
}

// TestCertificateFails: a peer that ends the handshake over our certificate is
// shown none the next time.
func TestCertificateFails(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit", selfSigned: true})
		defer a.stop()
		ch := n.accepts("b.lit")
		a.login("romeo@a.lit/x").send("<message to='juliet@b.lit' id='m'><body>hi</body></message>")
		for _, ok := range []bool{false, true} {
			q := next(t, ch)
			q.answer("b.lit", tlsFeature)
			q.want("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
			q.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
			c := tls.Server(q.nc, &tls.Config{Certificates: []tls.Certificate{*n.cert(nil, "b.lit")},
				ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: n.ca.pool()})
			if err := c.Handshake(); (err == nil) != ok {
				t.Fatalf("handshake: %v", err)
			}
			if !ok {
				q.nc.Close()
				continue
			}
			q.nc = c
			q.answer("b.lit", "")
			q.want("<db:result from='a.lit' to='b.lit'>")
			q.send("<db:result from='b.lit' to='a.lit' type='valid'/>")
			q.want("id='m'")
			q.nc.Close()
		}
	})
}

// TestExternalEnds: also where the peer ends the stream over it.
func TestExternalEnds(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		ch := n.accepts("b.lit")
		a.login("romeo@a.lit/x").send("<message to='juliet@b.lit' id='m'><body>hi</body></message>")
		q := next(t, ch)
		q.takes("b.lit", n.cert(nil, "b.lit"), externalFeature)
		q.want("</auth>")
		q.send("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure></stream:stream>")
		q.nc.Close()
		q = next(t, ch)
		q.takes("b.lit", n.cert(nil, "b.lit"), externalFeature)
		q.want("<db:result from='a.lit' to='b.lit'>")
		q.send("<db:result from='b.lit' to='a.lit' type='valid'/>")
		q.want("id='m'")
		q.nc.Close()
	})
}
