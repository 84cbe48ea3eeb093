package control

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// quiet logs nothing.
var quiet = slog.New(slog.DiscardHandler)

// start serves handlers in a folder until the test ends.
func start(t *testing.T, dir string, handlers map[string]Handler) {
	t.Helper()
	s, err := Listen(dir, handlers, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(dir, Socket)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("socket after the end: %v", err)
		}
	})
}

// echo answers with its argument, twice.
var echo = Handle(func(_ context.Context, u UserArgs) (User, error) {
	if u.JID == "" {
		return User{}, errors.New("no such account")
	}
	return User{JID: u.JID + u.JID}, nil
})

func TestCall(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, map[string]Handler{"echo": echo})
	var u User
	if err := Call(t.Context(), dir, "echo", UserArgs{"ab"}, &u); err != nil || u.JID != "abab" {
		t.Errorf("got %+v, %v", u, err)
	}
	if err := Call(t.Context(), dir, "echo", UserArgs{"ab"}, nil); err != nil {
		t.Error(err)
	}
	for command, want := range map[string]string{
		"echo": "no such account",
		"none": `the server does not know the command "none"`,
	} {
		err := Call(t.Context(), dir, command, UserArgs{}, &u)
		var e *Error
		if !errors.As(err, &e) || e.Text != want {
			t.Errorf("%s: got %v, want %q", command, err, want)
		}
	}
}

func TestSocketIsPrivate(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, nil)
	info, err := os.Stat(filepath.Join(dir, Socket))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
}

// TestLongFolder holds that a folder whose name does not fit into a socket
// address will do.
func TestLongFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 40))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	start(t, dir, map[string]Handler{"echo": echo})
	if err := Call(t.Context(), dir, "echo", UserArgs{"a"}, nil); err != nil {
		t.Error(err)
	}
}

func TestNotRunning(t *testing.T) {
	dir := t.TempDir()
	if err := Call(t.Context(), dir, "echo", nil, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("no socket: got %v", err)
	}
	leaveSocket(t, dir)
	if err := Call(t.Context(), dir, "echo", nil, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("old socket: got %v", err)
	}
	start(t, dir, map[string]Handler{"echo": echo}) // replaces the old socket
	if err := Call(t.Context(), dir, "echo", UserArgs{"a"}, nil); err != nil {
		t.Error(err)
	}
	if _, err := Listen(dir, nil, quiet); !errors.Is(err, ErrRunning) {
		t.Errorf("second server: got %v", err)
	}
	if err := Call(t.Context(), dir, "echo", UserArgs{"a"}, nil); err != nil {
		t.Errorf("after the second server: %v", err)
	}
}

// leaveSocket leaves what a killed server leaves.
func leaveSocket(t *testing.T, dir string) {
	t.Helper()
	addr := &net.UnixAddr{Name: filepath.Join(dir, Socket), Net: "unix"}
	old, err := net.ListenUnix("unix", addr)
	if err != nil {
		t.Fatal(err)
	}
	old.SetUnlinkOnClose(false)
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBadRequests holds that every request gets an answer, and that what is
// too long is not read.
func TestBadRequests(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, map[string]Handler{"echo": echo})
	for request, want := range map[string]string{
		"x\n":                                    "request is not JSON",
		"{}\n":                                   "does not know the command",
		`{"command":"echo","args":5}` + "\n":     "read arguments",
		`{"command":"echo"}` + "\n":              "no such account",
		strings.Repeat("x", maxRequest) + "yy\n": "no request of one line",
	} {
		conn, err := net.Dial("unix", filepath.Join(dir, Socket))
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(conn, request) }()
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.Contains(line, want) {
			t.Errorf("%.30q: got %q, %v; want %q", request, line, err, want)
		}
		_ = conn.Close()
	}
}

func TestLongAnswer(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, map[string]Handler{
		"long": Handle(func(context.Context, None) (string, error) {
			return strings.Repeat("x", maxAnswer), nil
		}),
		"wrong": Handle(func(context.Context, None) (chan int, error) { return nil, nil }),
	})
	for command, want := range map[string]string{"long": "too long", "wrong": "not JSON"} {
		err := Call(t.Context(), dir, command, nil, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", command, err)
		}
	}
}

// TestEnd holds that a server that ends ends the work of its commands, and
// that a caller whose context ends does not wait.
func TestEnd(t *testing.T) {
	dir := t.TempDir()
	begun := make(chan struct{}, 2)
	wait := Handle(func(ctx context.Context, _ None) (None, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return None{}, ctx.Err()
	})
	s, err := Listen(dir, map[string]Handler{"wait": wait}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()

	impatient, giveUp := context.WithCancel(t.Context())
	called := make(chan error, 2)
	go func() { called <- Call(impatient, dir, "wait", nil, nil) }()
	<-begun
	giveUp()
	if err := <-called; !errors.Is(err, context.Canceled) {
		t.Errorf("impatient caller: %v", err)
	}
	go func() { called <- Call(t.Context(), dir, "wait", nil, nil) }()
	<-begun
	cancel()
	if err := <-called; err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("patient caller: %v", err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Run does not end")
	}
}
