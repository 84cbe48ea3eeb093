package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"parley/conf"
)

// bindHTTP opens the listeners for uploaded files and metrics.
func (s *Server) bindHTTP(ctx context.Context, c *conf.Config) error {
	public := s.public()
	if c.HTTP.Listen != "" {
		mux := http.NewServeMux()
		mux.Handle("/", public)
		mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			s.metrics.Write(w)
		})
		if err := s.listenHTTP(ctx, c.HTTP.Listen, "metrics (HTTP)", mux, nil); err != nil {
			return err
		}
	}
	for _, addr := range c.HTTP.ListenTLS {
		config := &tls.Config{GetCertificate: s.certs.GetCertificate, MinVersion: tls.VersionTLS12,
			NextProtos: []string{"http/1.1"}}
		if err := s.listenHTTP(ctx, addr, "HTTPS", public, config); err != nil {
			return err
		}
	}
	return nil
}

// public is what everybody may ask for.
func (s *Server) public() http.Handler {
	mux := http.NewServeMux()
	if s.files != nil {
		mux.Handle("/upload/", s.files)
	}
	return mux
}

// listenHTTP opens one listener, with TLS if config is not nil.
func (s *Server) listenHTTP(ctx context.Context, addr, what string, handler http.Handler, config *tls.Config) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for %s: %w", what, err)
	}
	s.opened = append(s.opened, l)
	s.where[l.Addr().String()] = what
	if config != nil {
		l = tls.NewListener(l, config)
	}
	// A file may take long; who sends or reads nothing at all is cut off by
	// TCP's own keepalive, and the header has its time.
	h := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0)} // what strangers do wrong is their affair
	s.parts = append(s.parts, part{what, func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { _ = h.Close() }) // a client asks again
		defer stop()
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}})
	return nil
}

// fileURL is the address under which clients reach uploaded files of a domain;
// "" if no listener is open to them.
func fileURL(c *conf.Config, domain string) string {
	if c.HTTP.URL != "" {
		return strings.TrimSuffix(c.HTTP.URL, "/")
	}
	if len(c.HTTP.ListenTLS) == 0 {
		return ""
	}
	_, port, err := net.SplitHostPort(c.HTTP.ListenTLS[0])
	if err != nil || port == "443" {
		return "https://upload." + domain
	}
	return "https://upload." + domain + ":" + port
}
