package main

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"parley/internal/xmpptest"
)

// peer is a server that is not ours: it is dialled, and accounts are made by
// in-band registration (XEP-0077 section 3.1, Entity Registers with a Host).
type peer struct {
	addr, direct, domain string
	dialect

	mu   sync.Mutex
	made map[string]bool
}

var (
	_ xmpptest.Server  = (*peer)(nil)
	_ xmpptest.Dialect = (*peer)(nil)
)

// Domain implements xmpptest.Server.
func (p *peer) Domain() string { return p.domain }

// Dial implements xmpptest.Server.
func (p *peer) Dial(ctx context.Context, direct bool) (net.Conn, error) {
	addr := p.addr
	if direct {
		addr = p.direct
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", addr)
}

// Register implements xmpptest.Server.
func (p *peer) Register(ctx context.Context, user, password string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made[user] {
		return nil
	}
	if err := p.register(ctx, user, password); err != nil {
		return fmt.Errorf("register %s: %w", user, err)
	}
	if p.made == nil {
		p.made = map[string]bool{}
	}
	p.made[user] = true
	return nil
}

// register makes an account on a stream of its own.
func (p *peer) register(ctx context.Context, user, password string) error {
	conn, err := p.Dial(ctx, false)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	open := "<?xml version='1.0'?><stream:stream to='" + p.domain + "' version='1.0' " +
		"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
	if _, err := say(conn, open, "features"); err != nil {
		return err
	}
	const starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
	if _, err := say(conn, starttls, "proceed"); err != nil {
		return err
	}
	// The certificate is self-made, and the password that of a test.
	secure := tls.Client(conn, &tls.Config{ServerName: p.domain, InsecureSkipVerify: true})
	if _, err := say(secure, open, "features"); err != nil {
		return err
	}
	answer, err := say(secure, "<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>"+
		user+"</username><password>"+password+"</password></query></iq>", "iq")
	if err == nil && answer["type"] != "result" {
		err = fmt.Errorf("refused: %v", answer)
	}
	return err
}

// say sends a text and reads up to the end of an element of that name, whose
// attributes it returns.
func say(conn io.ReadWriter, text, until string) (map[string]string, error) {
	if _, err := io.WriteString(conn, text); err != nil {
		return nil, err
	}
	var seen strings.Builder
	d := xml.NewDecoder(&oneByte{conn, &seen})
	d.Strict = false // each answer is read by a decoder of its own
	for {
		tok, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("%s expected: %w: %s", until, err, seen.String())
		}
		e, ok := tok.(xml.StartElement)
		if !ok || e.Name.Local != until {
			continue
		}
		attrs := map[string]string{}
		for _, a := range e.Attr {
			attrs[a.Name.Local] = a.Value
		}
		return attrs, d.Skip()
	}
}

// oneByte keeps encoding/xml from reading past the element that ends what is
// waited for.
type oneByte struct {
	r    io.Reader
	seen *strings.Builder
}

// ReadByte implements io.ByteReader.
func (o *oneByte) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(o.r, b[:])
	if err == nil {
		o.seen.WriteByte(b[0])
	}
	return b[0], err
}

// Read implements io.Reader.
func (o *oneByte) Read(p []byte) (int, error) {
	b, err := o.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}
