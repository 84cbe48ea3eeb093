package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/auth"
	"parley/conf"
	"parley/internal/xmpptest"
	"parley/stanza"
	"parley/store"
)

// TestConversations plays every script in testdata against a whole server over
// loopback TCP and TLS, once for each way that a connection can wait.
func TestConversations(t *testing.T) {
	for _, way := range []struct {
		name     string
		blocking bool
	}{{"parked", false}, {"blocking", true}} {
		t.Run(way.name, func(t *testing.T) {
			srv := startLive(t, way.blocking)
			for i, s := range scripts(t) {
				if s.Needs["time"] {
					continue // played in TestConversationsInTime
				}
				t.Run(name(s), func(t *testing.T) {
					t.Parallel()
					srv := srv
					if s.Needs["restart"] || s.Needs["register"] {
						srv = startLive(t, way.blocking, func(c *conf.Config) {
							c.Register.Enabled = s.Needs["register"]
						})
					}
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
					defer cancel()
					if err := xmpptest.Run(ctx, srv, s, fmt.Sprintf("u%d-", i)); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// scripts are all conversations of testdata.
func scripts(t *testing.T) []*xmpptest.Script {
	t.Helper()
	var list []*xmpptest.Script
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".txt" {
			return err
		}
		s, err := xmpptest.ParseFile(path)
		list = append(list, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatal("no scripts in testdata")
	}
	return list
}

func name(s *xmpptest.Script) string {
	return strings.TrimSuffix(strings.TrimPrefix(s.Path, "testdata/"), ".txt")
}

// live is a whole server that scripts talk to over loopback.
type live struct {
	t      *testing.T
	config *conf.Config
	opts   Options

	mu     sync.Mutex
	server *Server
	stop   func()
}

func startLive(t *testing.T, blocking bool, changes ...func(*conf.Config)) *live {
	t.Helper()
	l := &live{t: t, config: testConfig(t), opts: Options{Blocking: blocking, Log: slog.New(slog.DiscardHandler)}}
	for _, change := range changes {
		change(l.config)
	}
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.stop() })
	return l
}

// testConfig serves localhost from a folder that goes with the test.
func testConfig(t *testing.T) *conf.Config {
	t.Helper()
	c := conf.Default()
	c.Domains = []string{"localhost"}
	c.Data = t.TempDir()
	c.C2S.Listen = []string{"127.0.0.1:0"}
	c.C2S.ListenTLS = []string{"127.0.0.1:0"}
	c.C2S.PerAddress = 10000
	c.HTTP.Listen = ""
	return c
}

func (l *live) start() error {
	srv, err := New(context.Background(), l.config, l.opts)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.server = srv
	l.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			l.t.Errorf("run: %v", err)
		}
	}
	return nil
}

// Domain implements xmpptest.Server.
func (l *live) Domain() string { return "localhost" }

// Dial implements xmpptest.Server.
func (l *live) Dial(ctx context.Context, direct bool) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var d net.Dialer
	for _, ln := range l.server.listen {
		if ln.Direct == direct {
			return d.DialContext(ctx, "tcp", ln.Addr().String())
		}
	}
	return nil, errors.New("no such listener")
}

// Register implements xmpptest.Server.
func (l *live) Register(ctx context.Context, user, password string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, err := auth.NewVerifiers(password, 4096)
	if err != nil {
		return err
	}
	jid, err := stanza.NewJID(user, "localhost", "")
	if err != nil {
		return err
	}
	err = l.server.createAccount(ctx, jid, v.Encode())
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

// Restart implements xmpptest.Restarter.
func (l *live) Restart(context.Context) error {
	l.stop()
	return l.start()
}
