// Package server puts the parts together: the store, the router with the
// modules of each domain (modules.go), the listeners, the certificates, the
// control socket and the metrics. New opens and binds all that can fail, Run
// serves until its context ends.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"parley/auth"
	"parley/c2s"
	"parley/component"
	"parley/conf"
	"parley/internal/certs"
	"parley/internal/control"
	"parley/metrics"
	"parley/muc"
	"parley/pubsub"
	"parley/roster"
	"parley/router"
	"parley/s2s"
	"parley/store"
	"parley/upload"
	"parley/xep"
)

// Options of New beyond the configuration.
type Options struct {
	Log *slog.Logger

	// ConfigPath is the file that reload reads again; "" for none.
	ConfigPath string

	// Store has what tests hook into.
	Store store.Options

	// Blocking makes connections wait in Read instead of being parked.
	Blocking bool

	// Resolver finds other servers; nil: DNS does, as the configuration says.
	Resolver s2s.Resolver

	// Unbound opens no port and no socket: connections come by ServeConn.
	Unbound bool
}

// Server is one running Parley.
type Server struct {
	log     *slog.Logger
	options Options
	started time.Time

	store   *store.DB
	metrics *metrics.Set
	router  *router.Router
	roster  *roster.Roster
	pubsub  *pubsub.Service
	sign    *xep.Register
	certs   *certs.Store
	clients *c2s.Server
	others  *component.Server
	servers *s2s.Server // nil where there is nothing to do with others
	rows    *s2s.Unconfirmed
	files   *upload.Files // nil where there is no service for them
	rooms   []*muc.Service
	parts   []part // what Run runs beside the clients
	listen  []c2s.Listener
	far     []s2s.Listener
	joined  chan struct{}     // closed when other servers can be sent to
	opened  []io.Closer       // what parts close when they have run
	where   map[string]string // address → what is served there

	reloading sync.Mutex
	asked     chan struct{} // closed when an administrator shuts the server down
	ask       sync.Once
}

// part is something that runs until its context ends.
type part struct {
	name string
	run  func(ctx context.Context) error
}

