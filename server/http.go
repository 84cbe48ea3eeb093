package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"parley/conf"
)

// bindHTTP opens the listener for metrics, if the configuration wants one.
func (s *Server) bindHTTP(ctx context.Context, c *conf.Config) error {
	if c.HTTP.Listen == "" {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", c.HTTP.Listen)
	if err != nil {
		return fmt.Errorf("listen for metrics: %w", err)
	}
	s.opened = append(s.opened, l)
	s.where[l.Addr().String()] = "metrics (HTTP)"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.metrics.Write(w)
	})
	h := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	s.parts = append(s.parts, part{"metrics", func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { _ = h.Close() }) // metrics are not worth waiting for
		defer stop()
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}})
	return nil
}
