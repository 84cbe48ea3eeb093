package component

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"parley/conf"
	"parley/router"
	"parley/stanza"
	"parley/stream"
)

// Options of New.
type Options struct {
	Router *router.Router
	Log    *slog.Logger // nil: the default one

	// Farewell bounds the flushing of queues when the server stops; 0: 5 s.
	Farewell time.Duration
}

// Server serves the components of the configuration.
type Server struct {
	Options
	slots map[string]*slot // by domain

	mu      sync.Mutex
	stop    context.Context // of Serve; nil while not serving
	serving sync.WaitGroup  // connections
}

// slot is the place of one configured component.
type slot struct {
	conf.Component
	mu   sync.Mutex
	link *link // nil while it is not connected
}

// New adds a host for each component of the configuration: what goes to its
// domain is refused as long as it is not connected.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Farewell == 0 {
		o.Farewell = 5 * time.Second
	}
	s := &Server{Options: o, slots: map[string]*slot{}}
	for _, c := range o.Router.Config().Component {
		at := &slot{Component: c}
		s.slots[c.Domain] = at
		o.Router.AddHost(c.Domain, false).Forward = at.forward
	}
	return s
}

// Listener is where components connect. Listen is its address as the
// configuration spells it: only the components that name it are served there.
type Listener struct {
	net.Listener
	Listen string
}

// Listen opens a listener for each address of the configuration.
func Listen(ctx context.Context, c *conf.Config) ([]Listener, error) {
	var ls []Listener
	seen := map[string]bool{}
	for _, component := range c.Component {
		if seen[component.Listen] {
			continue
		}
		seen[component.Listen] = true
		// The system's keepalive probes find dead components.
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", component.Listen)
		if err != nil {
			for _, l := range ls {
				l.Close()
			}
			return nil, err
		}
		ls = append(ls, Listener{l, component.Listen})
	}
	return ls, nil
}

// Serve accepts components until ctx ends. Then their streams are closed with
// system-shutdown, and Serve returns. It closes the listeners.
func (s *Server) Serve(ctx context.Context, listeners ...Listener) error {
	s.mu.Lock()
	s.stop = ctx
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, l := range listeners {
		wg.Go(func() {
			stream.AcceptAll(ctx, l, s.Log, func(nc net.Conn) {
				// An error means that we stop; the connection is closed then.
				_ = s.ServeConn(nc, l.Listen)
			})
		})
	}
	<-ctx.Done()
	for _, l := range listeners {
		l.Close()
	}
	wg.Wait()
	s.serving.Wait()
	return nil
}

// ErrNotServing is what ServeConn returns before and after Serve.
var ErrNotServing = errors.New("component: not serving")

// ServeConn takes over a connection that came to a listener, and returns.
func (s *Server) ServeConn(nc net.Conn, listen string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop == nil || s.stop.Err() != nil {
		nc.Close()
		return ErrNotServing
	}
	l := s.newLink(nc, listen)
	ctx := s.stop
	s.serving.Go(func() { l.serve(ctx) })
	return nil
}

// forward is the router's way to the component.
func (at *slot) forward(_ context.Context, p *router.Packet) error {
	at.mu.Lock()
	l := at.link
	at.mu.Unlock()
	if l == nil {
		// RFC 6120 section 8.3.3.19, service-unavailable
		return stanza.ServiceUnavailable.WithText("the component is not connected")
	}
	return l.send(p)
}

// connect makes a link the slot's. One that is there already gives way (RFC 6120
// section 4.9.3.3, conflict): most likely its connection broke and nobody has
// noticed.
func (at *slot) connect(l *link) {
	at.mu.Lock()
	old := at.link
	at.link = l
	at.mu.Unlock()
	if old != nil {
		old.close(stanza.StreamConflict)
	}
}

func (at *slot) disconnect(l *link) {
	at.mu.Lock()
	if at.link == l {
		at.link = nil
	}
	at.mu.Unlock()
}
