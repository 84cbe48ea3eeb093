package main

import (
	"context"
	"testing"
	"time"

	"parley/internal/control"
)

func TestServers(t *testing.T) {
	w := newWorld(t)
	w.config(`domains = ["example.org"]`)
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	w.sys.now = func() time.Time { return now }
	list := []control.Peer{
		{Local: "example.org", Remote: "a.example", Address: "192.0.2.1:5269", Direction: "both",
			Proof: "EXTERNAL", TLS: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256",
			Since: now.Add(-time.Hour), Queued: 7, Unconfirmed: 2, State: "open"},
		{Local: "example.org", Remote: "b.example", Address: "192.0.2.2:40000", Direction: "in",
			Since: now.Add(-time.Second), State: "opening"},
		{Remote: "c.example", Since: now.Add(-time.Minute), State: "failed", Error: "no such domain"},
		{Local: "example.org", Remote: "c.example", Direction: "out", Since: now, State: "connecting",
			Error: "no such domain"},
	}
	asked := ""
	w.serve(map[string]control.Handler{control.CmdServers: control.Handle(
		func(_ context.Context, a control.ServersArgs) ([]control.Peer, error) {
			asked = a.Domain
			return list, nil
		})})
	w.want("a.example  example.org  <-> 192.0.2.1:5269  open        EXTERNAL    "+
		"TLS 1.3 TLS_AES_128_GCM_SHA256  for 1 h 0 min  7 bytes wait, 2 unconfirmed\n"+
		"b.example  example.org  <- 192.0.2.2:40000  opening     not proven  "+
		"no TLS                          for 1 s        0 bytes wait, 0 unconfirmed\n"+
		"c.example               -                   failed      -           "+
		"-                               for 1 min      0 bytes wait, 0 unconfirmed\n"+
		"c.example  example.org  ->                  connecting  -           "+
		"-                               for 0 s        0 bytes wait, 0 unconfirmed\n"+
		"c.example failed last: no such domain\n2 streams\n", "s2s", "a.example")
	if asked != "a.example" {
		t.Errorf("asked for %q", asked)
	}
}

func TestCheckServer(t *testing.T) {
	w := newWorld(t)
	w.config(`domains = ["example.org"]`)
	steps := []control.Step{
		{Name: "DNS", Result: "xmpp.a.example port 5269 (STARTTLS)", OK: true},
		{Name: "certificate", Result: "it has expired", Mend: "nothing"},
		{Name: "ping", Result: "answered after 1ms", OK: true},
	}
	w.serve(map[string]control.Handler{control.CmdProbe: control.Handle(
		func(_ context.Context, a control.ProbeArgs) ([]control.Step, error) {
			if a.Domain != "a.example" {
				t.Errorf("asked for %q", a.Domain)
			}
			return steps, nil
		})})
	const most = "DNS          ok       xmpp.a.example port 5269 (STARTTLS)\n" +
		"certificate  warning  it has expired\n" +
		"                      mend: nothing\n"
	w.want(most+"ping         ok       answered after 1ms\n", "check", "s2s", "a.example")
	steps[2] = control.Step{Name: "ping", Result: "no answer"}
	r := w.run("check", "s2s", "a.example")
	if r.code != 1 || r.stdout != most+"ping         RED      no answer\n" || r.stderr != "" {
		t.Errorf("%+v", r)
	}
}
