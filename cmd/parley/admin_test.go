package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"parley/internal/control"
)

func TestStatus(t *testing.T) {
	w := newWorld(t)
	w.config(`domains = ["example.org"]`)
	started := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	w.sys.now = func() time.Time { return started.Add(26 * time.Hour) }
	w.serve(map[string]control.Handler{control.CmdStatus: control.Handle(
		func(context.Context, control.None) (control.Status, error) {
			return control.Status{
				Version: "1.2", PID: 7, Started: started, Config: "/etc/parley/parley.toml",
				Domains:  []string{"example.org", "example.net"},
				Listen:   map[string]string{":5223": "clients (direct TLS)", ":5222": "clients (STARTTLS)"},
				Sessions: 3, Accounts: 5, Servers: 2, Notes: []string{"TLS uses X25519MLKEM768."},
			}, nil
		})})
	w.want(`version   1.2, process 7
running   1 d 2 h, since 2026-11-20 10:00:00
config    /etc/parley/parley.toml
domains   example.org, example.net
listen    :5222 clients (STARTTLS)
listen    :5223 clients (direct TLS)
sessions  3
accounts  5
servers   2 streams: parley s2s
note      TLS uses X25519MLKEM768.
`, "status")
}

func TestAgo(t *testing.T) {
	now := time.Now()
	inv := &invocation{surroundings: surroundings{now: func() time.Time { return now }}}
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 0: "0 s", 59 * time.Second: "59 s", 60 * time.Second: "1 min",
		3599 * time.Second: "59 min", 61 * time.Minute: "1 h 1 min", 24 * time.Hour: "1 d 0 h",
		49 * time.Hour: "2 d 1 h",
	} {
		if got := inv.ago(now.Add(-d)); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestReloadCommand(t *testing.T) {
	w := newWorld(t)
	w.config(`domains = ["example.org"]`)
	var answer control.Reloaded
	w.serve(map[string]control.Handler{control.CmdReload: control.Handle(
		func(context.Context, control.None) (control.Reloaded, error) { return answer, nil })})
	w.want("certificates read again\n", "reload")
	answer = control.Reloaded{Applied: []string{"admins", "log.level"}, NeedRestart: []string{"data"}}
	w.want("certificates read again\napplied: admins, log.level\nafter a restart: data\n", "reload")
}

func TestSessions(t *testing.T) {
	w := newWorld(t)
	w.config(`domains = ["example.org"]`)
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	w.sys.now = func() time.Time { return now }
	var asked []string
	w.serve(map[string]control.Handler{
		control.CmdSessions: control.Handle(
			func(_ context.Context, a control.SessionsArgs) ([]control.Session, error) {
				asked = append(asked, a.JID)
				return []control.Session{
					{JID: "a@example.org/x", Address: "192.0.2.1", Since: now.Add(-time.Hour),
						LastSeen: now.Add(-time.Minute), TLS: "TLS 1.3", Mechanism: "SCRAM-SHA-1",
						Available: true, Priority: 5},
					{JID: "bob@example.org/y", Address: "192.0.2.2", Since: now, LastSeen: now,
						Mechanism: "PLAIN"},
				}, nil
			}),
		control.CmdKick: control.Handle(
			func(_ context.Context, a control.KickArgs) (control.Count, error) {
				asked = append(asked, "kick "+a.JID)
				return control.Count{Count: strings.Count(a.JID, "a@")}, nil
			}),
	})
	table := "a@example.org/x    192.0.2.1  priority 5   for 1 h 0 min, quiet for 1 min  " +
		"TLS 1.3  SCRAM-SHA-1\n" +
		"bob@example.org/y  192.0.2.2  unavailable  for 0 s, quiet for 0 s          " +
		"no TLS   PLAIN\n2 sessions\n"
	w.want(table, "sessions")
	w.want(table, "sessions", "a@example.org")
	w.want("ended 1 of a@example.org/x\n", "sessions", "--kick", "A@example.org/x")
	w.fail(1, "parley: bob@example.org is not logged in\n", "sessions", "--kick", "bob@example.org")
	w.fail(1, "parley: \"@\" is no address", "sessions", "--kick", "@")
	want := ", a@example.org, kick a@example.org/x, kick bob@example.org"
	if got := strings.Join(asked, ", "); got != want {
		t.Errorf("asked %s", got)
	}
}

func TestConfigCommands(t *testing.T) {
	w := newWorld(t)
	r := w.run("config", "describe")
	if r.code != 0 || !strings.Contains(r.stdout, "\n### before_login\n") {
		t.Errorf("describe: %+v", r)
	}
	r = w.run("config", "example")
	if r.code != 0 || !strings.Contains(r.stdout, "\ndomains = [\"example.org\"]\n") {
		t.Errorf("example: %+v", r)
	}
	r = w.run("config", "example", "a.example", "b.example")
	if r.code != 0 || !strings.Contains(r.stdout, "\ndomains = [\"a.example\", \"b.example\"]\n") {
		t.Errorf("example: %+v", r)
	}
	w.fail(1, "parley: \"a b\" is not a domain name", "config", "example", "a b")
}

func TestSystemd(t *testing.T) {
	w := newWorld(t)
	r := w.run("config", "systemd")
	if r.code != 0 {
		t.Fatalf("%+v", r)
	}
	golden(t, "parley.service", r.stdout)

	w.file("parley.toml", "domains = [\"example.org\"]\ndata = \"/home/parley/data\"\n"+
		"c2s.listen_tls = [\":443\"]")
	r = w.run("config", "systemd")
	for _, line := range []string{
		"ExecStart=/usr/local/bin/parley serve --config DIR/parley.toml",
		"ReadWritePaths=/home/parley/data", "ProtectHome=read-only",
		"AmbientCapabilities=CAP_NET_BIND_SERVICE", "#   chown -R parley: /home/parley/data",
	} {
		if !strings.Contains(r.stdout, "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, r.stdout)
		}
	}
	if strings.Contains(r.stdout, "StateDirectory") {
		t.Error("StateDirectory for a data folder elsewhere")
	}
}

func TestVersion(t *testing.T) {
	w := newWorld(t)
	if r := w.run("version"); r.code != 0 || !strings.HasPrefix(r.stdout, "parley ") ||
		!strings.Contains(r.stdout, "\ngo1.") {
		t.Errorf("got %+v", r)
	}
}
