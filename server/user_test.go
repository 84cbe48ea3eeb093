package server

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// user is a client for tests that look at the server from two sides: it logs in
// over direct TLS and looks for texts in what comes.
type user struct {
	t    testing.TB
	jid  string
	conn *tls.Conn
	got  string // what came and was not looked for yet
}

// login logs in by PLAIN; the password is the name. The test fails if the
// server's certificate is not for the domain.
func (l *live) login(domain, name, resource string) *user {
	l.t.Helper()
	u := l.authenticated(domain, name, resource)
	u.bind("b")
	u.until(u.jid)
	u.send("<presence/>")
	u.until("<presence")
	u.flush()
	return u
}

// authenticated is login up to the binding.
func (l *live) authenticated(domain, name, resource string) *user {
	l.t.Helper()
	nc, err := l.Dial(context.Background(), true)
	if err != nil {
		l.t.Fatal(err)
	}
	// What is self-made has no authority; whose it is, is looked at.
	u := &user{t: l.t, jid: name + "@" + domain + "/" + resource, conn: tls.Client(nc, &tls.Config{
		ServerName: domain, InsecureSkipVerify: true, NextProtos: []string{"xmpp-client"},
		VerifyConnection: func(cs tls.ConnectionState) error { return cs.PeerCertificates[0].VerifyHostname(domain) },
	})}
	l.t.Cleanup(func() { _ = u.conn.Close() })
	header := "<stream:stream to='" + domain + "' version='1.0' xmlns='jabber:client' " +
		"xmlns:stream='http://etherx.jabber.org/streams'>"
	u.send(header)
	u.until("</stream:features>")
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + name + "\x00" + name))
	u.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + plain + "</auth>")
	u.until("<success")
	u.send(header)
	u.until("</stream:features>")
	return u
}

// bind asks for the user's resource.
func (u *user) bind(id string) {
	u.t.Helper()
	_, resource, _ := strings.Cut(u.jid, "/")
	u.send("<iq type='set' id='" + id + "'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" +
		resource + "</resource></bind></iq>")
}

func (u *user) send(text string) {
	u.t.Helper()
	if _, err := io.WriteString(u.conn, text); err != nil {
		u.t.Fatalf("%s: %v", u.jid, err)
	}
}

// until reads until a text has come and returns everything up to it.
func (u *user) until(text string) string {
	u.t.Helper()
	if err := u.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		u.t.Fatal(err)
	}
	b := make([]byte, 64<<10)
	for {
		if at := strings.Index(u.got, text); at >= 0 {
			all := u.got[:at+len(text)]
			u.got = u.got[at+len(text):]
			return all
		}
		n, err := u.conn.Read(b)
		u.got += string(b[:n])
		if err != nil && !strings.Contains(u.got, text) {
			u.t.Fatalf("%s waits for %q: %v; came: %s", u.jid, text, err, u.got)
		}
	}
}

// flush waits until the server has done what was sent.
func (u *user) flush() {
	u.t.Helper()
	u.send("<iq type='get' id='flush'><ping xmlns='urn:xmpp:ping'/></iq>")
	u.until("id='flush'")
	u.until(">")
}

// ends reads to the end of the stream, with this error.
func (u *user) ends(condition string) {
	u.t.Helper()
	u.until("<" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'")
	u.until("</stream:stream>")
}

func (u *user) message(to, text string) {
	u.t.Helper()
	u.send(fmt.Sprintf("<message to='%s' type='chat'><body>%s</body></message>", to, text))
}

// account makes accounts whose password is their name.
func (l *live) account(domain string, names ...string) {
	l.t.Helper()
	for _, name := range names {
		jid := jidOf(l.t, name+"@"+domain)
		if err := l.server.createAccount(context.Background(), jid, verifierOf(l.t, name)); err != nil {
			l.t.Fatal(err)
		}
	}
}

// chats says whether a message of one reaches the other.
func chats(t *testing.T, from, to *user) {
	t.Helper()
	from.message(to.jid, "from "+from.jid)
	to.until("<body>from " + from.jid + "</body>")
}
