package s2s

import (
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/stanza"
)

const (
	notFoundError = "<remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
	timeoutError  = "<remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
)

var errRefusedByPeer = errors.New("connection refused")

// TestUnreachable: what is for a domain that cannot be reached comes back, and
// presence is dropped (RFC 6120 section 10.4.3, Error Handling).
func TestUnreachable(t *testing.T) {
	tests := []struct {
		name  string
		sites []site
		want  string
	}{
		{"not in DNS", nil, notFoundError},
		{"refused", []site{{err: errRefusedByPeer}, {err: errRefusedByPeer}}, timeoutError},
		{"silent", []site{{}, {take: func(net.Conn) {}}}, timeoutError},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *net0) {
				a := n.server(setup{domain: "a.lit"})
				defer a.stop()
				n.set("b.lit", test.sites...)
				romeo := a.login("romeo@a.lit/x")
				began := time.Now()
				romeo.send("<presence to='juliet@b.lit' id='p'/>")
				romeo.send("<message to='juliet@b.lit' id='m'><body>hi</body></message>")
				romeo.send("<message to='juliet@b.lit' id='e' type='error'/>")
				romeo.send("<iq to='juliet@b.lit' id='r' type='result'/>")
				romeo.send("<iq to='b.lit' id='i' type='get'><ping xmlns='urn:xmpp:ping'/></iq>")
				romeo.send("<presence to='juliet@b.lit' id='s' type='subscribe'/>")
				got := ""
				for range 3 {
					got += romeo.want("</error>")
				}
				for _, id := range []string{"m", "i", "s"} {
					if !strings.Contains(got, "id='"+id+"'") {
						t.Errorf("%s did not come back: %s", id, got)
					}
				}
				if strings.Count(got, test.want) != 3 {
					t.Errorf("came back: %s", got)
				}
				if d := time.Since(began); d > 30*time.Second {
					t.Errorf("after %s", d)
				}
			})
		})
	}
}

// TestBackoff: after a failure nobody tries again for a while, which grows; who
// sends meanwhile is told at once.
func TestBackoff(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		n.set("b.lit", site{err: errRefusedByPeer})
		romeo := a.login("romeo@a.lit/x")
		for range 600 {
			romeo.send("<message to='juliet@b.lit'><body>hi</body></message>")
			romeo.want(timeoutError)
			time.Sleep(time.Second)
		}
		if n.dials < 6 || n.dials > 16 {
			t.Errorf("%d tries in ten minutes", n.dials)
		}
		// As soon as it is there it is found, within the longest wait.
		b := n.server(setup{domain: "b.lit"})
		defer b.stop()
		juliet := b.login("juliet@b.lit/y")
		time.Sleep(longestWait + longestWait/2)
		romeo.send("<message to='juliet@b.lit/y'><body>there</body></message>")
		juliet.want("<body>there</body>")
	})
}

// TestCandidates: every place where a server may be is tried (RFC 6120 section
// 3.2.1, Preferred Process: SRV Lookup), also behind one that takes connections
// and is of no use.
func TestCandidates(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a, b := n.server(setup{domain: "a.lit"}), n.server(setup{domain: "b.lit"})
		defer a.stop()
		defer b.stop()
		n.set("b.lit", site{err: errRefusedByPeer},
			site{take: func(nc net.Conn) { nc.Close() }},
			site{take: func(nc net.Conn) { go func() { nc.Write([]byte("SSH-2.0\r\n")); nc.Close() }() }},
			site{}, site{direct: true, take: func(nc net.Conn) { a.ServeConn(nc, true) }}, // not b.lit
			site{take: func(nc net.Conn) { b.ServeConn(nc, false) }})
		romeo, juliet := a.login("romeo@a.lit/x"), b.login("juliet@b.lit/y")
		romeo.send("<message to='juliet@b.lit/y'><body>hi</body></message>")
		juliet.want("<body>hi</body>")
		if n.dials != 6 {
			t.Errorf("%d tries", n.dials)
		}
	})
}

// TestNegotiationFails: a peer of no use is told so, if it speaks XMPP at all.
func TestNegotiationFails(t *testing.T) {
	tests := []struct{ name, answer, want string }{
		{"another namespace", strings.Replace(opening("b.lit", "a.lit"), "jabber:server'", "jabber:client'", 1),
			streamErrorOf("invalid-namespace")},
		{"no TLS", opening("b.lit", "a.lit") + "<stream:features/>", "</stream:stream>"},
		{"no features", opening("b.lit", "a.lit") + "<message/>", "</stream:stream>"},
		{"not XML", "220 ready\r\n", streamErrorOf("not-well-formed")},
		{"an error", opening("b.lit", "a.lit") + "<stream:error><host-unknown " +
			"xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>", "</stream:stream>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *net0) {
				a := n.server(setup{domain: "a.lit"})
				defer a.stop()
				ch := n.accepts("b.lit")
				romeo := a.login("romeo@a.lit/x")
				romeo.send("<message to='juliet@b.lit'><body>hi</body></message>")
				q := next(t, ch)
				q.want("version='1.0' xml:lang='en'>")
				q.send(test.answer)
				q.want(test.want)
				want := timeoutError
				if test.name == "an error" {
					want = notFoundError
				}
				romeo.want(want)
				q.nc.Close()
			})
		})
	}
}

