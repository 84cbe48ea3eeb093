package component

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/conf"
	"parley/internal/memconn"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

const config = `
domains = ["a.lit"]
[[component]]
domain = "sms.a.lit"
secret = "knock"
[[component]]
domain = "mail.a.lit"
secret = "knock knock"
[[component]]
domain = "other.lit"
secret = "x"
listen = "127.0.0.1:5348"
`

const listen = "127.0.0.1:5347"

// world is a server with three components and the account romeo@a.lit.
type world struct {
	t      testing.TB
	server *Server
	router *router.Router
	stop   context.CancelFunc
	done   chan struct{}
}

func newWorld(t testing.TB, extra string) *world {
	db, err := store.Open(context.Background(), t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c, err := conf.Parse("test", extra+config)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	w := &world{t: t, done: make(chan struct{})}
	w.router = router.New(router.Options{Store: db, Config: c, Log: log})
	w.router.AddHost("a.lit", true)
	if err := db.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.CreateAccount("romeo@a.lit", "x")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	w.server = New(Options{Router: w.router, Log: log})
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	go func() {
		defer close(w.done)
		w.server.Serve(ctx)
		w.router.Run(ctx)
	}()
	for !w.server.isServing() {
		time.Sleep(time.Millisecond)
	}
	t.Cleanup(func() { stop(); <-w.done })
	return w
}

func (s *Server) isServing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stop != nil
}

// romeo is a session that keeps what it is sent.
func (w *world) romeo() *user {
	w.t.Helper()
	a, err := w.router.Account(context.Background(), stanza.MustJID("romeo@a.lit"))
	if err != nil {
		w.t.Fatal(err)
	}
	u := &user{t: w.t, got: make(chan string, 1000)}
	if u.s, err = a.Bind(context.Background(), "x", u); err != nil {
		w.t.Fatal(err)
	}
	return u
}

type user struct {
	t   testing.TB
	s   *router.Session
	mu  sync.Mutex
	got chan string
}

func (u *user) Close(*stanza.StreamError) {}
func (u *user) Out() stanza.Out           { return stanza.Out{} }
func (u *user) Addr() string              { return "test" }
func (u *user) Wake() {
	go func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		if b, ok := u.s.Take(); ok {
			u.got <- string(b.Bytes)
			u.s.Written(b, nil)
		}
	}()
}

func (u *user) send(xml string) { u.s.Handle(context.Background(), stanza.MustParse(xml)) }

func (u *user) want(text string) {
	u.t.Helper()
	select {
	case got := <-u.got:
		if !strings.Contains(got, text) {
			u.t.Fatalf("got %s, not %s", got, text)
		}
	case <-time.After(10 * time.Second):
		u.t.Fatalf("nothing came, not even %s", text)
	}
}

// component is the other end of a connection.
type component struct {
	t   testing.TB
	nc  net.Conn
	got string
}

func (w *world) component() *component {
	w.t.Helper()
	ours, theirs := memconn.Pipe()
	if err := w.server.ServeConn(theirs, listen); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { ours.Close() })
	return &component{t: w.t, nc: ours}
}

func (c *component) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.nc, text); err != nil {
		c.t.Fatal(err)
	}
}

// want reads up to text and returns what came before it.
func (c *component) want(text string) string {
	c.t.Helper()
	for {
		if before, after, ok := strings.Cut(c.got, text); ok {
			c.got = after
			return before
		}
		if err := c.read(); err != nil {
			c.t.Fatalf("%v while waiting for %s\ngot: %s", err, text, c.got)
		}
	}
}

func (c *component) wantEnd(text string) {
	c.t.Helper()
	c.want(text)
	if err := c.read(); !errors.Is(err, io.EOF) || c.got != "" {
		c.t.Fatalf("%v, and %s came", err, c.got)
	}
}

func (c *component) read() error {
	var b [4096]byte
	c.nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, err := c.nc.Read(b[:])
	c.got += string(b[:n])
	return err
}

func opening(domain string) string {
	return "<stream:stream xmlns='jabber:component:accept' " +
		"xmlns:stream='http://etherx.jabber.org/streams' to='" + domain + "'>"
}

const nsStream = "http://etherx.jabber.org/streams"

func streamError(condition string) string {
	return "<stream:error><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>" +
		"</stream:error></stream:stream>"
}

// shake opens the stream and says the proof, without waiting for the answer.
func (c *component) shake(domain, secret string) {
	c.t.Helper()
	c.send(opening(domain))
	c.want(" id='")
	id := c.want("'")
	c.want("from='" + domain + "'")
	c.want(">")
	sum := sha1.Sum([]byte(id + secret))
	c.send("<handshake>" + hex.EncodeToString(sum[:]) + "</handshake>")
}

// connected is a component that has authenticated.
func (w *world) connected(domain, secret string) *component {
	w.t.Helper()
	c := w.component()
	c.shake(domain, secret)
	if before := c.want("<handshake/>"); before != "" {
		w.t.Fatalf("%s came before the handshake", before)
	}
	w.waitFor(domain)
	return c
}

