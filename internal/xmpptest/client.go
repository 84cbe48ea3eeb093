package xmpptest

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// item is what a client read: a stream header, an element, or the end.
type item struct {
	header *Element
	el     *Element
	end    bool // </stream:stream>
	err    error
}

// client is one connection to the server under test.
type client struct {
	conn   net.Conn
	items  chan item
	quit   chan struct{} // closed to stop the reading goroutine
	jid    string        // full JID once bound
	domain string
	ended  bool

	pending []item // read already, while waiting for something else
}

// newClient is a client of a connection, from which it reads unless TLS comes
// first.
func newClient(conn net.Conn, domain string, direct bool) *client {
	c := &client{conn: conn, domain: domain, quit: make(chan struct{})}
	if !direct {
		c.read()
	}
	return c
}

// read starts the goroutine that reads a stream until the connection ends.
func (c *client) read() {
	c.items, c.quit = make(chan item, 256), make(chan struct{})
	go readItems(c.conn, c.items, c.quit)
}

func readItems(conn net.Conn, items chan<- item, quit <-chan struct{}) {
	put := func(i item) bool {
		select {
		case items <- i:
			return true
		case <-quit:
			return false
		}
	}
	d := xml.NewDecoder(byteReader{conn})
	for depth := 0; ; {
		tok, err := d.Token()
		if err != nil {
			put(item{err: err})
			return
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if t.Name.Local == "stream" && depth == 0 {
				depth = 1
				if !put(item{header: newElement(t)}) {
					return
				}
				continue
			}
			e, err := readElement(d, t)
			if err != nil {
				put(item{err: err})
				return
			}
			if !put(item{el: e}) || e.restarts() {
				return
			}
		case xml.EndElement:
			put(item{end: true})
			return
		}
	}
}

// restarts says that a new stream follows (RFC 6120 section 4.3.3): the
// reader stops, so that it takes no byte of what comes next.
func (e *Element) restarts() bool {
	return e.Name == "proceed" || (e.Name == "success" && e.NS == "urn:ietf:params:xml:ns:xmpp-sasl")
}

// asks says that this is a request to acknowledge. It may come at any time
// (XEP-0198 section 4, Acks), so that it is passed over where no script expects
// it.
func (e *Element) asks() bool { return e.Name == "r" && e.NS == "urn:xmpp:sm:3" }

// byteReader keeps encoding/xml from reading ahead past a restart.
type byteReader struct{ r io.Reader }

func (b byteReader) ReadByte() (byte, error) {
	var one [1]byte
	_, err := io.ReadFull(b.r, one[:])
	return one[0], err
}
func (b byteReader) Read(p []byte) (int, error) { return b.r.Read(p[:1]) }

var errTimeout = errors.New("nothing came in time")

// next waits for one item.
func (c *client) next(ctx context.Context, patience time.Duration) (item, error) {
	if len(c.pending) > 0 {
		i := c.pending[0]
		c.pending = c.pending[1:]
		return i, nil
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case i := <-c.items:
		return i, nil
	case <-t.C:
		return item{}, errTimeout
	case <-ctx.Done():
		return item{}, ctx.Err()
	}
}

func (c *client) send(s string) error {
	_, err := io.WriteString(c.conn, s)
	return err
}

// open sends a stream header and waits for the answer and its features.
func (c *client) open(ctx context.Context) (features *Element, err error) {
	if err := c.send("<?xml version='1.0'?><stream:stream to='" + c.domain + "' version='1.0' " +
		"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"); err != nil {
		return nil, err
	}
	if i, err := c.next(ctx, patience); err != nil || i.header == nil {
		return nil, fmt.Errorf("open stream: no header: %v %v", i, err)
	}
	return c.element(ctx, "features")
}

// element waits for one element of that name.
func (c *client) element(ctx context.Context, name string) (*Element, error) {
	i, err := c.next(ctx, patience)
	for err == nil && i.el != nil && i.el.asks() {
		i, err = c.next(ctx, patience)
	}
	if err != nil {
		return nil, fmt.Errorf("wait for <%s/>: %w", name, err)
	}
	if i.el == nil || i.el.Name != name {
		return nil, fmt.Errorf("wait for <%s/>: %v came (%v)", name, i.el, i.err)
	}
	return i.el, nil
}

// startTLS does RFC 6120 section 5 from an opened stream.
func (c *client) startTLS(ctx context.Context) error {
	if err := c.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"); err != nil {
		return err
	}
	if _, err := c.element(ctx, "proceed"); err != nil {
		return err
	}
	return c.tls(ctx)
}

func (c *client) tls(ctx context.Context) error {
	// The servers under test have certificates of their own making.
	t := tls.Client(c.conn, &tls.Config{ServerName: c.domain, InsecureSkipVerify: true})
	if err := t.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	c.conn = t
	c.read()
	return nil
}

// login does everything up to the bound resource.
func (c *client) login(ctx context.Context, user, password, resource string) error {
	if _, err := c.open(ctx); err != nil {
		return err
	}
	if err := c.startTLS(ctx); err != nil {
		return err
	}
	if _, err := c.open(ctx); err != nil {
		return err
	}
	auth := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	if err := c.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
		auth + "</auth>"); err != nil {
		return err
	}
	if _, err := c.element(ctx, "success"); err != nil {
		return err
	}
	c.read()
	if _, err := c.open(ctx); err != nil {
		return err
	}
	return c.bind(ctx, resource)
}

func (c *client) bind(ctx context.Context, resource string) error {
	if err := c.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" +
		resource + "</resource></bind></iq>"); err != nil {
		return err
	}
	iq, err := c.element(ctx, "iq")
	if err != nil {
		return err
	}
	bind := iq.child("bind")
	if bind == nil || bind.child("jid") == nil {
		return fmt.Errorf("bind: %s came", iq)
	}
	c.jid = bind.child("jid").Text
	return nil
}

// close drops the connection and ends the reading goroutine.
func (c *client) close() {
	if !c.ended {
		c.ended = true
		close(c.quit)
		_ = c.conn.Close() // nothing depends on how a dropped connection ends
	}
}
