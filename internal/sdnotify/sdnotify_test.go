package sdnotify

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// manager is the socket of a service manager.
func manager(t *testing.T, name string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// receive is the next datagram.
func receive(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

// env is an environment.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestNotifications(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), "@parley-sdnotify-test"} {
		conn := manager(t, name)
		n := New(env("NOTIFY_SOCKET", name), 1)
		for _, step := range []struct {
			send func() error
			want string
		}{
			{n.Ready, `^READY=1\nSTATUS=serving$`},
			{n.Reloading, `^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*$`},
			{n.Stopping, `^STOPPING=1\nSTATUS=closing streams$`},
			{n.Alive, `^WATCHDOG=1$`},
		} {
			if err := step.send(); err != nil {
				t.Fatal(err)
			}
			if got := receive(t, conn); !regexp.MustCompile(step.want).MatchString(got) {
				t.Errorf("got %q, want %s", got, step.want)
			}
		}
	}
}

func TestNoManager(t *testing.T) {
	var none *Notifier
	for _, n := range []*Notifier{none, {}, New(env("WATCHDOG_USEC", "1000"), 1)} {
		if err := errors.Join(n.Ready(), n.Reloading(), n.Stopping(), n.Alive()); err != nil {
			t.Error(err)
		}
		if n.Interval() != 0 {
			t.Errorf("interval %v without a socket", n.Interval())
		}
		if err := n.Watch(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
}

func TestManagerGone(t *testing.T) {
	n := New(env("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "none")), 1)
	if err := n.Ready(); err == nil {
		t.Error("no error although nobody listens")
	}
}

func TestInterval(t *testing.T) {
	for _, test := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"30000000", "", 15 * time.Second},
		{"30000000", "7", 15 * time.Second},
		{"30000000", "8", 0}, // for another process
		{"", "7", 0},
		{"-5", "", 0},
		{"x", "", 0},
	} {
		n := New(env("NOTIFY_SOCKET", "@x", "WATCHDOG_USEC", test.usec, "WATCHDOG_PID", test.pid), 7)
		if got := n.Interval(); got != test.want {
			t.Errorf("usec %q pid %q: %v, want %v", test.usec, test.pid, got, test.want)
		}
	}
}

// TestWatch holds that the watchdog is fed while the check passes, and only
// then.
func TestWatch(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	conn := manager(t, name)
	n := New(env("NOTIFY_SOCKET", name, "WATCHDOG_USEC", "2000"), 1)
	ctx, cancel := context.WithCancel(t.Context())
	checks, ill := 0, errors.New("ill")
	err := n.Watch(ctx, func(context.Context) error {
		checks++
		if checks <= 2 {
			return nil
		}
		if checks == 5 {
			cancel()
		}
		return ill
	})
	if !errors.Is(err, ill) {
		t.Errorf("got %v, want the last check's error", err)
	}
	for range 2 {
		if got := receive(t, conn); got != "WATCHDOG=1" {
			t.Errorf("got %q", got)
		}
	}
	if err := n.Stopping(); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, conn); got == "WATCHDOG=1" {
		t.Error("fed although the check failed")
	}
}