func (w *world) waitFor(domain string) {
	at := w.server.slots[domain]
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		at.mu.Lock()
		ok := at.link != nil
		at.mu.Unlock()
		if ok {
			return
		}
	}
	w.t.Fatal("never connected")
}

// TestExchange sends stanzas both ways (XEP-0114 section 3, Protocol Flow).
func TestExchange(t *testing.T) {
	w := newWorld(t, "")
	u := w.romeo()
	sms, mail := w.connected("sms.a.lit", "knock"), w.connected("mail.a.lit", "knock knock")

	u.send("<message to='+49@sms.a.lit' id='1' xml:lang='de'><body>ja</body></message>")
	got := sms.want("</message>")
	for _, part := range []string{"from='romeo@a.lit/x'", "to='+49@sms.a.lit'", "xml:lang='de'", "<body>ja</body>"} {
		if !strings.Contains(got, part) {
			t.Errorf("%s is not in %s", part, got)
		}
	}
	sms.send("<message from='+49@sms.a.lit/phone' to='romeo@a.lit/x' type='headline'><body>nein</body></message>")
	u.want("<body>nein</body>")
	// The content namespace is the receiver's.
	sms.send("<message xmlns='jabber:component:accept' from='sms.a.lit' to='romeo@a.lit/x' type='headline' id='ns'/>")
	u.want("id='ns'")
	u.send("<iq type='get' id='2' to='mail.a.lit'><query xmlns='jabber:iq:version'/></iq>")
	mail.want("id='2'")
	mail.send("<iq type='result' id='2' from='mail.a.lit' to='romeo@a.lit/x'/>")
	u.want("id='2'")
	// Between components.
	mail.send("<message from='a@mail.a.lit' to='b@sms.a.lit' id='3'/>")
	sms.want("id='3'")
}

// TestRefused are the errors before and instead of the handshake.
func TestRefused(t *testing.T) {
	w := newWorld(t, "")
	tests := []struct{ name, send, want string }{
		{"unknown domain", opening("fax.a.lit"), " from='' xml:lang='en'>" + streamError("host-unknown")},
		{"one of ours", opening("a.lit"), streamError("host-unknown")},
		{"of another listener", opening("other.lit"), streamError("host-unknown")},
		{"no domain", strings.Replace(opening(""), " to=''", "", 1), streamError("host-unknown")},
		{"a client", strings.Replace(opening("sms.a.lit"), "component:accept", "client", 1), "<invalid-namespace "},
		{"another stream", strings.Replace(opening("sms.a.lit"), nsStream, "urn:x", 1), "<invalid-namespace "},
		{"not XML", "HELO sms\r\n", "<not-well-formed "},
		{"wrong proof", opening("sms.a.lit") + "<handshake>" + strings.Repeat("0", 40) + "</handshake>",
			streamError("not-authorized")},
		{"no proof", opening("sms.a.lit") + "<handshake/>", streamError("not-authorized")},
		{"stanza first", opening("sms.a.lit") + "<message from='sms.a.lit' to='romeo@a.lit'/>",
			streamError("not-authorized")},
		{"too large", opening("sms.a.lit") + "<handshake>" + strings.Repeat("0", 20_000), "<policy-violation "},
		{"end", opening("sms.a.lit") + "</stream:stream>", "</stream:stream>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := w.component()
			c.t = t
			c.send(test.send)
			before := c.want(test.want)
			const header = "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept'"
			if !strings.HasPrefix(before+test.want, header) {
				t.Errorf("header: %s", before)
			}
			if !strings.HasSuffix(test.want, "</stream:stream>") {
				c.want("</stream:stream>")
			}
			c.wantEnd("")
		})
	}
	// The secret of one is not that of another.
	c := w.component()
	c.shake("sms.a.lit", "knock knock")
	c.wantEnd(streamError("not-authorized"))
}

// TestRules are those for stanzas (XEP-0114 section 3, Protocol Flow).
func TestRules(t *testing.T) {
	w := newWorld(t, "")
	tests := []struct{ name, send, want string }{
		{"no from", "<message to='romeo@a.lit'/>", "improper-addressing"},
		{"no to", "<presence from='sms.a.lit'/>", "improper-addressing"},
		{"bad to", "<message from='sms.a.lit' to='@'/>", "improper-addressing"},
		{"bad from", "<message from='@' to='romeo@a.lit'/>", "improper-addressing"},
		{"from the server", "<message from='a.lit' to='romeo@a.lit'/>", "invalid-from"},
		{"from another component", "<message from='x@mail.a.lit' to='romeo@a.lit'/>", "invalid-from"},
		{"not a stanza", "<log from='sms.a.lit' to='a.lit'/>", "unsupported-stanza-type"},
		{"not XML", "<message></presence>", "not-well-formed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := w.connected("sms.a.lit", "knock")
			c.t = t
			c.send(test.send)
			c.want("<stream:error><" + test.want + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'")
			c.wantEnd("</stream:stream>")
		})
	}
}

