package s2s

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/memconn"
)

// peer is another server, whose part the test plays.
type peer struct {
	t   testing.TB
	nc  net.Conn
	got string
}

// connect opens a connection to the server.
func (v *server) connect() *peer {
	v.t.Helper()
	ours, theirs := memconn.Pipe()
	if err := v.ServeConn(theirs, false); err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { ours.Close() })
	return &peer{t: v.t, nc: ours}
}

// accepts puts a domain of the test's own into the network, and gives the
// connections to it.
func (n *net0) accepts(domain string) chan *peer {
	ch := make(chan *peer, 10)
	n.set(domain, site{take: func(nc net.Conn) { ch <- &peer{t: n.t, nc: nc} }})
	return ch
}

// next is the next connection.
func next(t testing.TB, ch chan *peer) *peer {
	t.Helper()
	select {
	case p := <-ch:
		return p
	case <-time.After(time.Hour):
		t.Fatal("nobody connects")
		return nil
	}
}

func (p *peer) send(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.nc, text); err != nil {
		p.t.Fatal(err)
	}
}

// want reads up to text and returns what came before it.
func (p *peer) want(text string) string {
	p.t.Helper()
	for {
		if before, after, ok := strings.Cut(p.got, text); ok {
			p.got = after
			return before
		}
		if err := p.read(); err != nil {
			p.t.Fatalf("%v while waiting for %s\ngot: %s", err, text, p.got)
		}
	}
}

// wantEnd wants text to be the last, and closes the connection then.
func (p *peer) wantEnd(text string) {
	p.t.Helper()
	p.want(text)
	if err := p.read(); !errors.Is(err, io.EOF) || p.got != "" {
		p.t.Fatalf("%v, and %s came", err, p.got)
	}
	p.nc.Close()
}

func (p *peer) read() error {
	var b [4096]byte
	p.nc.SetReadDeadline(time.Now().Add(time.Hour))
	n, err := p.nc.Read(b[:])
	p.got += string(b[:n])
	return err
}

// secure begins TLS on a connection that the peer has opened, or takes part in
// one that was opened to it.
func (p *peer) secure(cert *tls.Certificate, opened bool) {
	p.t.Helper()
	c := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	if cert != nil {
		c.Certificates = []tls.Certificate{*cert}
	}
	t := tls.Client(p.nc, c)
	if !opened {
		c.ClientAuth = tls.RequestClientCert
		t = tls.Server(p.nc, c)
	}
	if err := t.Handshake(); err != nil {
		p.t.Fatal(err)
	}
	p.nc = t
}

func opening(from, to string) string {
	return "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' " +
		"xmlns:stream='http://etherx.jabber.org/streams' from='" + from + "' to='" + to + "' version='1.0'>"
}

// open opens a stream and gives its id.
func (p *peer) open(from, to string) (id string) {
	p.t.Helper()
	p.send(opening(from, to))
	p.want("<stream:stream ")
	p.want(" id='")
	return p.want("'")
}

// startTLS opens a stream and changes to TLS.
func (p *peer) startTLS(from, to string, cert *tls.Certificate) (id string) {
	p.t.Helper()
	p.open(from, to)
	p.want("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>")
	p.want("</stream:features>")
	p.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	p.want("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	p.secure(cert, true)
	return p.open(from, to)
}

// external is a peer that has connected and proven its domain by EXTERNAL.
func (v *server) external(from string) *peer {
	v.t.Helper()
	p := v.connect()
	p.external(from, v.domain, v.net.cert(v.net.ca, from))
	return p
}

func (p *peer) external(from, to string, cert *tls.Certificate) {
	p.t.Helper()
	p.startTLS(from, to, cert)
	p.want("<mechanism>EXTERNAL</mechanism>")
	p.want("</stream:features>")
	p.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>")
	p.want("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
	p.open(from, to)
	p.want("</stream:features>")
}

func waitFor(d time.Duration) { time.Sleep(d) }

// answer answers the header of a stream that was opened to the peer.
func (p *peer) answer(domain, features string) {
	p.t.Helper()
	p.want("<stream:stream ")
	p.want("to='" + domain + "'")
	p.want(">")
	p.send("<?xml version='1.0'?><stream:stream xmlns='jabber:server' " +
		"xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams' " +
		"from='" + domain + "' id='id of " + domain + "' version='1.0'><stream:features>" + features +
		"</stream:features>")
}

const (
	tlsFeature      = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
	externalFeature = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL" +
		"</mechanism></mechanisms>"
)

// takes plays the peer that was connected to, up to the features after TLS.
func (p *peer) takes(domain string, cert *tls.Certificate, features string) {
	p.t.Helper()
	p.answer(domain, tlsFeature)
	p.want("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	p.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	p.secure(cert, false)
	p.answer(domain, features)
}

// takesExternal plays the peer that accepts EXTERNAL, up to the features after it.
func (p *peer) takesExternal(domain string, cert *tls.Certificate, features string) {
	p.t.Helper()
	p.takes(domain, cert, externalFeature)
	p.want("mechanism='EXTERNAL'>")
	p.want("</auth>")
	p.send("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
	p.answer(domain, features)
}

func streamErrorOf(condition string) string {
	return "<stream:error><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'"
}

func itoa(n int) string { return strconv.Itoa(n) }

func replaceID(text, id string) string { return strings.ReplaceAll(text, "'ID'", "'"+id+"'") }
