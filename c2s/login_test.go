package c2s

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"testing"

	"parley/stanza"
)

func streamError(condition string) string {
	return "<stream:error><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>" + goodbye
}

// TestFeatures looks at the features of the three streams of a login.
func TestFeatures(t *testing.T) {
	w := newWorld(t, setup{config: "[c2s]\nping_after = '4m'\n"})
	p := w.peer()
	p.send(hello)
	p.want("from='a.lit' version='1.0' xml:lang='en'>")
	p.wantNext("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>" +
		"<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes></limits></stream:features>")
	p.send(starttls)
	p.wantNext(proceed)
	p.tls()
	p.send(hello)
	p.want("xml:lang='en'>")
	p.wantNext("<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" +
		"<mechanism>SCRAM-SHA-512-PLUS</mechanism><mechanism>SCRAM-SHA-256-PLUS</mechanism>" +
		"<mechanism>SCRAM-SHA-1-PLUS</mechanism><mechanism>SCRAM-SHA-512</mechanism>" +
		"<mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism>" +
		"<mechanism>PLAIN</mechanism></mechanisms>")
	p.wantNext("<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/>" +
		"<channel-binding type='tls-server-end-point'/></sasl-channel-binding>")
	p.want(features)
	p.send(plain("romeo"))
	p.wantNext(success)
	p.send(hello)
	p.want("xml:lang='en'>")
	p.wantNext("<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>" +
		"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>")
	p.want("<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>262144</max-bytes>" +
		"<idle-seconds>240</idle-seconds></limits></stream:features>")
}

// TestEndings are the ways in which a stream ends before anybody is online, each
// on the whole path.
func TestEndings(t *testing.T) {
	w := newWorld(t, setup{})
	badHost := strings.Replace(hello, "a.lit", "chat.a.lit", 1)
	tests := []struct {
		name string
		open func(p *peer) // how far before
		send string
		want string
	}{
		{"not XMPP", nil, "GET / HTTP/1.1\r\n\r\n", "<stream:error><not-well-formed xmlns="},
		{"a host without accounts", nil, badHost, streamError("host-unknown")},
		{"server namespace", nil, strings.Replace(hello, "jabber:client", "jabber:server", 1), "<invalid-namespace "},
		{"no version", nil, strings.Replace(hello, "version='1.0' ", "", 1), "<unsupported-version "},
		{"too large before login", nil, hello + "<a>" + strings.Repeat("x", 10_000), "<policy-violation "},
		{"entity", nil, "<!DOCTYPE a [<!ENTITY b 'c'>]>", "<restricted-xml "},
		{"not UTF-8", nil, hello + "<a>\xff</a>", "<unsupported-encoding "},
		{"message before login", (*peer).secure, "<message/>", streamError("not-authorized")},
		{"stanza before bind", romeoIn, "<presence/>", streamError("not-authorized")},
		{"roster before bind", romeoIn, "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
			streamError("not-authorized")},
		{"other element before bind", romeoIn, "<r xmlns='urn:xmpp:sm:3'/>", streamError("unsupported-stanza-type")},
		{"not XML before bind", romeoIn, "</iq>", "<not-well-formed "},
		{"end before bind", romeoIn, goodbye, goodbye},
		{"end before TLS", nil, hello + goodbye, features + goodbye},
		{"too deep", romeoOnline, strings.Repeat("<a>", 100), "<policy-violation "},
		{"comment", romeoOnline, "<!-- -->", "<restricted-xml "},
		{"other element", romeoOnline, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>",
			streamError("unsupported-stanza-type")},
		{"undeclared prefix", romeoOnline, "<message><a:b/></message>", "<not-well-formed "},
		{"from another", romeoOnline, "<message from='juliet@a.lit' to='romeo@a.lit'/>", streamError("invalid-from")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := w.peer()
			p.t = t
			if test.open != nil {
				test.open(p)
			}
			p.send(test.send)
			p.want(test.want)
			if !strings.HasSuffix(test.want, goodbye) {
				p.want("</stream:error>" + goodbye)
			}
			p.wantEOF()
		})
	}
}

func romeoIn(p *peer) { p.authenticate("romeo") }

func romeoOnline(p *peer) {
	p.authenticate("romeo")
	p.send(bind("x"))
	p.want("</bind></iq>")
}

// TestPipelined sends a login in as few writes as TLS allows.
func TestPipelined(t *testing.T) {
	eachWay(t, setup{}, func(t *testing.T, w *world) {
		p := w.peer()
		p.send(hello + starttls)
		p.want(proceed)
		p.tls()
		p.send(hello + plain("romeo") + hello + bind("x") + "<message to='romeo@a.lit/x' id='m'/>")
		p.want(success)
		p.want("<jid>romeo@a.lit/x</jid></bind></iq>")
		p.want("id='m'")
	})
}

// TestInjected: what is sent in the clear behind <starttls/> must not be taken
// for something sent under TLS (RFC 6120 section 5.4.3.3, TLS Success).
func TestInjected(t *testing.T) {
	eachWay(t, setup{}, func(t *testing.T, w *world) {
		p := w.peer()
		p.send(hello + starttls + hello + plain("juliet") + hello + bind("evil"))
		p.want(proceed)
		p.tls()
		p.send(hello)
		p.want(features)
		p.send(plain("romeo"))
		p.wantNext(success)
	})
}

