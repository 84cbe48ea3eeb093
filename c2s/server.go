package c2s

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"parley/auth"
	"parley/conf"
	"parley/router"
	"parley/stanza"
	"parley/stream"
)

// Options of New. Router, Auth and Certificate must be set. The configuration is
// the router's.
type Options struct {
	Router  *router.Router
	Auth    *auth.Authenticator
	Limiter *auth.Limiter // slows down guessing; nil: a new one
	Log     *slog.Logger  // nil: the default one

	// Certificate gives the certificate of a domain, also of one that is not
	// ours ("" too), for which any will do.
	Certificate func(domain string) (*tls.Certificate, error)

	// Register, if set, answers iq stanzas that come before authentication
	// (XEP-0077) and announces that it does.
	Register Register

	// Tokens, if set, are given to clients for their next logins.
	Tokens Tokens

	// Blocking connections wait in Read instead of being parked.
	Blocking bool

	// Farewell bounds the flushing of queues when the server stops; 0: 10 s.
	Farewell time.Duration
}

// Register is in-band registration before authentication.
type Register interface {
	// Feature is XML for the stream features of a domain, "" for none.
	Feature(domain string) string
	// Handle answers an iq; nil means that it is not for it. secure says that
	// nobody on the way can read it.
	Handle(ctx context.Context, domain string, addr netip.Addr, secure bool,
		iq *stanza.Stanza) *stanza.Stanza
}

// Server serves clients.
type Server struct {
	Options
	// TLS configurations by whether a client certificate is asked for.
	startTLS, direct map[bool]*tls.Config

	mu      sync.Mutex
	stop    context.Context // ends when the streams are to be closed; nil while not serving
	work    context.Context // ends when they have had their time
	clients []*client       // each knows its index
	crowd   stream.Crowd
	gone    chan struct{} // made at shutdown, closed when clients is empty
}

// New makes a server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Limiter == nil {
		o.Limiter = auth.NewLimiter(auth.Limits{})
	}
	if o.Farewell == 0 {
		o.Farewell = 10 * time.Second
	}
	s := &Server{
		Options:  o,
		startTLS: map[bool]*tls.Config{},
		direct:   map[bool]*tls.Config{},
	}
	for _, ask := range []bool{false, true} {
		t := stream.TLSOptions{Certificate: o.Certificate, AskCert: ask}
		s.startTLS[ask] = stream.ServerTLS(t)
		t.Protocol = "xmpp-client" // (XEP-0368 section 3, Requirements)
		s.direct[ask] = stream.ServerTLS(t)
	}
	return s
}

// Listener is where clients connect.
type Listener struct {
	net.Listener
	Direct bool // TLS from the start (XEP-0368)
}

// ErrNotServing is what ServeConn returns before and after Serve.
var ErrNotServing = errors.New("c2s: not serving")

// Serve accepts clients, also by ServeConn, until ctx ends. Then every stream
// is closed with system-shutdown when its queue has been written (RFC 6120
// section 4.9.3.20, system-shutdown), within Options.Farewell, and Serve
// returns. It closes the listeners.
func (s *Server) Serve(ctx context.Context, listeners ...Listener) error {
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	s.mu.Lock()
	s.stop, s.work = ctx, work
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, l := range listeners {
		wg.Go(func() {
			stream.AcceptAll(ctx, l, s.Log, func(nc net.Conn) {
				// An error means that we stop; the connection is closed then.
				_ = s.ServeConn(nc, l.Direct)
			})
		})
	}
	sweeper, stop := context.WithCancel(context.WithoutCancel(ctx))
	swept := make(chan struct{})
	go func() { s.sweep(sweeper); close(swept) }()
	<-ctx.Done()
	for _, l := range listeners {
		l.Close()
	}
	wg.Wait()
	s.shutdown(cut)
	stop()
	<-swept
	return nil
}

// ServeConn takes over a connection that was made elsewhere and returns.
func (s *Server) ServeConn(nc net.Conn, direct bool) error {
	addr := stream.PeerIP(nc)
	s.mu.Lock()
	if s.stop == nil || s.stop.Err() != nil {
		s.mu.Unlock()
		nc.Close()
		return ErrNotServing
	}
	if !s.crowd.Enter(addr, s.config().C2S.PerAddress) {
		s.mu.Unlock()
		s.turnAway(nc, direct)
		return nil
	}
	c := s.newClient(nc, addr)
	c.index = len(s.clients)
	s.clients = append(s.clients, c)
	stop := s.stop
	s.mu.Unlock()
	s.Router.Metrics.ConnectionOpened()
	go c.login(stop, direct)
	return nil
}

// shutdown ends all streams and waits until they have ended. Nobody comes any
// more, so a copy of the list has them all.
func (s *Server) shutdown(cut context.CancelFunc) {
	s.mu.Lock()
	left := slices.Clone(s.clients)
	gone := make(chan struct{})
	s.gone = gone
	if len(left) == 0 {
		close(gone)
	}
	s.mu.Unlock()
	for _, c := range left {
		c.Close(stanza.StreamSystemShutdown)
	}
	late := time.AfterFunc(s.Farewell, func() {
		cut()
		for _, c := range left {
			c.conn.Close()
		}
	})
	defer late.Stop()
	<-gone
}

// each calls fn for every connection, a few at a time between unlocks. One that
// comes or goes meanwhile may be left out.
func (s *Server) each(fn func(*client)) {
	const atOnce = 256
	for at := 0; ; {
		s.mu.Lock()
		for range atOnce {
			if at >= len(s.clients) {
				s.mu.Unlock()
				return
			}
			fn(s.clients[at])
			at++
		}
		s.mu.Unlock()
	}
}

// remove forgets a client whose connection is closed.
func (s *Server) remove(c *client) {
	s.mu.Lock()
	last := s.clients[len(s.clients)-1]
	s.clients[c.index], last.index = last, c.index
	s.clients[len(s.clients)-1] = nil
	s.clients = s.clients[:len(s.clients)-1]
	s.crowd.Leave(c.addr)
	if len(s.clients) == 0 && s.gone != nil {
		close(s.gone)
	}
	s.mu.Unlock()
	s.Router.Metrics.ConnectionClosed()
}

// config is the configuration in force.
func (s *Server) config() *conf.Config { return s.Router.Config() }

// Len is the number of connections.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.clients)
}