// New opens the data folder and everything that can fail. The server holds the
// data folder until Run has returned, or Close where Run was never called.
func New(ctx context.Context, c *conf.Config, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Server{log: o.Log, options: o, started: time.Now(), metrics: metrics.New(),
		where: map[string]string{}, asked: make(chan struct{}), joined: make(chan struct{})}
	if err := s.open(ctx, c); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open(ctx context.Context, c *conf.Config) error {
	so := s.options.Store
	if so.Committed == nil {
		so.Committed = func(k store.Commit) { s.metrics.Commit(k.Batch, k.Seconds, k.Err) }
	}
	so.Search = c.Messages.Archive && c.Messages.Search
	var err error
	if s.store, err = store.Open(ctx, c.Data, so); err != nil {
		return fmt.Errorf("open data folder %s: %w", c.Data, err)
	}
	if s.certs, err = certs.Open(c, s.log); err != nil {
		return err
	}
	if err := s.route(ctx, c); err != nil {
		return err
	}
	if err := s.openFiles(ctx, c); err != nil {
		return err
	}
	s.roster = roster.New(s.router)
	s.pubsub = pubsub.New(s.router, s.roster)
	s.sign = xep.NewRegister(s.router, passwords{s.router.Config})
	for _, domain := range c.Domains {
		s.router.AddHost(domain, true, s.modules()...)
	}
	if err := s.pubsub.Convert(ctx); err != nil {
		return fmt.Errorf("convert bookmarks: %w", err)
	}
	s.addServices(c)
	s.others = component.New(component.Options{Router: s.router, Log: s.log})
	if err := s.router.RemoveGuests(ctx); err != nil {
		return fmt.Errorf("remove guests: %w", err)
	}
	if err := s.router.Unpark(ctx); err != nil {
		return fmt.Errorf("sessions of the last run: %w", err)
	}
	authenticator, err := s.authenticator(ctx)
	if err != nil {
		return err
	}
	s.clients = c2s.New(s.clientOptions(authenticator))
	if s.options.Unbound {
		return nil
	}
	return s.bind(ctx, c)
}

// bind opens the ports and the control socket.
func (s *Server) bind(ctx context.Context, c *conf.Config) error {
	for _, l := range listeners(c) {
		nl, err := c2s.Listen(ctx, l.addr)
		if err != nil {
			return fmt.Errorf("listen for clients: %w", err)
		}
		s.listen = append(s.listen, c2s.Listener{Listener: nl, Direct: l.direct})
		s.where[nl.Addr().String()] = l.what
	}
	if err := errors.Join(s.bindServers(ctx, c), s.bindComponents(ctx, c)); err != nil {
		return err
	}
	if err := s.bindHTTP(ctx, c); err != nil {
		return err
	}
	ctl, err := control.Listen(c.Data, s.handlers(), s.log)
	if err != nil {
		return err
	}
	s.opened = append(s.opened, ctl)
	s.parts = append(s.parts, part{"control", ctl.Run},
		part{"certificates", func(ctx context.Context) error { s.certs.Watch(ctx, certEvery); return nil }})
	return nil
}

// bindComponents opens the listeners for external components (XEP-0114).
func (s *Server) bindComponents(ctx context.Context, c *conf.Config) error {
	listeners, err := component.Listen(ctx, c)
	if err != nil {
		return fmt.Errorf("listen for components: %w", err)
	}
	for _, l := range listeners {
		s.opened = append(s.opened, l)
		s.where[l.Addr().String()] = "components"
	}
	s.parts = append(s.parts, part{"components", func(ctx context.Context) error {
		return s.others.Serve(ctx, listeners...)
	}})
	return nil
}

// certEvery is how often certificate files are looked at.
const certEvery = time.Minute

type listener struct {
	addr, what string
	direct     bool
}

func listeners(c *conf.Config) []listener {
	var all []listener
	for _, a := range c.C2S.Listen {
		all = append(all, listener{a, "clients (STARTTLS)", false})
	}
	for _, a := range c.C2S.ListenTLS {
		all = append(all, listener{a, "clients (direct TLS)", true})
	}
	return all
}

// Run serves until ctx ends: then streams are closed with system-shutdown
// (RFC 6120 section 4.9.3.20), queues are written or kept, and the store is
// closed. A part that fails ends the whole server with its error.
func (s *Server) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	serving := s.serving(ctx)
	rest, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.router.Run(rest); err != nil {
			cancel(fmt.Errorf("router: %w", err))
		}
	})
	for _, p := range s.parts {
		wg.Go(func() {
			if err := p.run(serving); err != nil {
				cancel(fmt.Errorf("%s: %w", p.name, err))
			}
		})
	}
	wg.Go(func() {
		select {
		case <-s.asked:
			cancel(nil)
		case <-ctx.Done():
		}
	})
	leave := s.join(serving, cancel)
	err := s.clients.Serve(serving, s.listen...)
	leave()
	// Sessions that can be resumed go on after the next start.
	err = errors.Join(err, s.router.Park(rest))
	stop() // the modules' goroutines live as long as the last stream
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = errors.Join(err, cause)
	}
	return errors.Join(err, s.store.Close())
}

// Close gives up what New opened, for a server that was never run.
func (s *Server) Close() error {
	var errs []error
	for _, l := range s.listen {
		errs = append(errs, l.Close())
	}
	for _, o := range s.opened {
		errs = append(errs, o.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}

// shutdown ends Run, as the end of its context would.
func (s *Server) shutdown() { s.ask.Do(func() { close(s.asked) }) }

// ServeConn takes over a connection of a client that was made elsewhere.
func (s *Server) ServeConn(nc net.Conn, direct bool) error { return s.clients.ServeConn(nc, direct) }

// Router is the server's router, for tests and tools.
func (s *Server) Router() *router.Router { return s.router }

// Store is the server's store, for tests and tools.
func (s *Server) Store() *store.DB { return s.store }

func (s *Server) clientOptions(a *auth.Authenticator) c2s.Options {
	return c2s.Options{
		Router:      s.router,
		Auth:        a,
		Log:         s.log,
		Certificate: s.certificate,
		Register:    s.sign,
		Tokens:      tokens{s.router},
		Blocking:    s.options.Blocking,
	}
}