// TestBytes logs in byte by byte.
func TestBytes(t *testing.T) {
	eachWay(t, setup{}, func(t *testing.T, w *world) {
		p := w.peer()
		p.nc = drip{p.nc}
		p.send(hello)
		p.want(features)
		p.send(starttls)
		p.want(proceed)
		p.nc = p.nc.(drip).Conn
		p.tls()
		p.nc = drip{p.nc}
		p.send(hello + plain("romeo") + hello + bind("x"))
		p.want("<jid>romeo@a.lit/x</jid></bind></iq>")
		p.send("<message to='romeo@a.lit/x'><body>Привет, 😀</body></message>")
		p.want("<body>Привет, 😀</body></message>")
	})
}

// drip writes each byte by itself.
type drip struct{ net.Conn }

func (d drip) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := d.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// TestRetries: wrong passwords may be tried a few times (RFC 6120 section 6.4.5,
// SASL Failure).
func TestRetries(t *testing.T) {
	w := newWorld(t, setup{})
	p := w.peer()
	p.secure()
	for range 4 {
		p.send(plain("nobody"))
		p.wantNext("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>")
	}
	p.send(plain("nobody"))
	p.want("<not-authorized/></failure><stream:error><policy-violation ")
	p.want(goodbye)
	p.wantEOF()
}

func TestDirectTLS(t *testing.T) {
	eachWay(t, setup{}, func(t *testing.T, w *world) {
		p := w.peer()
		p.nc.Close()
		nc, err := tls.Dial("tcp", w.direct, clientTLS())
		if err != nil {
			t.Fatal(err)
		}
		p.nc = nc
		p.send(hello + plain("romeo") + hello + bind("x"))
		if before := p.want(success); strings.Contains(before, "starttls") {
			t.Errorf("STARTTLS over TLS is offered: %s", before) // (XEP-0368 section 3, rule 5)
		}
		p.want("<jid>romeo@a.lit/x</jid></bind></iq>")
	})
}

// TestPlaintext: without TLS, where that is allowed, PLAIN is not offered.
func TestPlaintext(t *testing.T) {
	w := newWorld(t, setup{config: "[c2s]\nrequire_tls = false\n"})
	p := w.peer()
	p.send(hello)
	f := p.want(features)
	if !strings.Contains(f, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") ||
		!strings.Contains(f, "<mechanism>SCRAM-SHA-256</mechanism>") ||
		strings.Contains(f, "PLAIN") || strings.Contains(f, "PLUS") || strings.Contains(f, "sasl-cb") {
		t.Errorf("features %s", f)
	}
	p.send(plain("romeo"))
	p.wantNext("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><encryption-required/></failure>")
}

// register is in-band registration that answers everything.
type register struct{}

func (register) Feature(domain string) string {
	return "<register xmlns='http://jabber.org/features/iq-register'/>"
}

func (register) Handle(_ context.Context, domain string, _ netip.Addr, _ bool,
	iq *stanza.Stanza) *stanza.Stanza {
	if !iq.Has("jabber:iq:register", "query") {
		return nil
	}
	return iq.Result("<query xmlns='jabber:iq:register'><domain>" + domain + "</domain></query>")
}

func TestRegister(t *testing.T) {
	w := newWorld(t, setup{options: func(o *Options) { o.Register = register{} }})
	p := w.peer()
	p.send(hello)
	if f := p.want(features); strings.Contains(f, "iq-register") {
		t.Errorf("registration before TLS: %s", f)
	}
	p.send(starttls)
	p.want(proceed)
	p.tls()
	p.send(hello)
	if f := p.want(features); !strings.Contains(f, "iq-register") {
		t.Errorf("no registration: %s", f)
	}
	p.send("<iq type='get' id='r' to='a.lit'><query xmlns='jabber:iq:register'/></iq>")
	p.want("<query xmlns='jabber:iq:register'><domain>a.lit</domain></query></iq>")
	p.send("<iq type='get' id='r' to='a.lit'><query xmlns='jabber:iq:roster'/></iq>")
	p.wantEnd(streamError("not-authorized"))
}

// TestPerAddress limits connections (RFC 6120 section 13.12).
func TestPerAddress(t *testing.T) {
	w := newWorld(t, setup{config: "[c2s]\nper_address = 2\n"})
	a, b := w.peer(), w.peer()
	a.send(hello)
	a.want(features)
	b.send(hello)
	b.want(features)
	c := w.peer()
	c.want("<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>")
	c.want(goodbye)
	c.wantEOF()
	b.send(goodbye)
	b.wantEnd(goodbye)
	b.nc.Close()
	eventually(t, func() bool { return w.server.Len() == 1 })
	d := w.peer()
	d.send(hello)
	d.want(features)
	e := w.peer() // one has gone, not two
	e.wantEnd("</stream:error>" + goodbye)
}

// TestSecure: without TLS only the machine itself is a place from where nobody
// else reads a password (XEP-0077 section 11, Security Considerations).
func TestSecure(t *testing.T) {
	for _, memory := range []bool{true, false} { // whose address is none, and loopback
		w := newWorld(t, setup{config: "[c2s]\nrequire_tls = false\n", memory: memory})
		secure := func() (is bool) {
			w.server.each(func(c *client) { is = c.Secure() })
			return is
		}
		p := w.peer()
		p.send(hello)
		p.want(features)
		if secure() == memory {
			t.Errorf("in memory %t: secure without TLS: %t", memory, secure())
		}
		p.send(starttls)
		p.want(proceed)
		p.tls()
		p.send(hello)
		p.want(features)
		if !secure() {
			t.Errorf("in memory %t: not secure under TLS", memory)
		}
	}
}
