package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"mellium.im/sasl"

	"parley/stanza"
)

// client is a connection that is logged in. Its methods are not for concurrent
// use, but for send beside next.
type client struct {
	conn net.Conn
	scan *stanza.Scanner
	buf  []byte // read and not consumed
	jid  string
}

var errEnd = errors.New("the stream has ended")

// next reads one element.
func (c *client) next() (*stanza.Stanza, error) {
	for {
		st := new(stanza.Stanza)
		tok, n, err := c.scan.Scan(c.buf, st)
		if err != nil {
			return nil, err
		}
		c.buf = c.buf[n:]
		switch tok {
		case stanza.Found:
			return st, nil
		case stanza.Closed:
			return nil, errEnd
		case stanza.More:
			if err := c.fill(); err != nil {
				return nil, err
			}
		}
	}
}

func (c *client) fill() error {
	have := len(c.buf)
	buf := make([]byte, max(4096, 2*have))
	copy(buf, c.buf)
	n, err := c.conn.Read(buf[have:])
	c.buf = buf[:have+n]
	if n > 0 {
		return nil
	}
	return err
}

func (c *client) send(s string) error {
	_, err := io.WriteString(c.conn, s)
	return err
}

// open begins a stream and reads its features.
func (c *client) open(domain string) (*stanza.Stanza, error) {
	c.scan, c.buf = stanza.NewScanner(stanza.Limits{}), nil
	if err := c.send(header(domain)); err != nil {
		return nil, err
	}
	return c.next()
}

// header begins a stream.
func header(domain string) string {
	return "<?xml version='1.0'?><stream:stream to='" + domain + "' version='1.0' " +
		"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
}

// dial logs in account n and binds a resource. With roster it also reads the
// roster and sends presence with capabilities, up to its own reflection.
func (at place) dial(ctx context.Context, n int, session bool) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", at.addr)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn}
	if err := c.login(ctx, at.domain, n, session); err != nil {
		return nil, errors.Join(fmt.Errorf("log in user%d: %w", n, err), conn.Close())
	}
	return c, nil
}

func (c *client) login(ctx context.Context, domain string, n int, session bool) error {
	if _, err := c.open(domain); err != nil {
		return err
	}
	if err := c.startTLS(ctx, domain); err != nil {
		return err
	}
	if _, err := c.open(domain); err != nil {
		return err
	}
	if err := c.sasl(fmt.Sprintf("user%d", n), fmt.Sprintf("password%d", n)); err != nil {
		return err
	}
	if _, err := c.open(domain); err != nil {
		return err
	}
	if err := c.bind(); err != nil || !session {
		return err
	}
	return c.session()
}

func (c *client) startTLS(ctx context.Context, domain string) error {
	if err := c.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"); err != nil {
		return err
	}
	if st, err := c.next(); err != nil || st.Name != "proceed" {
		return fmt.Errorf("starttls: %w", err)
	}
	// What is measured has a certificate of its own making.
	t := tls.Client(c.conn, &tls.Config{ServerName: domain, InsecureSkipVerify: true})
	c.conn = t
	return t.HandshakeContext(ctx)
}

// sasl logs in by SCRAM-SHA-1, which every server offers.
func (c *client) sasl(user, password string) error {
	n := sasl.NewClient(sasl.ScramSha1, sasl.Credentials(func() ([]byte, []byte, []byte) {
		return []byte(user), []byte(password), nil
	}))
	_, msg, err := n.Step(nil)
	if err != nil {
		return err
	}
	out := "<auth xmlns='" + stanza.NSSASL + "' mechanism='SCRAM-SHA-1'>%s</auth>"
	for {
		if err := c.send(fmt.Sprintf(out, base64.StdEncoding.EncodeToString(msg))); err != nil {
			return err
		}
		out = "<response xmlns='" + stanza.NSSASL + "'>%s</response>"
		st, err := c.next()
		if err != nil || st.Name == "failure" {
			return fmt.Errorf("sasl: %w", err)
		}
		data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(st.Root().Text))
		if err != nil {
			return err
		}
		if _, msg, err = n.Step(data); err != nil || st.Name == "success" {
			return err
		}
	}
}

func (c *client) bind() error {
	if err := c.send("<iq type='set' id='b'><bind xmlns='" + stanza.NSBind + "'/></iq>"); err != nil {
		return err
	}
	st, err := c.next()
	if err != nil {
		return err
	}
	p, _ := st.Payload()
	c.jid = st.Element(p).ChildText("", "jid")
	if c.jid == "" {
		return errors.New("bind: no address")
	}
	return nil
}

// session does what a client does next.
func (c *client) session() error {
	if err := c.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>" +
		"<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://example.org' " +
		"ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>"); err != nil {
		return err
	}
	for {
		st, err := c.next()
		if err != nil {
			return err
		}
		if st.Kind == stanza.Presence && st.From.String() == c.jid {
			return nil
		}
	}
}
