package main

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parley/conf"
)

// service is a server as a process, under a service manager.
type service struct {
	*world
	cmd     *exec.Cmd
	manager *net.UnixConn
	mu      sync.Mutex
	log     bytes.Buffer
}

// Write implements io.Writer for what the process says.
func (s *service) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(b)
}

// said is what the process has said so far.
func (s *service) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// waitSaid waits until the process has said something.
func (s *service) waitSaid(text string) {
	s.t.Helper()
	for range 2000 {
		if strings.Contains(s.said(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Errorf("it does not say %q but\n%s", text, s.said())
}

// start starts a subcommand that serves.
func (w *world) start(args ...string) *service {
	w.t.Helper()
	s := &service{world: w, cmd: parleyCommand(w.t, w.dir, args...)}
	name := filepath.Join(w.t.TempDir(), "notify")
	var err error
	s.manager, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.manager.Close() })
	s.cmd.Env = append(s.cmd.Env, "NOTIFY_SOCKET="+name, "WATCHDOG_USEC=2000000")
	s.cmd.Stdout, s.cmd.Stderr = s, s
	if err := s.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if s.cmd.ProcessState == nil { // the test failed before stop
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	})
	return s
}

// hear waits until the manager has been told something that starts so.
func (s *service) hear(prefix string) {
	s.t.Helper()
	buf := make([]byte, 4096)
	for {
		if err := s.manager.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			s.t.Fatal(err)
		}
		n, err := s.manager.Read(buf)
		if err != nil {
			s.t.Fatalf("the manager was not told %s: %v\n%s", prefix, err, s.said())
		}
		if strings.HasPrefix(string(buf[:n]), prefix) {
			return
		}
	}
}

// stop ends the process as a service manager does.
func (s *service) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	s.hear("STOPPING=1\n")
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("%v\n%s", err, s.said())
	}
}

// greet opens a stream on the first client port and returns the answer's first
// line or element.
func (s *service) greet(c *conf.Config) string {
	s.t.Helper()
	conn, err := net.Dial("tcp", c.C2S.Listen[0])
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = conn.Write([]byte("<stream:stream xmlns='jabber:client' version='1.0' " +
		"xmlns:stream='http://etherx.jabber.org/streams' to='localhost'>"))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	answer := ""
	for r := bufio.NewReader(conn); !strings.HasSuffix(answer, "</stream:features>"); {
		part, err := r.ReadString('>')
		if err != nil {
			s.t.Fatalf("got %s, %v", answer, err)
		}
		answer += part
	}
	return answer
}

// TestServe runs the server as a service manager does, and every subcommand
// that asks it.
func TestServe(t *testing.T) {
	w := newWorld(t)
	file := w.config("domains = [\"localhost\"]\nlogin.iterations = 4096")
	s := w.start("quickstart")
	s.hear("READY=1\n")
	s.hear("WATCHDOG=1")
	s.waitSaid("Serving. Ctrl-C ends it.\n")
	c, err := conf.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.greet(c); !strings.Contains(got, "<starttls ") {
		t.Errorf("a client got %s", got)
	}

	status := w.run("status")
	for _, line := range []string{"\nconfig    DIR/parley.toml\n", "\ndomains   localhost\n",
		"\nlisten    " + c.C2S.Listen[0] + " clients (STARTTLS)\n", "\naccounts  2\n"} {
		if status.code != 0 || !strings.Contains(status.stdout, line) {
			t.Errorf("status: no line %s in %+v", line, status)
		}
	}
	w.want("0 sessions\n", "sessions")
	w.stdin = "secret"
	w.want("made the account carol@localhost\n", "user", "add", "carol@localhost")
	w.fail(1, "parley: the account carol@localhost exists already", "user", "add", "carol@localhost")
	w.want("the password of carol@localhost is changed\n", "user", "passwd", "carol@localhost")
	w.want("carol@localhost cannot log in any more\n", "user", "disable", "carol@localhost")
	w.want("carol@localhost can log in again\n", "user", "enable", "carol@localhost")
	w.want("deleted carol@localhost; the name is not given out again for 365 days\n",
		"user", "delete", "carol@localhost")
	w.fail(1, "parley: there is no account carol@localhost\n", "user", "delete", "carol@localhost")
	if r := w.run("user", "list"); !strings.HasPrefix(r.stdout, "alice@localhost  ") ||
		strings.Contains(r.stdout, "carol") {
		t.Errorf("list: %+v", r)
	}
	if r := w.run("check"); r.code != 0 || !strings.Contains(r.stdout,
		"the server is running and listens on all of its ports") {
		t.Errorf("check: %+v", r)
	}
	w.fail(1, "parley: a server is running on DIR/data already", "quickstart")
	w.fail(1, "parley: ", "serve")
	s.stop()
	w.fail(1, "parley: the server is not running", "status")
}

// TestReload holds that a changed file is applied by SIGHUP and by the
// subcommand, and that a wrong one changes nothing.
func TestReload(t *testing.T) {
	w := newWorld(t)
	file := w.config("domains = [\"localhost\"]\nlog = {level = \"info\"}")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, new string) {
		w.file("parley.toml", strings.Replace(string(text), old, new, 1))
	}
	s := w.start("serve")
	s.hear("READY=1\n")

	change("level = \"info\"", "level = \"debug\", format = \"json\"")
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.hear("RELOADING=1\nMONOTONIC_USEC=")
	s.hear("READY=1\n")
	w.run("user", "delete", "nobody@localhost") // refused, which is told at debug
	s.waitSaid("level=DEBUG msg=\"control command refused\"")

	change("log = ", "lgo = ")
	w.fail(1, "parley: parley.toml:2: unknown key \"lgo.level\"; did you mean log.level?\n", "reload")
	w.fail(1, "parley: parley.toml:2: unknown key", "status")

	change("level = \"info\"", "level = \"warn\", format = \"json\"")
	r := w.run("reload")
	if r.code != 0 || !strings.Contains(r.stdout, "applied: log.level\n") {
		t.Errorf("reload: %+v", r)
	}
	s.stop()
}
