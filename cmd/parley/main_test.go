package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/conf"
	"parley/internal/control"
)

var update = flag.Bool("update", false, "write the golden files")

// asParley makes the test binary run as parley.
const asParley = "PARLEY_TEST_AS_PARLEY"

func TestMain(m *testing.M) {
	if os.Getenv(asParley) != "" {
		main()
	}
	os.Exit(m.Run())
}

// parleyCommand is this program as a process of its own, in a folder.
func parleyCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asParley+"=1", "NOTIFY_SOCKET=")
	return cmd
}

// result is what a use of the program gave.
type result struct {
	code           int
	stdout, stderr string
}

// world is a folder with what a subcommand sees around it.
type world struct {
	t     *testing.T
	dir   string
	sys   surroundings
	stdin string
	zone  zone
}

// newWorld has a fixed clock and no DNS.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), zone: zone{}}
	w.sys.now = time.Now
	w.sys.resolver = func(*conf.Config) resolver { return w.zone }
	return w
}

// file writes a file into the folder and returns its name.
func (w *world) file(name, text string) string {
	w.t.Helper()
	name = filepath.Join(w.dir, name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return name
}

// config writes parley.toml, with free ports on loopback.
func (w *world) config(text string) string {
	return w.file("parley.toml", text+`
		c2s = {listen = ["127.0.0.1:`+freePort(w.t)+`"], listen_tls = ["127.0.0.1:`+freePort(w.t)+`"]}
		http.listen = ""
		s2s = {listen = ["127.0.0.1:`+freePort(w.t)+`"], listen_tls = ["127.0.0.1:`+freePort(w.t)+`"]}
		tls.certbot = ""
	`)
}

// data is the data folder.
func (w *world) data() string { return filepath.Join(w.dir, "data") }

// run runs a subcommand in this process, with the folder's configuration.
func (w *world) run(args ...string) result {
	w.t.Helper()
	var out, errs bytes.Buffer
	sys := w.sys
	sys.stdin, sys.stdout, sys.stderr = strings.NewReader(w.stdin), &out, &errs
	args = append(args, "--config", filepath.Join(w.dir, "parley.toml"))
	code := run(w.t.Context(), sys, args)
	return result{code, w.clean(out.String()), w.clean(errs.String())}
}

// clean takes the folder's name out of a text.
func (w *world) clean(s string) string { return strings.ReplaceAll(s, w.dir, "DIR") }

// want runs a subcommand that must succeed and print this.
func (w *world) want(stdout string, args ...string) {
	w.t.Helper()
	r := w.run(args...)
	if r.code != 0 || r.stdout != stdout || r.stderr != "" {
		w.t.Errorf("%s: status %d\n%s%s\nwant\n%s", strings.Join(args, " "), r.code, r.stdout,
			r.stderr, stdout)
	}
}

// fail runs a subcommand that must fail with this text.
func (w *world) fail(code int, stderr string, args ...string) {
	w.t.Helper()
	r := w.run(args...)
	if r.code != code || !strings.HasPrefix(r.stderr, stderr) {
		w.t.Errorf("%s: status %d\n%s%s\nwant status %d and\n%s", strings.Join(args, " "), r.code,
			r.stdout, r.stderr, code, stderr)
	}
}

// freePort is a port that nobody listens on just now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// serve answers on the data folder's control socket as a running server would.
func (w *world) serve(handlers map[string]control.Handler) {
	w.t.Helper()
	if err := os.MkdirAll(w.data(), 0o700); err != nil {
		w.t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	s, err := control.Listen(w.data(), handlers, log)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
}

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it); got:\n%s", file, got)
	}
}
