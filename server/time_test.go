package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"

	"parley/internal/memconn"
	"parley/internal/xmpptest"
)

// TestConversationsInTime plays the scripts about time, each against a server
// of its own that is whole but for its ports: server, store and clients live in
// a bubble in which hours pass as soon as nobody has anything to do.
func TestConversationsInTime(t *testing.T) {
	for i, s := range scripts(t) {
		if !s.Needs["time"] {
			continue
		}
		t.Run(name(s), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { playInTime(t, s, fmt.Sprintf("u%d-", i)) })
		})
	}
}

func playInTime(t *testing.T, s *xmpptest.Script, prefix string) {
	l := &bubble{live{t: t, config: testConfig(t), opts: Options{
		Blocking: true, Unbound: true, Log: slog.New(slog.DiscardHandler)}}}
	if change := wants(t, s, prefix); change != nil {
		change(l.config)
	}
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	defer func() { l.stop() }()
	if err := xmpptest.Run(t.Context(), l, s, prefix); err != nil {
		t.Error(err)
	}
}

// bubble is a server without ports.
type bubble struct{ live }

// Dial implements xmpptest.Server.
func (b *bubble) Dial(_ context.Context, direct bool) (net.Conn, error) {
	synctest.Wait() // until the server serves
	client, server := memconn.Pipe()
	return client, b.server.ServeConn(server, direct)
}
