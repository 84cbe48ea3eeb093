package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"parley/auth"
	"parley/conf"
	"parley/internal/xmpptest"
	"parley/stanza"
	"parley/store"
)

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
	c.HTTP.Listen, c.HTTP.ListenTLS, c.HTTP.URL = "", nil, "https://files.localhost"
	c.S2S.Enabled = false
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
	l.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			l.t.Errorf("run: %v", err)
		}
	})
	return nil
}

// Domain implements xmpptest.Server.
func (l *live) Domain() string { return l.config.Domains[0] }

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
	jid, err := stanza.NewJID(user, l.Domain(), "")
	if err != nil {
		return err
	}
	err = l.server.createAccount(ctx, jid, v.Encode())
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

// Forget implements xmpptest.Forgetter.
func (l *live) Forget(ctx context.Context, text string) error {
	jid, err := stanza.ParseJID(text)
	if err != nil {
		return err
	}
	l.mu.Lock()
	r := l.server.Router()
	l.mu.Unlock()
	for {
		a := r.Online(jid.Bare())
		if a == nil {
			return nil
		}
		if s := a.Session(jid.Resource()); s == nil || s.Detached() && !s.DetachedSince().IsZero() {
			return nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Stop implements xmpptest.Restarter.
func (l *live) Stop(context.Context) error {
	l.stop()
	return nil
}

// Restart implements xmpptest.Restarter.
func (l *live) Restart(context.Context) error {
	l.stop()
	return l.start()
}

// Kill implements xmpptest.Killer. What a dead process leaves behind is what
// its files hold at this moment, so the server goes on with a copy of them.
func (l *live) Kill(context.Context) error {
	folder := l.t.TempDir()
	for _, name := range []string{"parley.db", "parley.db-wal"} {
		b, err := os.ReadFile(filepath.Join(l.config.Data, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			return err
		}
	}
	l.stop()
	l.config.Data = folder
	return l.start()
}

var (
	_ xmpptest.Forgetter = (*live)(nil)
	_ xmpptest.Restarter = (*live)(nil)
	_ xmpptest.Killer    = (*live)(nil)
)
