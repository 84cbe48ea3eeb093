package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"parley/conf"
	"parley/internal/control"
	"parley/store"
)

// Two domains in one server: each shows its own certificate, also to those who
// do not say by SNI whom they want, and their users talk.
func TestTwoDomains(t *testing.T) {
	l := startLive(t, false, func(c *conf.Config) { c.Domains = []string{"localhost", "b.example"} })
	l.account("localhost", "alice")
	l.account("b.example", "alice", "bob")
	alice, other, bob := l.login("localhost", "alice", "x"), l.login("b.example", "alice", "x"),
		l.login("b.example", "bob", "x")
	chats(t, alice, bob)
	chats(t, bob, alice)
	chats(t, alice, other)
	one, two := alice.conn.ConnectionState(), bob.conn.ConnectionState()
	if one.PeerCertificates[0].Equal(two.PeerCertificates[0]) {
		t.Error("both domains show one certificate")
	}
	users := must[[]control.User](t)(call[[]control.User](l, control.CmdList,
		control.ListArgs{Domain: "b.example", Max: 9}))
	if len(users) != 2 {
		t.Errorf("users of b.example: %+v", users)
	}
}

// Reload applies what it can, says what waits for a restart, leaves everything
// as it is after an error, and changes certificates under open streams.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "parley.toml")
	write := func(text string) {
		t.Helper()
		base := "domains = ['localhost']\ndata = '" + filepath.Join(dir, "data") + "'\n"
		if err := os.WriteFile(file, []byte(base+text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const tables = "[c2s]\nlisten = ['127.0.0.1:0']\nlisten_tls = ['127.0.0.1:%d']\n[http]\nlisten = ''\n[s2s]\nenabled = false\n"
	write(fmt.Sprintf(tables, 0))
	config, err := conf.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(config.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	l := &live{t: t, config: config, opts: Options{Log: slog.New(slog.DiscardHandler), ConfigPath: file}}
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.stop() })
	l.account("localhost", "alice", "bob")
	alice := l.login("localhost", "alice", "x")

	write("admins = ['alice@localhost']\n" + fmt.Sprintf(tables, 1) + "[roster]\nitems = 7\n")
	done := must[control.Reloaded](t)(call[control.Reloaded](l, control.CmdReload, control.None{}))
	if fmt.Sprint(done.Applied) != "[admins roster.items]" || fmt.Sprint(done.NeedRestart) != "[c2s.listen_tls]" {
		t.Errorf("reloaded: %+v", done)
	}
	if c := l.server.Router().Config(); c.Roster.Items != 7 || c.C2S.ListenTLS[0] != "127.0.0.1:0" {
		t.Errorf("in force: %d contacts, %s", c.Roster.Items, c.C2S.ListenTLS)
	}

	write("nonsense = 1\n")
	if _, err := call[control.Reloaded](l, control.CmdReload, control.None{}); err == nil ||
		!strings.Contains(err.Error(), "nonsense") {
		t.Errorf("reload of nonsense: %v", err)
	}
	write("[tls]\ncert = '" + dir + "/none.pem'\nkey = '" + dir + "/none.key'\n")
	if _, err := call[control.Reloaded](l, control.CmdReload, control.None{}); err == nil {
		t.Error("reload of a certificate that is not there: no error")
	}
	if c := l.server.Router().Config(); c.Roster.Items != 7 || c.TLS.Cert != "" {
		t.Error("a reload that failed changed the configuration")
	}

	// Another certificate: those who come see it, who is there stays.
	old := alice.conn.ConnectionState().PeerCertificates[0]
	made, err := filepath.Glob(filepath.Join(config.Data, "*", "*"))
	if err != nil || len(made) == 0 {
		t.Fatalf("no certificate in %s: %v", config.Data, err)
	}
	for _, f := range made {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	write(fmt.Sprintf(tables, 0))
	must[control.Reloaded](t)(call[control.Reloaded](l, control.CmdReload, control.None{}))
	bob := l.login("localhost", "bob", "x")
	if bob.conn.ConnectionState().PeerCertificates[0].Equal(old) {
		t.Error("the old certificate is still shown")
	}
	chats(t, bob, alice)
}

// What an administrator can watch after a login and a message.
func TestMetrics(t *testing.T) {
	l := startLive(t, false, func(c *conf.Config) { c.HTTP.Listen = "127.0.0.1:0" })
	l.account("localhost", "alice", "bob")
	alice, bob := l.login("localhost", "alice", "x"), l.login("localhost", "bob", "x")
	chats(t, alice, bob)
	alice.flush()
	base := ""
	for addr, what := range l.server.where {
		if strings.HasPrefix(what, "metrics") {
			base = "http://" + addr
		}
	}
	resp, err := http.Get(base + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	for _, line := range []string{
		`parley_logins_total{mechanism="PLAIN",result="success"} 2`, `parley_stanzas_in_total{kind="message"} 1`,
		`parley_stanzas_out_total{kind="message"} 1`, `parley_connections 2`, `parley_sessions 2`,
		`parley_handler_panics_total 0`, `parley_store_failed_commits_total 0`,
	} {
		if !strings.Contains(string(body), line+"\n") {
			t.Errorf("no %s in\n%s", line, body)
		}
	}
	for _, name := range []string{"parley_store_commit_seconds_bucket", "parley_store_batch_size_bucket",
		"parley_queue_bytes", "process_"} {
		if !strings.Contains(string(body), "\n"+name) {
			t.Errorf("no %s", name)
		}
	}
	for _, path := range []string{"/", "/debug/pprof/"} {
		r, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// numbered finds the messages of TestStopWhileBusy.
var numbered = regexp.MustCompile(`<body>no (\d+)\.</body>`)

// A server that stops while messages fly tells everybody, and what it took and
// could not deliver comes after the next start.
func TestStopWhileBusy(t *testing.T) {
	l := startLive(t, false, func(c *conf.Config) { c.Limits.Queue = 64 << 20 }) // bob may be slow
	l.account("localhost", "alice", "bob")
	alice, bob := l.login("localhost", "alice", "x"), l.login("localhost", "bob", "x")
	var sent, received sync.WaitGroup
	stopping := make(chan struct{})
	count := 0
	sent.Go(func() {
		for ; ; count++ {
			select {
			case <-stopping:
				return
			default:
			}
			text := fmt.Sprintf("<message to='bob@localhost' type='chat'><body>no %d.</body></message>", count)
			if _, err := io.WriteString(alice.conn, text); err != nil {
				return
			}
		}
	})
	bob.until("<body>no 100.</body>")
	got := bytes.NewBufferString(bob.got)
	received.Go(func() { _, _ = io.Copy(got, bob.conn) })
	l.stop()
	close(stopping)
	sent.Wait()
	received.Wait()
	if s := got.String(); !strings.Contains(s, "<system-shutdown xmlns=") || !strings.HasSuffix(s, "</stream:stream>") {
		t.Errorf("bob's stream ends with %q", s[max(0, len(s)-200):])
	}
	alice.ends("system-shutdown")
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	bob = l.login("localhost", "bob", "x")
	// What the server read are the first of what was sent: none of them may lack
	// in between.
	var came []int
	for _, m := range numbered.FindAllStringSubmatch(got.String()+bob.got, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		came = append(came, n)
	}
	slices.Sort(came) // some may have come twice, or at the next start before others
	last := -1
	for _, n := range came {
		if last >= 0 && n > last+1 {
			t.Fatalf("no %d came and not %d", n, last+1)
		}
		last = n
	}
	if last < 0 {
		t.Error("nothing came after the stop")
	}
}

// An administrator shuts the server down by a command (XEP-0133 section 4.31,
// Shut Down Service).
func TestShutdownCommand(t *testing.T) {
	l := startLive(t, false, func(c *conf.Config) { c.Admins = []string{"alice@localhost"} })
	l.account("localhost", "alice")
	alice := l.login("localhost", "alice", "x")
	const node = "<command xmlns='http://jabber.org/protocol/commands' node='http://jabber.org/protocol/admin#shutdown'"
	alice.send("<iq type='set' id='1' to='localhost'>" + node + "/></iq>")
	alice.until("sessionid='")
	id := strings.TrimSuffix(alice.until("'"), "'")
	alice.send("<iq type='set' id='2' to='localhost'>" + node + " sessionid='" + id + "'><x xmlns='jabber:x:data' " +
		"type='submit'><field var='delay'><value>0</value></field></x></command></iq>")
	alice.until("status='completed'")
	alice.ends("system-shutdown")
	l.stop() // returns: Run has ended by itself
	if err := control.Call(context.Background(), l.config.Data, control.CmdStatus, nil, nil); err == nil {
		t.Error("the server still runs")
	}
}

// What cannot start leaves nothing behind: the same folder and ports serve when
// the reason is gone.
func TestNewFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	free := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	for name, change := range map[string]func(c *conf.Config){
		"port":       func(c *conf.Config) { c.C2S.Listen = []string{free(), addr} },
		"direct TLS": func(c *conf.Config) { c.C2S.ListenTLS = []string{addr} },
		"metrics":    func(c *conf.Config) { c.HTTP.Listen = addr },
		"component": func(c *conf.Config) {
			c.Component = []conf.Component{{Domain: "sms.localhost", Secret: "x", Listen: addr}}
		},
		"socket": func(c *conf.Config) {
			// A folder that is not empty is in the way of the control socket.
			if err := os.MkdirAll(filepath.Join(c.Data, control.Socket, "x"), 0o700); err != nil {
				t.Fatal(err)
			}
			c.HTTP.Listen = free()
			c.Component = []conf.Component{{Domain: "sms.localhost", Secret: "x", Listen: free()}}
		},
		"certificate": func(c *conf.Config) { c.TLS.Cert, c.TLS.Key = "/none.pem", "/none.key" },
	} {
		t.Run(name, func(t *testing.T) {
			c := testConfig(t)
			c.C2S.Listen = []string{free()}
			good := *c
			change(c)
			o := Options{Log: slog.New(slog.DiscardHandler)}
			if s, err := New(context.Background(), c, o); err == nil {
				_ = s.Close()
				t.Fatal("no error")
			}
			for _, a := range append([]string{c.HTTP.Listen}, c.C2S.Listen...) {
				if a == "" || a == addr {
					continue
				}
				ln, err := net.Listen("tcp", a)
				if err != nil {
					t.Errorf("%s is still taken: %v", a, err)
					continue
				}
				_ = ln.Close()
			}
			_ = os.RemoveAll(filepath.Join(c.Data, control.Socket))
			s, err := New(context.Background(), &good, o)
			if err != nil {
				t.Fatalf("afterwards: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Two servers on one folder: the second says who has it.
func TestNewOnLockedFolder(t *testing.T) {
	l := startLive(t, false)
	c := *l.config
	_, err := New(context.Background(), &c, Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), store.ErrLocked.Error()) ||
		!strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("second server: %v", err)
	}
	l.account("localhost", "alice")
	l.login("localhost", "alice", "x")
	if _, err := call[control.Status](l, control.CmdStatus, nil); err != nil {
		t.Errorf("the first server's socket: %v", err)
	}
}

// A component of the configuration is served, and listed when asked for.
func TestComponent(t *testing.T) {
	l := startLive(t, false, func(c *conf.Config) {
		c.Component = []conf.Component{{Domain: "sms.example", Secret: "x", Listen: "127.0.0.1:0"}}
	})
	l.account("localhost", "alice")
	alice := l.login("localhost", "alice", "x")
	alice.send("<iq type='get' id='1' to='localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>")
	alice.until("<item jid='sms.example'/>")
	alice.send("<message to='1@sms.example' id='2'><body>hi</body></message>")
	alice.until("<service-unavailable")
	st := must[control.Status](t)(call[control.Status](l, control.CmdStatus, nil))
	found := false
	for _, what := range st.Listen {
		found = found || what == "components"
	}
	if !found {
		t.Errorf("listening: %v", st.Listen)
	}
}