// TestDirect: TLS from the start (XEP-0368 section 3, Requirements).
func TestDirect(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a, b := n.server(setup{domain: "a.lit"}), n.server(setup{domain: "b.lit"})
		defer a.stop()
		defer b.stop()
		n.set("b.lit", site{direct: true, take: func(nc net.Conn) { b.ServeConn(nc, true) }})
		romeo, juliet := a.login("romeo@a.lit/x"), b.login("juliet@b.lit/y")
		romeo.send("<message to='juliet@b.lit/y'><body>hi</body></message>")
		juliet.want("<body>hi</body>")
		l := a.list()[0]
		if p := l.conn.TLS().NegotiatedProtocol; p != "xmpp-server" || l.proof != byExternal {
			t.Errorf("protocol %q, proof %s", p, l.proof)
		}
	})
}

// TestPolicy is who may federate with whom.
func TestPolicy(t *testing.T) {
	tests := []struct {
		name string
		a, b setup
		want string // "" if messages arrive
	}{
		{"dialback", setup{selfSigned: true}, setup{}, ""},
		{"their certificate", setup{config: "s2s.policy = 'certificate'"}, setup{selfSigned: true}, timeoutError},
		{"our certificate", setup{selfSigned: true}, setup{config: "s2s.policy = 'certificate'"}, timeoutError},
		{"certificates", setup{config: "s2s.policy = 'certificate'"},
			setup{config: "s2s.policy = 'certificate'"}, ""},
		{"theirs has expired", setup{config: "s2s.policy = 'certificate'"}, setup{expired: true}, timeoutError},
		{"ours has expired", setup{expired: true}, setup{config: "s2s.policy = 'certificate'"}, timeoutError},
		{"expired, dialback", setup{expired: true}, setup{expired: true}, ""},
		{"an exception", setup{selfSigned: true},
			setup{config: "s2s.policy = 'certificate'\npeer.'a.lit'.policy = 'dialback'"}, ""},
		{"denied by us", setup{config: "s2s.deny = ['b.lit']"}, setup{}, "<not-allowed "},
		{"denied by them", setup{}, setup{config: "s2s.allow = ['c.lit']"}, timeoutError},
		{"denied by them, dialback", setup{selfSigned: true}, setup{config: "s2s.deny = ['a.lit']"},
			timeoutError},
		{"nobody can ask us", setup{selfSigned: true, away: true}, setup{}, timeoutError},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *net0) {
				test.a.domain, test.b.domain = "a.lit", "b.lit"
				a, b := n.server(test.a), n.server(test.b)
				defer a.stop()
				defer b.stop()
				romeo, juliet := a.login("romeo@a.lit/x"), b.login("juliet@b.lit/y")
				romeo.send("<message to='juliet@b.lit/y' id='1'><body>hi</body></message>")
				if test.want == "" {
					juliet.want("<body>hi</body>")
				} else {
					romeo.want(test.want)
				}
			})
		})
	}
}

// TestComesBack: a domain that could not be reached is tried at once when it has
// come to us.
func TestComesBack(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		n.set("b.lit", site{err: errRefusedByPeer})
		romeo := a.login("romeo@a.lit/x")
		for range 10 {
			romeo.send("<message to='juliet@b.lit'><body>hi</body></message>")
			romeo.want(timeoutError)
			time.Sleep(time.Minute)
		}
		ch := n.accepts("b.lit")
		p := a.external("b.lit")
		synctest.Wait()
		romeo.send("<message to='juliet@b.lit'><body>hi</body></message>")
		q := next(t, ch)
		p.nc.Close()
		q.nc.Close()
	})
}

// TestShared: several of our domains use one stream where dialback is the way to
// prove them and the peer knows its errors (XEP-0220 section 2.6.1, Multiplexing
// Sender Domains).
func TestShared(t *testing.T) {
	const dialbackErrors = "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"
	for _, ok := range []bool{true, false} {
		initiator(t, dialbackErrors, func(a *server, _ *user, q *peer) {
			q.want("<db:result from='a.lit' to='b.lit'>")
			q.send("<db:result from='b.lit' to='a.lit' type='valid'/>")
			q.want("id='m'")
			ch := a.net.accepts("b.lit")
			a.Router.Route(t.Context(), stanza.MustParse(
				"<message from='room@rooms.a.lit' to='juliet@b.lit' id='r'/>"))
			q.want("<db:result from='rooms.a.lit' to='b.lit'>" +
				dialbackKey(a.Secret, "b.lit", "rooms.a.lit", "id of b.lit"))
			if ok {
				q.send("<db:result from='b.lit' to='rooms.a.lit' type='valid'/>")
				q.want("id='r'")
				return
			}
			q.send("<db:result from='b.lit' to='rooms.a.lit' type='error'><error type='cancel'>" +
				"<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>")
			r := next(t, ch)
			r.takes("b.lit", a.net.cert(nil, "b.lit"), dialbackErrors)
			r.want("<db:result from='rooms.a.lit' to='b.lit'>")
			r.send("<db:result from='b.lit' to='rooms.a.lit' type='valid'/>")
			r.want("id='r'")
			r.nc.Close()
		})
	}
}

// TestOrder: what waits while there is no stream, what comes after, and what
// comes during it arrives in order; also from several of our domains.
func TestOrder(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a, b := n.server(setup{domain: "a.lit"}), n.server(setup{domain: "b.lit"})
		defer a.stop()
		defer b.stop()
		romeo, juliet := a.login("romeo@a.lit/x"), b.login("juliet@b.lit/y")
		const count = 2000
		go func() {
			for i := range count {
				romeo.send("<message to='juliet@b.lit/y' id='" + itoa(i) + "'><body>hi</body></message>")
			}
		}()
		for i := range count {
			if got := juliet.want("</message>"); !strings.Contains(got, "id='"+itoa(i)+"'") {
				t.Fatalf("%d: %s", i, got)
			}
		}
		synctest.Wait()
	})
}
