package server

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"

	"parley/conf"
	"parley/router"
	"parley/s2s"
	"parley/s2s/resolve"
	"parley/store"
)

// route makes the router and what carries packets to other domains.
func (s *Server) route(ctx context.Context, c *conf.Config) error {
	o := router.Options{Store: s.store, Config: c, Log: s.log, Metrics: s.metrics}
	err := s.federate(ctx, c)
	if err != nil {
		return err
	}
	if s.servers != nil {
		o.Out = outbound{s}
	}
	s.router = router.New(o)
	if s.rows, err = s2s.NewUnconfirmed(ctx, s.router); err != nil {
		return err
	}
	if s.servers != nil {
		s.servers.Router, s.servers.Rows = s.router, s.rows
	}
	s.metrics.Watch("parley_s2s_unconfirmed", func() float64 { return float64(s.rows.Len()) })
	return nil
}

// outbound is the router's way to other servers.
type outbound struct{ s *Server }

// Send implements router.Outbound.
func (o outbound) Send(ctx context.Context, p *router.Packet) error {
	return o.s.rows.Send(ctx, o.s.servers, p)
}

// federate makes the side that talks to other servers, if the configuration
// wants it. Its router comes later: they need each other.
func (s *Server) federate(ctx context.Context, c *conf.Config) error {
	if !c.S2S.Enabled {
		return nil
	}
	secret, err := s.dialbackSecret(ctx)
	if err != nil {
		return err
	}
	roots, err := serverRoots(c.S2S.Roots)
	if err != nil {
		return err
	}
	o := s2s.Options{Log: s.log, Certificate: s.certificate, Roots: roots, Secret: secret,
		Resolver: s.options.Resolver, Started: func() { close(s.joined) }}
	if o.Resolver == nil {
		o.Resolver = resolve.New(resolve.Options{Server: c.DNS.Resolver})
	}
	s.servers = s2s.New(o)
	return nil
}

// dialbackSecret is what the keys of dialback are made of (XEP-0185 section 2,
// Recommended Algorithm): made once, as the keys must not change with a restart.
func (s *Server) dialbackSecret(ctx context.Context) ([]byte, error) {
	const name = "dialback"
	var text string
	err := s.store.Update(ctx, func(tx *store.Tx) (err error) {
		text, err = tx.Setting(name)
		if errors.Is(err, store.ErrNotFound) {
			b := make([]byte, 32)
			rand.Read(b) // never fails
			text = hex.EncodeToString(b)
			err = tx.SetSetting(name, text)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("dialback secret: %w", err)
	}
	return []byte(text), nil
}

// serverRoots are the authorities for servers' certificates: the system's, nil,
// or those with the ones of a file.
func serverRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the system's authorities: %w", err)
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read s2s.roots: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("s2s.roots: %s has no certificate in PEM format", file)
	}
	return pool, nil
}

// bindServers opens the listeners for other servers.
func (s *Server) bindServers(ctx context.Context, c *conf.Config) error {
	if s.servers == nil {
		return nil
	}
	for _, l := range serverListeners(c) {
		var lc net.ListenConfig // the system's keepalive probes find dead servers
		nl, err := lc.Listen(ctx, "tcp", l.addr)
		if err != nil {
			return fmt.Errorf("listen for servers: %w", err)
		}
		s.opened = append(s.opened, nl)
		s.far = append(s.far, s2s.Listener{Listener: nl, Direct: l.direct})
		s.where[nl.Addr().String()] = l.what
	}
	return nil
}

func serverListeners(c *conf.Config) []listener {
	var all []listener
	for _, a := range c.S2S.Listen {
		all = append(all, listener{a, "servers (STARTTLS)", false})
	}
	for _, a := range c.S2S.ListenTLS {
		all = append(all, listener{a, "servers (direct TLS)", true})
	}
	return all
}

// join begins to talk to other servers, first with what was left to be sent
// when the server was stopped. leave ends it: that is when the clients have
// left, so that their contacts hear of that.
func (s *Server) join(ctx context.Context, failed context.CancelCauseFunc) (leave func()) {
	if s.servers == nil {
		return func() {}
	}
	far, end := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.servers.Serve(far, s.far...); err != nil {
			failed(fmt.Errorf("servers: %w", err))
		}
	}()
	select {
	case <-s.joined:
		s.rows.Resume(far, s.servers)
	case <-ctx.Done():
	}
	return func() {
		s.rows.Stopping()
		end()
		<-done
		s.rows.Stop()
	}
}
