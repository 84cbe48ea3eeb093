package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"parley/conf"
	"parley/internal/control"
)

// zone is DNS: names to addresses, SRV names to "port target", "offline" to
// break it.
type zone map[string]string

func (z zone) LookupHost(_ context.Context, host string) ([]string, error) {
	return z.lookup(host)
}

func (z zone) lookup(name string) ([]string, error) {
	if _, off := z["offline"]; off {
		return nil, &net.DNSError{Err: "i/o timeout", Name: name, IsTimeout: true}
	}
	if a, ok := z[name]; ok {
		return []string{a}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (z zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV,
	error) {
	text, err := z.lookup("_" + service + "._" + proto + "." + name)
	if err != nil {
		return "", nil, err
	}
	port, target, _ := strings.Cut(text[0], " ")
	n, err := net.LookupPort("tcp", port)
	return "", []*net.SRV{{Target: target + ".", Port: uint16(n)}}, err
}

// text is findings as they are printed.
func text(findings []finding) string {
	var b strings.Builder
	for _, f := range findings {
		b.WriteString([]string{"ok ", "warning ", "RED "}[f.level] + f.text)
		if f.mend != "" {
			b.WriteString(" | " + f.mend)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestCheckDNS(t *testing.T) {
	c, err := conf.Parse("parley.toml", `
		domains = ["münchen.example"]
		hostname = "xmpp.example.org"
		services = ["conference"]`)
	if err != nil {
		t.Fatal(err)
	}
	const domain = "xn--mnchen-3ya.example"
	full := func() zone {
		return zone{
			"_xmpp-client._tcp." + domain:             "5222 xmpp.example.org",
			"_xmpps-client._tcp." + domain:            "5223 xmpp.example.org",
			"_xmpp-server._tcp." + domain:             "5269 xmpp.example.org",
			"_xmpps-server._tcp." + domain:            "5270 xmpp.example.org",
			"_xmpp-server._tcp.conference." + domain:  "5269 xmpp.example.org",
			"_xmpps-server._tcp.conference." + domain: "5270 xmpp.example.org",
			"xmpp.example.org":                        "192.0.2.1",
		}
	}
	const line = ". 3600 IN SRV 0 5 "
	for _, test := range []struct {
		name   string
		change func(zone)
		want   string
	}{
		{"all", func(zone) {}, "ok all records are there\n"},
		{"offline", func(z zone) { z["offline"] = "" }, "warning DNS does not answer, so its records " +
			"were not checked: lookup _xmpp-client._tcp." + domain + ": i/o timeout | " +
			"look at /etc/resolv.conf, or set dns.resolver in "},
		{"no client record", func(z zone) { delete(z, "_xmpp-client._tcp."+domain) },
			"RED _xmpp-client._tcp." + domain + " is missing, and " + domain + " has no address | " +
				"_xmpp-client._tcp." + domain + line + "5222 xmpp.example.org.\n"},
		{"no client record, but an address", func(z zone) {
			delete(z, "_xmpp-client._tcp."+domain)
			z[domain] = "192.0.2.1"
		}, "warning _xmpp-client._tcp." + domain + " is missing: peers try 192.0.2.1 itself | " +
			"_xmpp-client._tcp." + domain + line + "5222 xmpp.example.org.\n"},
		{"no direct TLS", func(z zone) { delete(z, "_xmpps-client._tcp."+domain) },
			"warning _xmpps-client._tcp." + domain + " is missing: direct TLS is not found | " +
				"_xmpps-client._tcp." + domain + line + "5223 xmpp.example.org.\n"},
		{"no service host", func(z zone) { delete(z, "_xmpp-server._tcp.conference."+domain) },
			"RED _xmpp-server._tcp.conference." + domain + " is missing, and conference." + domain +
				" has no address | _xmpp-server._tcp.conference." + domain + line +
				"5269 xmpp.example.org.\n"},
		{"another port", func(z zone) { z["_xmpp-client._tcp."+domain] = "5333 xmpp.example.org" },
			"RED _xmpp-client._tcp." + domain + " points to port 5333, not to 5222 | " +
				"_xmpp-client._tcp." + domain + line + "5222 xmpp.example.org.\n"},
		{"no service", func(z zone) { z["_xmpp-client._tcp."+domain] = "5222 " },
			"RED _xmpp-client._tcp." + domain + " says that there is no such service | " +
				"_xmpp-client._tcp." + domain + line + "5222 xmpp.example.org.\n"},
		{"no address", func(z zone) { delete(z, "xmpp.example.org") },
			"RED xmpp.example.org has no address | " +
				"xmpp.example.org. 3600 IN A <the address of this machine>\n"},
	} {
		z := full()
		test.change(z)
		inv := &invocation{surroundings: surroundings{
			resolver: func(*conf.Config) resolver { return z },
		}}
		if got := text(checkDNS(t.Context(), inv, c)); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s:\n got %swant %s", test.name, got, test.want)
		}
	}
}

// TestRecords: the ports are those of the configuration, and who does not talk
// to other servers needs no records for them.
func TestRecords(t *testing.T) {
	for text, want := range map[string]string{
		`s2s.listen = [":5299"]`: "xmpp-server 5299, xmpps-server 5270, ",
		`s2s.listen_tls = []`:    "xmpp-server 5269, ",
		`s2s.enabled = false`:    "",
	} {
		c, err := conf.Parse("parley.toml", "domains = [\"example.org\"]\nservices = []\n"+text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, r := range records(c)[2:] {
			got += fmt.Sprintf("%s %d, ", r.service, r.port)
		}
		if got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestCheckDNSLocal(t *testing.T) {
	c, err := conf.Parse("parley.toml", `domains = ["localhost", "a.localhost"]`)
	if err != nil {
		t.Fatal(err)
	}
	inv := &invocation{surroundings: surroundings{
		resolver: func(*conf.Config) resolver { return zone{} },
	}}
	if got := text(checkDNS(t.Context(), inv, c)); got != "ok all records are there\n" {
		t.Errorf("got %s", got)
	}
}

func TestCheckConfig(t *testing.T) {
	const mend = " | set c2s.require_tls = true in parley.toml\n"
	c := conf.Default()
	c.Path = "parley.toml"
	want := "ok parley.toml\n"
	check := func(name string) {
		t.Helper()
		if got := text(checkConfig(c)); got != want {
			t.Errorf("%s:\n got %swant %s", name, got, want)
		}
	}
	check("default")
	c.Register.Enabled = true
	check("registration")
	c.C2S.RequireTLS = false
	want += "warning clients may log in without TLS: what they say can be read on the way" + mend +
		"warning without TLS accounts are made, and passwords changed, only from this machine itself" + mend
	check("registration without TLS")
	c.C2S.RequireTLS, c.S2S.RequireTLS = true, false
	want = "ok parley.toml\nwarning other servers may do without TLS: what is said to them can be " +
		"read on the way | set s2s.require_tls = true in parley.toml, and for those that cannot " +
		"[peer.\"DOMAIN\"] tls = \"optional\"\n"
	check("servers without TLS")
	c.S2S.Enabled, c.HTTP.ListenTLS = false, nil
	want = "ok parley.toml\n"
	check("no servers")
}

func TestCheckPorts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	w := newWorld(t)
	c := conf.Default()
	c.Path, c.Data, c.HTTP.Listen = "parley.toml", w.data(), ""
	c.C2S.Listen = []string{taken.Addr().String()}
	c.C2S.ListenTLS, c.S2S.Enabled, c.HTTP.ListenTLS = nil, false, nil
	check := func(name, want string) {
		t.Helper()
		if got := text(checkPorts(t.Context(), c)); got != want {
			t.Errorf("%s:\n got %swant %s", name, got, want)
		}
	}
	check("taken", "RED another program listens on 127.0.0.1:"+port+" (c2s.listen) | stop the "+
		"program that ss -ltnp 'sport = :"+port+"' shows, or set c2s.listen in parley.toml\n")
	free := "127.0.0.1:" + freePort(t)
	c.HTTP.Listen, c.C2S.Listen = free, nil
	check("free", "ok all ports are free\n")
	c.HTTP.Listen = "0.0.0.0:0"
	check("metrics for all", "warning everybody who reaches 0.0.0.0:0 can read the metrics "+
		"(http.listen) | set http.listen to \"127.0.0.1:5280\" in parley.toml\n")
	c.HTTP.Listen = free
	c.C2S.Listen = []string{"192.0.2.1:5222"}
	check("not ours", "RED this machine does not have the address 192.0.2.1:5222 (c2s.listen) | "+
		"set c2s.listen in parley.toml to an address of this machine\n")

	c.C2S.Listen = []string{taken.Addr().String()}
	w.serve(map[string]control.Handler{control.CmdStatus: control.Handle(
		func(context.Context, control.None) (control.None, error) { return control.None{}, nil })})
	check("running", "RED the server is running but does not listen on "+free+" (http.listen) | "+
		"restart the server: systemctl restart parley\n")
	c.HTTP.Listen = ""
	check("ours", "ok the server is running and listens on all of its ports\n")
}

func TestCheckBrokenServer(t *testing.T) {
	w := newWorld(t)
	c := conf.Default()
	c.Data, c.HTTP.Listen, c.C2S.Listen, c.C2S.ListenTLS = w.data(), "", nil, nil
	c.S2S.Enabled, c.HTTP.ListenTLS = false, nil
	w.serve(map[string]control.Handler{control.CmdStatus: control.Handle(
		func(context.Context, control.None) (control.None, error) {
			return control.None{}, errors.New("ill")
		})})
	want := "RED the server does not answer on its control socket: ill | see the server's log\n"
	if got := text(checkPorts(t.Context(), c)); got != want {
		t.Errorf("got %s", got)
	}
}

func TestCheckData(t *testing.T) {
	w := newWorld(t)
	c := &conf.Config{Data: w.data(), Path: "parley.toml"}
	if got := text(checkData(c)); got != "ok "+c.Data+" does not exist yet; the server makes it\n" {
		t.Errorf("none: %s", got)
	}
	if err := makeDataFolder(c.Data); err != nil {
		t.Fatal(err)
	}
	if got := text(checkData(c)); !strings.HasPrefix(got, "ok "+c.Data+", ") {
		t.Errorf("made: %s", got)
	}
	if err := os.Chmod(c.Data, 0o750); err != nil {
		t.Fatal(err)
	}
	want := "RED other users of this machine can reach into " + c.Data + " (mode 0750) | chmod 700 " +
		c.Data + "\n"
	if got := text(checkData(c)); got != want {
		t.Errorf("open: %s", got)
	}
	c.Data = w.file("file", "")
	if got := text(checkData(c)); !strings.Contains(got, "is no folder") {
		t.Errorf("file: %s", got)
	}
}

func TestCheckClock(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 0, 0, time.UTC)
	for _, test := range []struct {
		now   time.Time
		unset bool
		want  string
	}{
		{now, false, "ok 2027-01-02 03:04 UTC\n"},
		{now, true, "warning nothing keeps the clock right | timedatectl set-ntp true\n"},
		{time.Unix(0, 0), false, "RED the clock says 1970-01-01, which is over | " +
			"timedatectl set-ntp true\n"},
	} {
		if got := text(checkClock(test.now, test.unset)); got != test.want {
			t.Errorf("got %s want %s", got, test.want)
		}
	}
}

// TestCheck runs the whole command: green for localhost, red for a domain
// whose certificate is self-made.
func TestCheck(t *testing.T) {
	w := newWorld(t)
	w.config(`domains = ["localhost"]`)
	if r := w.run("quickstart", "--setup-only"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	r := w.run("check")
	if r.code != 0 || strings.Contains(r.stdout, "RED") {
		t.Errorf("localhost: %+v", r)
	}
	w = newWorld(t)
	w.config(`domains = ["example.org"]`)
	if r := w.run("quickstart", "--setup-only", "example.org"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	r = w.run("check")
	for _, line := range []string{
		"config       ok       DIR/parley.toml\n",
		"ports        ok       all ports are free\n",
		"certificate  RED      the certificate of example.org, conference.example.org, " +
			"pubsub.example.org, upload.example.org is self-made: other servers and careful clients " +
			"refuse it\n                      mend: certbot certonly --standalone --cert-name " +
			"example.org -d example.org -d conference.example.org -d pubsub.example.org " +
			"-d upload.example.org\n",
		"dns          RED      _xmpp-client._tcp.example.org is missing, and example.org has no " +
			"address\n",
		"dns          RED      _xmpp-server._tcp.upload.example.org is missing, ",
	} {
		if !strings.Contains(r.stdout, line) {
			t.Errorf("no line %s in\n%s", line, r.stdout)
		}
	}
	if r.code != 1 || r.stderr != "" {
		t.Errorf("status %d, %s", r.code, r.stderr)
	}
}
