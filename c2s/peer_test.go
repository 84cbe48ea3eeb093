package c2s

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// peer is a client that sends text and looks at what comes back as text.
type peer struct {
	t   testing.TB
	nc  net.Conn
	got string // read and not yet wanted
	all string // everything since the connection began, for messages

	patience time.Duration // how long it waits for what must come
}

// patient waits longer, in a bubble.
func (p *peer) patient(d time.Duration) { p.patience = d }

const (
	hello = "<?xml version='1.0'?><stream:stream to='a.lit' version='1.0' " +
		"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
	goodbye  = "</stream:stream>"
	starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
	proceed  = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
	success  = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
	features = "</stream:features>"
)

// patience is how long a peer waits for what must come.
const patience = 10 * time.Second

func (w *world) peer() *peer {
	p := &peer{t: w.t, nc: w.dial(), patience: patience}
	w.t.Cleanup(func() { p.nc.Close() })
	return p
}

func (p *peer) send(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.nc, text); err != nil {
		p.t.Fatalf("send: %v", err)
	}
}

// want reads until text has come and returns what came before it.
func (p *peer) want(text string) (before string) {
	p.t.Helper()
	for {
		before, after, ok := strings.Cut(p.got, text)
		if ok {
			p.got = after
			return before
		}
		if err := p.read(); err != nil {
			p.t.Fatalf("%v while waiting for %s\nleft:  %s\nall: %s", err, text, p.got, p.all)
		}
	}
}

// wantNext is want for what must come next.
func (p *peer) wantNext(text string) {
	p.t.Helper()
	if before := p.want(text); before != "" {
		p.t.Fatalf("%s came before %s", before, text)
	}
}

// wantEnd wants text to be the last that comes, and the connection to be closed.
func (p *peer) wantEnd(text string) {
	p.t.Helper()
	p.want(text)
	p.wantEOF()
}

func (p *peer) wantEOF() {
	p.t.Helper()
	for {
		err := p.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			p.t.Fatalf("%v while waiting for the end\nall: %s", err, p.all)
		}
	}
	if p.got != "" {
		p.t.Fatalf("%s came before the end", p.got)
	}
}

// wantNothing is for what must not come; a stanza to oneself bounds it in time.
func (p *peer) wantNothing(jid string) {
	p.t.Helper()
	p.send("<message to='" + jid + "' type='headline' id='barrier'/>")
	before := p.want("id='barrier'")
	p.want("/>")
	if i := strings.LastIndex(before, "<message"); i > 0 {
		p.t.Fatalf("%s came", before[:i])
	}
}

func (p *peer) read() error {
	var b [4096]byte
	p.nc.SetReadDeadline(time.Now().Add(p.patience))
	n, err := p.nc.Read(b[:])
	p.got += string(b[:n])
	p.all += string(b[:n])
	if n > 0 {
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("nothing came")
	}
	return err
}

// tls goes over to TLS.
func (p *peer) tls() {
	p.t.Helper()
	t := tls.Client(p.nc, clientTLS())
	if err := t.Handshake(); err != nil {
		p.t.Fatalf("handshake: %v", err)
	}
	if p.got != "" {
		p.t.Fatalf("%s came before TLS", p.got)
	}
	p.nc = t
}

func clientTLS() *tls.Config {
	return &tls.Config{ServerName: "a.lit", InsecureSkipVerify: true}
}

func plain(user string) string {
	return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
		base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00pencil")) + "</auth>"
}

func bind(resource string) string {
	return "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" +
		resource + "</resource></bind></iq>"
}

// secure goes up to the features under TLS.
func (p *peer) secure() {
	p.t.Helper()
	p.send(hello)
	p.want(features)
	p.send(starttls)
	p.wantNext(proceed)
	p.tls()
	p.send(hello)
	p.want(features)
}

// authenticate goes up to the features after SASL.
func (p *peer) authenticate(user string) {
	p.t.Helper()
	p.secure()
	p.send(plain(user))
	p.wantNext(success)
	p.send(hello)
	p.want(features)
}

// online is a peer with a bound resource that has said it is available.
func (w *world) online(user, resource string) *peer {
	w.t.Helper()
	p := w.peer()
	p.authenticate(user)
	p.send(bind(resource))
	p.want("<jid>" + user + "@a.lit/" + resource + "</jid></bind></iq>")
	return p
}