// TestAway: as long as a component is not there its domain answers with an
// error, and is not looked for elsewhere.
func TestAway(t *testing.T) {
	w := newWorld(t, "")
	u := w.romeo()
	u.send("<message to='x@sms.a.lit' id='1'/>")
	u.want("<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")
	c := w.connected("sms.a.lit", "knock")
	c.send("</stream:stream>")
	c.wantEnd("</stream:stream>")
	w.waitGone("sms.a.lit")
	u.send("<message to='x@sms.a.lit' id='2'/>")
	u.want("<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")
}

func (w *world) waitGone(domain string) {
	at := w.server.slots[domain]
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		at.mu.Lock()
		gone := at.link == nil
		at.mu.Unlock()
		if gone {
			return
		}
	}
	w.t.Fatal("still connected")
}

// TestAgain: a component that connects again takes the place of its older
// connection.
func TestAgain(t *testing.T) {
	w := newWorld(t, "")
	u := w.romeo()
	old := w.connected("sms.a.lit", "knock")
	c := w.connected("sms.a.lit", "knock")
	old.wantEnd(streamError("conflict"))
	u.send("<message to='x@sms.a.lit' id='1'/>")
	c.want("id='1'")
}

// TestFull: a component that does not read costs a bounded amount of memory, and
// those who write to it are told.
func TestFull(t *testing.T) {
	w := newWorld(t, "limits = {queue = '64 KiB'}\n")
	u := w.romeo()
	c := w.connected("sms.a.lit", "knock")
	text := strings.Repeat("x", 10_000)
	for range (memconn.Size+2*64<<10)/len(text) + 20 {
		u.send("<message to='x@sms.a.lit'><body>" + text + "</body></message>")
	}
	u.want("<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")
	go io.Copy(io.Discard, c.nc)
}

func TestShutdown(t *testing.T) {
	w := newWorld(t, "")
	u := w.romeo()
	c, early := w.connected("sms.a.lit", "knock"), w.component()
	early.send(opening("mail.a.lit"))
	early.want(">")
	u.send("<message to='x@sms.a.lit' id='last'/>")
	u.s.Handle(context.Background(), stanza.MustParse("<message to='romeo@a.lit/x' type='headline' id='barrier'/>"))
	u.want("id='barrier'")
	w.stop()
	if before := c.want(streamError("system-shutdown")); !strings.Contains(before, "id='last'") {
		t.Errorf("before the end: %s", before)
	}
	early.want(streamError("system-shutdown"))
	c.nc.Close()
	early.nc.Close()
	<-w.done
	if err := w.server.ServeConn(nopConn{}, listen); !errors.Is(err, ErrNotServing) {
		t.Errorf("served after the end: %v", err)
	}
}

type nopConn struct{ net.Conn }

func (nopConn) Close() error { return nil }

// TestListen: components that name the same address share a listener.
func TestListen(t *testing.T) {
	c, err := conf.Parse("test", strings.NewReplacer("5348", "0", "5347", "0").Replace(config))
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Component[:2] {
		c.Component[i].Listen = "127.0.0.1:0"
	}
	c.Component[2].Listen = "localhost:0"
	ls, err := Listen(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, l := range ls {
			l.Close()
		}
	}()
	if len(ls) != 2 || ls[0].Listen != "127.0.0.1:0" || ls[1].Listen != "localhost:0" {
		t.Errorf("listeners %v", ls)
	}
}

// FuzzComponent: whatever a component sends before and after it has
// authenticated, what comes back is a well-formed stream.
func FuzzComponent(f *testing.F) {
	for _, seed := range []string{
		opening("sms.a.lit"), "<message from='sms.a.lit' to='romeo@a.lit/x'/>", "</stream:stream>",
		"<iq type='get' from='x@sms.a.lit' to='a.lit' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", "<a b='", "<!--",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	w := newWorld(f, "")
	f.Fuzz(func(t *testing.T, data []byte, authenticated bool) {
		w.t = t
		var c *component
		if authenticated {
			c = w.connected("sms.a.lit", "knock")
		} else {
			c = w.component()
		}
		c.send(string(data))
		c.nc.(*memconn.Conn).CloseWrite()
		c.nc.SetReadDeadline(time.Now().Add(10 * time.Second))
		all, err := io.ReadAll(c.nc)
		if err != nil {
			t.Fatal(err)
		}
		checkStream(t, c.got+string(all), authenticated)
		w.waitGone("sms.a.lit")
	})
}

// checkStream reads what came back with our own scanner.
func checkStream(t *testing.T, text string, opened bool) {
	if opened {
		text = opening("sms.a.lit") + text
	}
	sc := stanza.NewScanner(stanza.Limits{})
	for buf := []byte(text); len(buf) > 0; {
		var st stanza.Stanza
		tok, n, err := sc.Scan(buf, &st)
		if err != nil || tok == stanza.More {
			t.Fatalf("not a stream: %v\n%s", err, text)
		}
		buf = buf[n:]
	}
}
