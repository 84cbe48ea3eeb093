package main

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"time"
)

// user is an account with one session.
type user struct {
	name string
	srv  *server
	*stream
}

// bare is the address of the account.
func (u *user) bare() string { return u.name + "@" + u.srv.domain }

// join makes an account and logs in.
func join(ctx context.Context, srv *server, name string) (*user, error) {
	if err := srv.account(ctx, name); err != nil {
		return nil, err
	}
	u := &user{name: name, srv: srv}
	return u, u.login(ctx)
}

// login makes a new session.
func (u *user) login(ctx context.Context) error {
	s, err := u.connect(ctx, nil)
	if err == nil {
		u.stream = s
	}
	return err
}

// connect makes a session, available, with stream management (XEP-0198) where the
// server has it. What comes goes to hook first.
func (u *user) connect(ctx context.Context, hook func(*node) bool) (*stream, error) {
	conn, err := u.srv.dial(ctx)
	if err != nil {
		return nil, err
	}
	s := newStream(conn, nsClient)
	s.jid, s.hook = u.bare()+"/"+u.srv.kind, hook
	if err := u.negotiate(ctx, s); err != nil {
		conn.Close()
		return nil, fmt.Errorf("log in %s: %w", u.bare(), err)
	}
	go s.read()
	if _, err := s.stanza("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>" +
		"<presence/>"); err != nil {
		return nil, err
	}
	s.sent++ // it was two
	_, err = s.until(ctx, "own presence", func(n *node) bool { return n.is("presence", "", s.jid) })
	return s, err
}

func (u *user) negotiate(ctx context.Context, s *stream) error {
	if err := deadline(ctx, s.conn); err != nil {
		return err
	}
	if err := features(s, u.srv.domain); err != nil {
		return err
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + u.name + "\x00" + secret + u.name))
	if err := s.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
		plain + "</auth>"); err != nil {
		return err
	}
	if _, err := s.expect("success"); err != nil {
		return err
	}
	if err := features(s, u.srv.domain); err != nil {
		return err
	}
	if err := s.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>" +
		"<resource>" + u.srv.kind + "</resource></bind></iq>"); err != nil {
		return err
	}
	if _, err := s.expect("iq"); err != nil {
		return err
	}
	if s.managed {
		if err := s.send("<enable xmlns='" + nsSM + "'/>"); err != nil {
			return err
		}
		if _, err := s.expect("enabled"); err != nil {
			return err
		}
	}
	return s.conn.SetDeadline(time.Time{})
}

// deadline gives a connection that of a context.
func deadline(ctx context.Context, conn net.Conn) error {
	t, ok := ctx.Deadline()
	if !ok {
		t = time.Now().Add(30 * time.Second)
	}
	return conn.SetDeadline(t)
}

// features opens a stream and reads what is offered.
func features(s *stream, domain string) error {
	if _, err := s.open(domain); err != nil {
		return err
	}
	f, err := s.expect("features")
	s.managed = err == nil && f.find(nsSM, "sm") != nil
	return err
}

// say sends a chat message.
func (u *user) say(to, text string) error {
	_, err := u.stanza(fmt.Sprintf("<message type='chat' to='%s' id='m'><body>%s</body></message>",
		to, escape(text)))
	return err
}

// hears waits for a message with that text from another user.
func (u *user) hears(ctx context.Context, from *user, text string) error {
	_, err := u.until(ctx, "the message "+short(text), func(n *node) bool {
		return n.is("message", "chat", from.jid) && n.body() == text
	})
	return err
}

// ask sends a request and waits for the answer.
func (u *user) ask(ctx context.Context, typ, to, id, payload string) (*node, error) {
	if _, err := u.stanza(fmt.Sprintf("<iq type='%s' to='%s' id='%s'>%s</iq>",
		typ, to, id, payload)); err != nil {
		return nil, err
	}
	n, err := u.until(ctx, "the answer to "+id, func(n *node) bool {
		return n.XMLName.Local == "iq" && n.attr("id") == id && n.attr("type") != "get"
	})
	if err == nil && n.attr("type") != "result" {
		err = fmt.Errorf("%s asked %s for %s: %s", u.jid, to, id, n)
	}
	return n, err
}

// register makes an account in-band (XEP-0077 section 3.1, Entity Registers with
// a Host).
func register(ctx context.Context, srv *server, name string) error {
	conn, err := srv.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	s := newStream(conn, nsClient)
	if err := deadline(ctx, conn); err != nil {
		return err
	}
	if err := features(s, srv.domain); err != nil {
		return err
	}
	if err := s.send(fmt.Sprintf("<iq type='set' id='r' to='%s'><query xmlns='jabber:iq:register'>"+
		"<username>%s</username><password>%s</password></query></iq>",
		srv.domain, name, secret+name)); err != nil {
		return err
	}
	n, err := s.expect("iq")
	if err == nil && n.attr("type") != "result" {
		err = fmt.Errorf("register %s: %s", name, n)
	}
	return err
}

// component connects the server's component (XEP-0114 section 3, Protocol Flow).
func component(ctx context.Context, srv *server) (*stream, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", srv.addr(srv.component))
	if err != nil {
		return nil, err
	}
	s := newStream(conn, nsComponent)
	s.jid = "component." + srv.domain
	if err := deadline(ctx, conn); err != nil {
		return nil, err
	}
	id, err := s.open(s.jid)
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum([]byte(id + secret))
	if err := s.send("<handshake>" + hex.EncodeToString(sum[:]) + "</handshake>"); err != nil {
		return nil, err
	}
	if _, err := s.expect("handshake"); err != nil {
		return nil, fmt.Errorf("component %s: %w", s.jid, err)
	}
	go s.read()
	return s, conn.SetDeadline(time.Time{})
}

// repeat is a text of that many bytes.
func repeat(n int) string { return strings.Repeat("0123456789abcdef", n/16) }
