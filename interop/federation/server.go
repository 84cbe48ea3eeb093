package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// secret is that of the components and what users' passwords begin with.
const secret = "interop"

// peerLimit is the biggest stanza that a peer takes from another server, in
// bytes. Ours takes 512 kB.
const peerLimit = 400_000

// settings is what a test changes about a server, between two starts.
type settings struct {
	proof   proof
	clients bool   // the certificate is for clients too
	policy  string // "certificate" or "dialback": what the others have to show
	debug   bool   // log each stanza
}

// ports are the listeners of a server on its own address.
type ports struct{ c2s, s2s, s2sTLS, component, http int }

// server is one of the federating servers, run as a process of its own.
type server struct {
	kind   string // "parley", "prosody" or "ejabberd"
	domain string
	ip     string
	dir    string
	lab    *lab
	settings
	ports

	cmd  *exec.Cmd
	done chan struct{} // closed when the process is gone
}

// subdomains are the hosts below each server's domain: a component that a test
// connects, and the rooms.
var subdomains = []string{"component", "conference"}

// hosts are all domains of a server.
func (s *server) hosts() []string {
	list := []string{s.domain}
	for _, sub := range subdomains {
		list = append(list, sub+"."+s.domain)
	}
	return list
}

// start runs the server and waits until it takes connections.
func (s *server) start(ctx context.Context) error {
	cert, err := s.lab.ca.issue(s.domain, s.proof, s.clients)
	if err != nil {
		return err
	}
	if err := s.configure(cert); err != nil {
		return fmt.Errorf("configure %s: %w", s.kind, err)
	}
	out, err := os.OpenFile(filepath.Join(s.dir, "out.log"),
		os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	s.cmd = s.command()
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, out, out
	// A group of its own: what it has started goes with it.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", s.kind, err)
	}
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait() // how it ended is told by the test that ended it
		close(done)
	}(s.cmd, s.done)
	return s.ready(ctx)
}

// configure writes the configuration of the server's kind.
func (s *server) configure(cert pair) error {
	if err := os.MkdirAll(filepath.Join(s.dir, "data"), 0o700); err != nil {
		return err
	}
	name, text := "parley.toml", parleyConfig(s, cert)
	switch s.kind {
	case "prosody":
		name, text = "prosody.cfg.lua", prosodyConfig(s, cert)
	case "ejabberd":
		if err := os.WriteFile(s.file("inetrc"), []byte(inetrc(s)), 0o600); err != nil {
			return err
		}
		name, text = "ejabberd.yml", ejabberdConfig(s, cert)
	}
	return os.WriteFile(s.file(name), []byte(text), 0o600)
}

func (s *server) command() *exec.Cmd {
	switch s.kind {
	case "prosody":
		return exec.Command("prosody", "--config", s.file("prosody.cfg.lua"), "-F")
	case "ejabberd":
		return ejabberdCommand(s)
	}
	return exec.Command(s.lab.parley, "serve", "-config", s.file("parley.toml"))
}

func (s *server) file(name string) string { return filepath.Join(s.dir, name) }

// ready waits until the listeners for clients and for servers are there.
func (s *server) ready(ctx context.Context) error {
	for _, port := range []int{s.c2s, s.s2s} {
		for {
			conn, err := net.DialTimeout("tcp", s.addr(port), time.Second)
			if err == nil {
				conn.Close()
				break
			}
			select {
			case <-time.After(50 * time.Millisecond):
			case <-s.done:
				return fmt.Errorf("%s ended at once:\n%s", s.kind, s.lastWords())
			case <-ctx.Done():
				return fmt.Errorf("%s does not take connections: %w", s.kind, ctx.Err())
			}
		}
	}
	return nil
}

// lastWords is the end of what it has printed.
func (s *server) lastWords() string {
	out, err := os.ReadFile(s.file("out.log"))
	if err != nil {
		return err.Error()
	}
	return string(last(out, 1500))
}

func (s *server) addr(port int) string { return net.JoinHostPort(s.ip, strconv.Itoa(port)) }

// stop ends it by SIGTERM, and by SIGKILL when that takes long.
func (s *server) stop() {
	if s.cmd == nil {
		return
	}
	s.signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(15 * time.Second):
	}
	s.kill()
}

// kill ends it by SIGKILL, with all that it has started.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	s.signalAll(syscall.SIGKILL)
	<-s.done
	s.cmd = nil
}

// signalAll reaches also what it has started.
func (s *server) signalAll(sig syscall.Signal) {
	_ = syscall.Kill(-s.cmd.Process.Pid, sig) // it may have ended by itself
}

func (s *server) signal(sig syscall.Signal) {
	_ = s.cmd.Process.Signal(sig) // it may have ended by itself
}

// restart stops and starts it, with other settings.
func (s *server) restart(ctx context.Context, with settings) error {
	s.stop()
	s.settings = with
	return s.start(ctx)
}

// dial connects to the listener for clients, by TLS from the start.
func (s *server) dial(ctx context.Context) (net.Conn, error) {
	// Whether clients see a good certificate is no matter of this test.
	d := tls.Dialer{Config: &tls.Config{ServerName: s.domain, InsecureSkipVerify: true,
		NextProtos: []string{"xmpp-client"}}}
	return d.DialContext(ctx, "tcp", s.addr(s.c2s))
}

// account makes an account; its password is the name after the secret.
func (s *server) account(ctx context.Context, name string) error {
	if s.kind != "parley" {
		return register(ctx, s, name)
	}
	cmd := exec.CommandContext(ctx, s.lab.parley, "user", "add", "-config", s.file("parley.toml"),
		"--password-stdin", name+"@"+s.domain)
	cmd.Stdin = strings.NewReader(secret + name + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("account %s: %w: %s", name, err, out)
	}
	return nil
}

// freePorts are ports that are free on an address, below those that the system
// gives to clients.
func freePorts(ip string) (ports, error) {
	var p ports
	taken := map[int]bool{}
	for _, port := range []*int{&p.c2s, &p.s2s, &p.s2sTLS, &p.component, &p.http} {
		for try := 0; *port == 0; try++ {
			if try == 100 {
				return p, errors.New("no free port on " + ip)
			}
			n := 20000 + rand.IntN(12000)
			l, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(n)))
			if err != nil {
				continue
			}
			l.Close()
			if !taken[n] {
				*port, taken[n] = n, true
			}
		}
	}
	return p, nil
}
