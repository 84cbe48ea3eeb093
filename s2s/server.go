package s2s

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"parley/conf"
	"parley/router"
	"parley/s2s/resolve"
	"parley/stream"
)

// Resolver finds servers; package resolve has one.
type Resolver interface {
	// Lookup gives the places where a domain's server may be, best first.
	Lookup(ctx context.Context, domain string) ([]resolve.Target, error)
	// Dial connects to one of them.
	Dial(ctx context.Context, t resolve.Target) (net.Conn, error)
}

// Options of New. All but those that say otherwise must be set.
type Options struct {
	// Router gets what other servers send. It is the one whose Outbound the
	// server is, so it may be set after New and before Serve.
	Router *router.Router
	Log    *slog.Logger // nil: the default one

	// Certificate gives the certificate of one of our domains.
	Certificate func(domain string) (*tls.Certificate, error)
	Roots       *x509.CertPool // authorities for peers' certificates; nil: the system's
	Resolver    Resolver
	Secret      []byte        // dialback keys are made of it; nobody else may know it
	Farewell    time.Duration // bounds the flushing of queues at the end; 0: 5 s
	Rows        Rows          // nil: what is unconfirmed is not kept
	Started     func()        // called when Serve takes what is sent; nil: nobody asks
}

// Rows are told what became of messages and iqs to other domains.
type Rows interface {
	Confirmed(list []*router.Packet) // the peer has taken responsibility for them
	Returned(list []*router.Packet)  // their senders got an error
	Written(list []*router.Packet)   // the peer may have seen them
}

// Server talks to other servers.
type Server struct {
	Options
	startTLS, direct *tls.Config

	mu      sync.Mutex
	stop    context.Context // ends when nothing new is begun; nil while not serving
	live    context.Context // ends when the streams are to be closed
	work    context.Context // ends when they have had their time
	serving sync.WaitGroup  // goroutines of links and routes
	links   map[*link]struct{}
	routes  map[pair]*route
	dialing chan struct{} // holds one for each connection that is being made
	crowd   stream.Crowd
	failed  map[string]failure // the last failure of each domain, by domain
}

var _ router.Outbound = (*Server)(nil)

// New makes a server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Farewell == 0 {
		o.Farewell = 5 * time.Second
	}
	t := stream.TLSOptions{Certificate: o.Certificate, AskCert: true}
	s := &Server{
		Options:  o,
		startTLS: stream.ServerTLS(t),
		links:    map[*link]struct{}{},
		routes:   map[pair]*route{},
		dialing:  make(chan struct{}, mostDials),
		failed:   map[string]failure{},
	}
	t.Protocol = protocol
	s.direct = stream.ServerTLS(t)
	return s
}

// mostDials is how many connections are made at a time.
const mostDials = 500

// protocol is the ALPN protocol of servers (XEP-0368 section 3, Requirements).
const protocol = "xmpp-server"

// ErrNotServing is what ServeConn returns before and after Serve.
var ErrNotServing = errors.New("s2s: not serving")

// Serve accepts servers, also by ServeConn, and connects to others, until ctx
// ends. Then every stream is closed with system-shutdown when its queue has
// been written (RFC 6120 section 4.9.3.20, system-shutdown), within
// Options.Farewell, and Serve returns. It closes the listeners.
func (s *Server) Serve(ctx context.Context, listeners ...Listener) error {
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	live, end := context.WithCancel(work)
	defer end()
	s.mu.Lock()
	s.stop, s.live, s.work = ctx, live, work
	s.mu.Unlock()
	if s.Started != nil {
		s.Started()
	}
	var wg sync.WaitGroup
	for _, l := range listeners {
		wg.Go(func() {
			stream.AcceptAll(ctx, l, s.Log, func(nc net.Conn) {
				// An error means that we stop; the connection is closed then.
				_ = s.ServeConn(nc, l.Direct)
			})
		})
	}
	wg.Go(func() { s.sweep(ctx) })
	<-ctx.Done()
	for _, l := range listeners {
		l.Close()
	}
	wg.Wait()
	late := time.AfterFunc(s.Farewell, func() {
		cut()
		for _, l := range s.list() {
			l.conn.Close()
		}
	})
	defer late.Stop()
	s.drain()
	end()
	s.serving.Wait()
	return nil
}

// drainFor is how long peers have at the end to confirm what was sent.
const drainFor = 2 * time.Second

// drain asks for confirmation of what was sent, and waits for it while all
// streams go on: an answer may come on another one. What is not confirmed then
// is lost for its senders.
func (s *Server) drain() {
	const step = 10 * time.Millisecond
	list := s.list()
	for _, l := range list {
		l.askNow()
	}
	waits := func(l *link) bool { return l.waits() }
	for end := time.Now().Add(drainFor); time.Now().Before(end); time.Sleep(step) {
		if !slices.ContainsFunc(list, waits) {
			return
		}
	}
}

// run runs fn, which Serve waits for, unless the server stops. fn's context
// ends when the streams are to be closed.
func (s *Server) run(fn func(ctx context.Context)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop == nil || s.stop.Err() != nil {
		return false
	}
	ctx := s.live
	s.serving.Go(func() { fn(ctx) })
	return true
}

// list is a snapshot of the links.
func (s *Server) list() []*link {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*link, 0, len(s.links))
	for l := range s.links {
		list = append(list, l)
	}
	return list
}

// config is the configuration in force.
func (s *Server) config() *conf.Config { return s.Router.Config() }
