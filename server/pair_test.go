package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/conf"
	"parley/internal/xmpptest"
	"parley/s2s/resolve"
)

// pair is two servers that federate: alice is on the first, everybody else on
// the second.
type pair struct {
	first, second *live
	net           *places
}

// startPair starts two servers whose certificates an authority of the test's
// own has signed.
func startPair(t *testing.T, changes ...func(*conf.Config)) *pair {
	t.Helper()
	ca := newAuthority(t)
	places := &places{}
	start := func(domain string) *live {
		c := testConfig(t)
		c.Domains = []string{domain}
		c.S2S.Enabled = true
		c.S2S.Listen, c.S2S.ListenTLS = []string{"127.0.0.1:0"}, nil
		c.S2S.Roots = ca.file
		c.TLS.Cert, c.TLS.Key = ca.sign(domain)
		for _, change := range changes {
			change(c)
		}
		l := &live{t: t, config: c, opts: Options{Resolver: places, Log: slog.New(slog.DiscardHandler)}}
		if err := l.start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.stop() })
		places.set(domain, l)
		places.set("conference."+domain, l)
		places.set("pubsub."+domain, l)
		return l
	}
	return &pair{start("one.example"), start("two.example"), places}
}

// places is where the servers of domains are. It implements s2s.Resolver.
type places struct {
	mu    sync.Mutex
	at    map[string]*live
	conns []net.Conn
	down  bool
	hang  bool // nobody is found, and nobody says so
}

// hangs sets whether a search for a server ends.
func (p *places) hangs(hang bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hang = hang
}

// cut breaks all connections; none can be made any more.
func (p *places) cut() {
	p.mu.Lock()
	p.down = true
	p.mu.Unlock()
	p.breaks()
}

// breaks breaks all connections.
func (p *places) breaks() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close() // it is to break
	}
}

func (p *places) set(domain string, l *live) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil {
		p.at = map[string]*live{}
	}
	p.at[domain] = l
}

// Lookup implements s2s.Resolver.
func (p *places) Lookup(ctx context.Context, domain string) ([]resolve.Target, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hang {
		p.mu.Unlock()
		<-ctx.Done()
		p.mu.Lock()
		return nil, ctx.Err()
	}
	if p.at[domain] == nil {
		return nil, resolve.ErrNotFound
	}
	return []resolve.Target{{Host: domain}}, nil
}

// Dial implements s2s.Resolver.
func (p *places) Dial(ctx context.Context, t resolve.Target) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return nil, errors.New("the network is down")
	}
	l := p.at[t.Host]
	l.mu.Lock()
	addr := l.server.far[0].Addr().String()
	l.mu.Unlock()
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err == nil {
		p.conns = append(p.conns, nc)
	}
	return nc, err
}

// authority signs certificates.
type authority struct {
	t    *testing.T
	dir  string
	file string // its own certificate
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.cert = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.file, _, a.key = a.make("ca", a.cert, nil)
	return a
}

// sign makes the files of a certificate that is for servers only, as those of
// public authorities are.
func (a *authority) sign(domain string) (cert, key string) {
	a.t.Helper()
	cert, key, _ = a.make(domain, &x509.Certificate{SerialNumber: big.NewInt(2),
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{domain, "*." + domain}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, a.key)
	return cert, key
}

// make writes a certificate and its key; by is nil for the authority's own.
func (a *authority) make(name string, c *x509.Certificate, by *ecdsa.PrivateKey) (
	cert, key string, k *ecdsa.PrivateKey) {
	a.t.Helper()
	k = must[*ecdsa.PrivateKey](a.t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	if by == nil {
		by = k
	}
	der := must[[]byte](a.t)(x509.CreateCertificate(rand.Reader, c, a.cert, &k.PublicKey, by))
	pkcs8 := must[[]byte](a.t)(x509.MarshalPKCS8PrivateKey(k))
	cert, key = filepath.Join(a.dir, name+".crt"), filepath.Join(a.dir, name+".key")
	err := errors.Join(
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key, k
}

// At implements xmpptest.Parted.
func (p *pair) At(user string) xmpptest.Server {
	if user == "alice" {
		return p.first
	}
	return p.second
}

// Domains implements xmpptest.Parted.
func (p *pair) Domains() []string {
	return []string{p.first.Domain(), p.second.Domain(), "conference." + p.first.Domain(),
		"pubsub." + p.first.Domain()}
}

// Domain implements xmpptest.Server.
func (p *pair) Domain() string { return p.first.Domain() }

// Dial implements xmpptest.Server.
func (p *pair) Dial(ctx context.Context, direct bool) (net.Conn, error) {
	return p.first.Dial(ctx, direct)
}

// Register implements xmpptest.Server.
func (p *pair) Register(ctx context.Context, user, password string) error {
	return p.first.Register(ctx, user, password)
}

// Forget implements xmpptest.Forgetter.
func (p *pair) Forget(ctx context.Context, jid string) error {
	if strings.Contains(jid, "@"+p.first.Domain()+"/") {
		return p.first.Forget(ctx, jid)
	}
	return p.second.Forget(ctx, jid)
}

var (
	_ xmpptest.Parted    = (*pair)(nil)
	_ xmpptest.Forgetter = (*pair)(nil)
	_ xmpptest.Dialect   = (*pair)(nil)
)

// absence says whether a stanza is the answer to a probe that nobody of a
// contact is there (RFC 6121 section 4.3.2, Server Processing of Inbound
// Presence Probe, step 3). On one server nobody is probed, so that the scripts
// do not have it.
func absence(e *xmpptest.Element) bool {
	return e.Name == "presence" && e.Attrs["type"] == "unavailable" &&
		!strings.Contains(e.Attrs["from"], "/")
}

// Early implements xmpptest.Dialect.
func (p *pair) Early(e *xmpptest.Element) bool { return absence(e) }

// Passes implements xmpptest.Dialect.
func (p *pair) Passes(e *xmpptest.Element) bool { return absence(e) }

// Adds implements xmpptest.Dialect: nothing.
func (p *pair) Adds(*xmpptest.Element) bool { return false }

// Lacks implements xmpptest.Dialect: nothing.
func (p *pair) Lacks(*xmpptest.Element) bool { return false }

// Agrees implements xmpptest.Dialect: never.
func (p *pair) Agrees(*xmpptest.Element, string, string) bool { return false }
