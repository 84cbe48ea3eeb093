package c2s

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"log/slog"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"parley/auth"
	"parley/conf"
	"parley/internal/memconn"
	"parley/metrics"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// world is a server with the domain a.lit, the service chat.a.lit, and the
// accounts romeo and juliet with the password "pencil".
type world struct {
	t      testing.TB
	server *Server
	router *router.Router
	db     *store.DB
	auth   *auth.Authenticator
	host   *router.Host

	metrics *metrics.Set

	startTLS, direct string // addresses; "" in memory
	stop             context.CancelFunc
	stopped          chan struct{}
}

// setup of a world.
type setup struct {
	config   string
	modules  []router.Module
	blocking bool
	memory   bool // no listeners
	store    store.Options
	options  func(*Options)
}

func newWorld(t testing.TB, s setup) *world {
	t.Helper()
	w := &world{t: t, stopped: make(chan struct{})}
	var err error
	if w.db, err = store.Open(context.Background(), t.TempDir(), s.store); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close() })
	cfg, err := conf.Parse("test", "domains = ['a.lit', 'b.lit']\n"+s.config)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	w.metrics = metrics.New()
	w.router = router.New(router.Options{Store: w.db, Config: cfg, Log: log, Metrics: w.metrics})
	w.host = w.router.AddHost("a.lit", true, s.modules...)
	w.router.AddHost("b.lit", true)
	w.router.AddHost("chat.a.lit", false)
	if w.auth, err = auth.NewAuthenticator(accounts{w.db}, make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"romeo", "juliet"} {
		w.account(name + "@a.lit")
	}
	o := Options{
		Router: w.router, Auth: w.auth, Log: log, Blocking: s.blocking,
		Certificate: testCert,
		Limiter:     auth.NewLimiter(auth.Limits{Base: time.Millisecond, Max: time.Millisecond}),
	}
	if s.options != nil {
		s.options(&o)
	}
	w.server = New(o)
	w.serve(s.memory)
	return w
}

// serve starts the server and stops it when the test ends.
func (w *world) serve(memory bool) {
	var ls []Listener
	if !memory {
		for _, direct := range []bool{false, true} {
			l, err := Listen(context.Background(), "127.0.0.1:0")
			if err != nil {
				w.t.Fatal(err)
			}
			ls = append(ls, Listener{l, direct})
		}
		w.startTLS, w.direct = ls[0].Addr().String(), ls[1].Addr().String()
	}
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	go func() {
		defer close(w.stopped)
		w.server.Serve(ctx, ls...)
		w.router.Run(ctx)
	}()
	for w.server.state() == nil {
		time.Sleep(time.Millisecond)
	}
	w.t.Cleanup(func() {
		stop()
		<-w.stopped
	})
}

func (s *Server) state() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stop
}

func (w *world) account(jid string) {
	w.t.Helper()
	err := w.db.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.CreateAccount(jid, testVerifier())
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// testVerifier is the one of "pencil" with a single iteration, to save time
// (RFC 5802 section 3, SCRAM Algorithm Overview; RFC 5803 for the text).
var testVerifier = sync.OnceValue(func() string {
	salted, err := pbkdf2.Key(sha256.New, "pencil", []byte("salt"), 1, sha256.Size)
	if err != nil {
		panic(err)
	}
	mac := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return "SCRAM-SHA-256$1:" + b64([]byte("salt")) + "$" + b64(stored[:]) + ":" + b64(mac("Server Key"))
})

// accounts is the store as package auth wants it.
type accounts struct{ db *store.DB }

func (a accounts) Verifiers(ctx context.Context, user, domain string) (auth.Verifiers, auth.State, error) {
	jid, err := stanza.NewJID(user, domain, "")
	if err != nil {
		return auth.Verifiers{}, auth.Unknown, nil
	}
	acc, err := a.db.Account(ctx, jid.String())
	if err != nil {
		return auth.Verifiers{}, auth.Unknown, nil
	}
	v, err := auth.DecodeVerifiers(acc.Verifier)
	if acc.Disabled {
		return v, auth.Disabled, err
	}
	return v, auth.Active, err
}

// testPair is one certificate for all tests.
var testPair = sync.OnceValue(func() *tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "a.lit"},
		DNSNames:     []string{"a.lit", "b.lit"},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Unix(1<<32, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

func testCert(string) (*tls.Certificate, error) { return testPair(), nil }

// dial connects to the STARTTLS listener, in memory where there is none.
func (w *world) dial() net.Conn {
	w.t.Helper()
	if w.startTLS == "" {
		ours, theirs := memconn.Pipe()
		if err := w.server.ServeConn(theirs, false); err != nil {
			w.t.Fatal(err)
		}
		return ours
	}
	nc, err := net.Dial("tcp", w.startTLS)
	if err != nil {
		w.t.Fatal(err)
	}
	return nc
}
