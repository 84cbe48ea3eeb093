package server

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

// A part that fails ends the whole server with its error, one that is finished
// does not.
func TestPartFails(t *testing.T) {
	s, err := New(t.Context(), testConfig(t), Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	broken, finished := errors.New("broken"), make(chan struct{})
	s.parts = append(s.parts,
		part{"short", func(context.Context) error { close(finished); return nil }},
		part{"clock", func(context.Context) error { <-finished; return broken }})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Run(ctx); !errors.Is(err, broken) || ctx.Err() != nil {
		t.Errorf("run: %v, context: %v", err, ctx.Err())
	}
}
