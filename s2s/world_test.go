package s2s

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/conf"
	"parley/internal/memconn"
	"parley/router"
	"parley/s2s/resolve"
	"parley/stanza"
	"parley/store"
)

// net0 is the network of a test: who is where. Connections are in memory, so
// that a test may run in a bubble.
type net0 struct {
	t     testing.TB
	ca    *authority
	mu    sync.Mutex
	sites map[string][]site // by domain
	dials int
}

// site is a place where a domain's server is.
type site struct {
	direct bool
	take   func(nc net.Conn) // the other end of a connection; nil: nobody answers
	err    error             // of connecting
	dial   func() (net.Conn, error)
}

func newNet(t testing.TB) *net0 {
	tmpl := caTemplate("authority")
	tmpl.NotBefore, tmpl.NotAfter = time.Unix(0, 0), time.Unix(1<<33, 0)
	return &net0{t: t, ca: newSigned(t, nil, tmpl), sites: map[string][]site{}}
}

func (n *net0) set(domain string, list ...site) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sites[domain] = list
}

// Lookup implements Resolver.
func (n *net0) Lookup(_ context.Context, domain string) ([]resolve.Target, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.sites[domain]
	if list == nil {
		return nil, fmt.Errorf("%s: %w", domain, resolve.ErrNotFound)
	}
	var targets []resolve.Target
	for i, s := range list {
		targets = append(targets, resolve.Target{Host: domain, Port: uint16(i), Direct: s.direct})
	}
	return targets, nil
}

// Dial implements Resolver.
func (n *net0) Dial(ctx context.Context, t resolve.Target) (net.Conn, error) {
	n.mu.Lock()
	s := n.sites[t.Host][t.Port]
	n.dials++
	n.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	if s.dial != nil {
		return s.dial()
	}
	if s.take == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	ours, theirs := memconn.Pipe()
	s.take(theirs)
	return ours, nil
}

// cert makes a certificate for servers only, by the authority or, for none,
// self-signed.
func (n *net0) cert(by *authority, domain string) *tls.Certificate {
	tmpl := leafTemplate(domain, "*."+domain)
	tmpl.NotBefore, tmpl.NotAfter = time.Unix(0, 0), time.Unix(1<<33, 0)
	a := newSigned(n.t, by, tmpl)
	return &tls.Certificate{Certificate: [][]byte{a.cert.Raw}, PrivateKey: a.key, Leaf: a.cert}
}

// setup of a server.
type setup struct {
	domain     string
	config     string
	selfSigned bool
	expired    bool
	away       bool // nobody can connect to it
	quiet      bool // no log
	listen     bool // it is on the network: not in a bubble
	options    func(*Options)
}

// site2 is a server with a host and accounts.
type server struct {
	t      testing.TB
	net    *net0
	domain string
	*Server
	db   *store.DB
	cert *tls.Certificate
	stop func()
}

func (n *net0) server(o setup) *server {
	n.t.Helper()
	db, err := store.Open(context.Background(), n.t.TempDir(), store.Options{})
	if err != nil {
		n.t.Fatal(err)
	}
	c, err := conf.Parse("test", "domains = ['"+o.domain+"']\n"+o.config)
	if err != nil {
		n.t.Fatal(err)
	}
	v := &server{t: n.t, net: n, domain: o.domain, db: db}
	by := n.ca
	if o.selfSigned {
		by = nil
	}
	v.cert = n.cert(by, o.domain)
	if o.expired {
		tmpl := leafTemplate(o.domain)
		tmpl.NotBefore, tmpl.NotAfter = time.Unix(0, 0), time.Unix(1, 0)
		v.cert = newSigned(n.t, by, tmpl).pair()
	}
	log := slog.New(slog.NewTextHandler(n.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})).
		With("at", o.domain)
	if o.quiet {
		log = slog.New(slog.DiscardHandler)
	}
	options := Options{
		Log: log, Roots: n.ca.pool(), Resolver: n, Secret: []byte("secret of " + o.domain),
		Certificate: func(string) (*tls.Certificate, error) { return v.cert, nil },
	}
	if o.options != nil {
		o.options(&options)
	}
	v.Server = New(options)
	v.Router = router.New(router.Options{Store: db, Config: c, Log: log, Out: v.Server})
	v.Router.AddHost(o.domain, true, pings{})
	v.Router.AddHost("rooms."+o.domain, false, pings{})
	var listeners []Listener
	if o.listen {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			n.t.Fatal(err)
		}
		listeners = []Listener{{Listener: l}}
		n.set(o.domain, site{dial: func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }})
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		v.Serve(ctx, listeners...)
		v.Router.Run(ctx)
	}()
	for !v.run(func(context.Context) {}) {
		time.Sleep(time.Millisecond)
	}
	v.stop = sync.OnceFunc(func() { cancel(); <-ended; db.Close() })
	if !o.away && !o.listen {
		at := site{take: func(nc net.Conn) { v.ServeConn(nc, false) }}
		n.set(o.domain, at)
		n.set("rooms."+o.domain, at)
	}
	return v
}

// pings answers pings.
type pings struct{}

func (pings) Register(h *router.Host) {
	h.HandleIQ("get", nsPing, "ping", router.ToHost,
		func(_ context.Context, p *router.Packet) error { p.Result(""); return nil })
}

// user is a session that keeps what it is sent.
type user struct {
	t    testing.TB
	s    *router.Session
	mu   sync.Mutex
	text string
	more chan struct{}
}

// login makes an account with a session.
func (v *server) login(jid string) *user {
	v.t.Helper()
	j := stanza.MustJID(jid)
	a, err := v.account(jid)
	if err != nil {
		v.t.Fatal(err)
	}
	u := &user{t: v.t, more: make(chan struct{}, 1)}
	if u.s, err = a.Bind(context.Background(), j.Resource(), u); err != nil {
		v.t.Fatal(err)
	}
	return u
}

// account makes an account, if there is none yet.
func (v *server) account(jid string) (*router.Account, error) {
	v.t.Helper()
	j := stanza.MustJID(jid)
	if err := v.db.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.CreateAccount(j.Bare().String(), "x")
		return err
	}); err != nil && !errors.Is(err, store.ErrExists) {
		v.t.Fatal(err)
	}
	v.Router.Forget(j.Bare())
	return v.Router.Account(context.Background(), j.Bare())
}

func (u *user) Close(*stanza.StreamError) {}
func (u *user) Out() stanza.Out           { return stanza.Out{} }
func (u *user) Addr() string              { return "test" }
func (u *user) Wake() {
	go func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		if b, ok := u.s.Take(); ok {
			u.text += string(b.Bytes)
			u.s.Written(b, nil)
			select {
			case u.more <- struct{}{}:
			default:
			}
		}
	}()
}

func (u *user) send(xml string) { u.s.Handle(context.Background(), stanza.MustParse(xml)) }

// want waits for the text and returns what came before it.
func (u *user) want(text string) string {
	u.t.Helper()
	late := time.After(time.Minute)
	for {
		u.mu.Lock()
		before, after, ok := strings.Cut(u.text, text)
		if ok {
			u.text = after
		}
		u.mu.Unlock()
		if ok {
			return before
		}
		select {
		case <-u.more:
		case <-late:
			u.mu.Lock()
			defer u.mu.Unlock()
			u.t.Fatalf("%s never came, but %s", text, u.text)
		}
	}
}

// bubble runs a test with its own time and a network.
func bubble(t *testing.T, fn func(t *testing.T, n *net0)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t)
		fn(t, n)
	})
}
