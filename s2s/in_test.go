package s2s

import (
	"strings"
	"testing"
	"time"
)

// TestStanzaRules are those for stanzas from other servers: their addresses (RFC
// 6120 sections 8.1.1.2 and 8.1.2.2, Server-to-Server Streams).
func TestStanzaRules(t *testing.T) {
	tests := []struct{ name, send, want string }{
		{"no from", "<message to='romeo@a.lit'/>", "improper-addressing"},
		{"no to", "<presence from='juliet@b.lit'/>", "improper-addressing"},
		{"bad to", "<message from='juliet@b.lit' to='@'/>", "improper-addressing"},
		{"bad from", "<message from='@' to='romeo@a.lit'/>", "improper-addressing"},
		{"from us", "<message from='juliet@a.lit' to='romeo@a.lit'/>", "invalid-from"},
		{"from others", "<message from='juliet@c.lit' to='romeo@a.lit'/>", "invalid-from"},
		{"from below", "<message from='juliet@rooms.b.lit' to='romeo@a.lit'/>", "invalid-from"},
		{"to others", "<message from='juliet@b.lit' to='romeo@c.lit'/>", "host-unknown"},
		{"not a stanza", "<log from='b.lit' to='a.lit'/>", "unsupported-stanza-type"},
		{"not XML", "<message></presence>", "not-well-formed"},
		{"too large", "<message from='b.lit' to='a.lit'>" + strings.Repeat("x", 600_000), "policy-violation"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *net0) {
				a := n.server(setup{domain: "a.lit"})
				defer a.stop()
				p := a.external("b.lit")
				p.send(test.send)
				p.want(streamErrorOf(test.want))
				p.wantEnd("</stream:stream>")
			})
		})
	}
}

// TestBefore: nothing is taken from who has proven nothing.
func TestBefore(t *testing.T) {
	tests := []struct{ name, from, to, send, want string }{
		{"stanza", "b.lit", "a.lit", "<message from='juliet@b.lit' to='romeo@a.lit'/>", "not-authorized"},
		{"unknown host", "b.lit", "x.lit", "", "host-unknown"},
		{"no host", "b.lit", "", "", "host-unknown"},
		{"acknowledgement", "b.lit", "a.lit", "<r xmlns='urn:xmpp:sm:3'/>", "not-authorized"},
		{"dialback answer", "b.lit", "a.lit", "<db:result from='b.lit' to='a.lit' type='valid'/>",
			"not-authorized"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *net0) {
				a := n.server(setup{domain: "a.lit"})
				defer a.stop()
				p := a.connect()
				p.open(test.from, test.to)
				p.send(test.send)
				p.want(streamErrorOf(test.want))
				p.wantEnd("</stream:stream>")
			})
		})
	}
}

// TestHeader: our answer is from the domain that the peer wants, and to the one
// that it says it is (RFC 6120 sections 4.7.1, from, and 4.7.2, to).
func TestHeader(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		for _, domain := range []string{"a.lit", "rooms.a.lit"} {
			p := a.connect()
			p.open("b.lit", domain)
			if got := p.want(">"); !strings.Contains(got, " from='"+domain+"' to='b.lit' version='1.0'") {
				t.Errorf("answered by %s", got)
			}
			p.nc.Close()
		}
	})
}

// TestSilence: who has proven nothing has as much time as we take ourselves.
func TestSilence(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit", config: "s2s.connect_timeout = '20s'"})
		defer a.stop()
		p := a.connect()
		p.open("b.lit", "a.lit")
		began := time.Now()
		p.want(streamErrorOf("connection-timeout"))
		if d := time.Since(began); d != 20*time.Second {
			t.Errorf("after %s", d)
		}
		p.wantEnd("</stream:stream>")
	})
}

// TestExternalRefused are the errors of EXTERNAL (XEP-0178 section 3,
// Server-to-Server Recommendation).
func TestExternalRefused(t *testing.T) {
	tests := []struct{ name, from, cert, auth, want string }{
		{"authzid of others", "b.lit", "b.lit", "Yy5saXQ=", "invalid-authzid"},
		{"authzid of the certificate", "b.lit", "b.lit", "Yi5saXQ=", ""},
		{"no authzid", "b.lit", "b.lit", "=", ""},
		{"wildcard", "rooms.b.lit", "b.lit", "=", ""},
		{"user", "b.lit", "b.lit", "dUBiLmxpdA==", "invalid-authzid"},
		{"certificate of others", "b.lit", "c.lit", "=", "not-authorized"},
		{"no base64", "b.lit", "b.lit", "!", "incorrect-encoding"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *net0) {
				a := n.server(setup{domain: "a.lit"})
				defer a.stop()
				p := a.connect()
				p.startTLS(test.from, "a.lit", n.cert(n.ca, test.cert))
				offered := strings.Contains(p.want("</stream:features>"), "EXTERNAL")
				if offered != (test.want != "not-authorized") {
					t.Errorf("EXTERNAL is offered: %t", offered)
				}
				p.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>" + test.auth +
					"</auth>")
				if test.want == "" {
					p.want("<success ")
				} else {
					p.want("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><" + test.want + "/>")
				}
				p.nc.Close()
			})
		})
	}
}

// TestPerAddress: an address has only so many connections.
func TestPerAddress(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit", config: "s2s.per_address = 2"})
		defer a.stop()
		p, q := a.connect(), a.connect()
		a.connect().wantEnd(streamErrorOf("resource-constraint") +
			"/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>" +
			"too many connections from this address</text></stream:error></stream:stream>")
		p.send("</stream:stream>")
		p.want("</stream:stream>")
		p.nc.Close()
		time.Sleep(time.Second)
		a.connect().open("b.lit", "a.lit")
		q.open("b.lit", "a.lit")
	})
}
