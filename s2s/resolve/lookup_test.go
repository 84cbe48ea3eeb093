package resolve

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"parley/internal/dnstest"
)

const (
	plainSRV  = "_xmpp-server._tcp."
	directSRV = "_xmpps-server._tcp."
)

// testResolver asks a server of the test's and knows no hosts.
func testResolver(t *testing.T, s *dnstest.Server) *Resolver {
	t.Helper()
	return New(Options{Server: s.Addr(), HostsFile: filepath.Join(t.TempDir(), "hosts")})
}

// show writes targets so that they can be compared.
func show(targets []Target) string {
	var b strings.Builder
	for _, t := range targets {
		fmt.Fprintf(&b, "%s:%d", t.Host, t.Port)
		if t.Direct {
			b.WriteString(" direct")
		}
		for _, a := range t.Addrs {
			b.WriteString(" " + a.String())
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// TestLookup: which places a domain's server may be at (RFC 6120 section 3.2.1,
// Preferred Process: SRV Lookup, and 3.2.2, Fallback Processes; XEP-0368).
func TestLookup(t *testing.T) {
	type server = dnstest.Server
	srv := func(priority, port uint16, target string) dnstest.SRV {
		return dnstest.SRV{Priority: priority, Weight: 5, Port: port, Target: target}
	}
	for _, c := range []struct {
		name   string
		set    func(s *server)
		domain string
		want   string // "!" and a text: the error
	}{
		{"one record", func(s *server) {
			s.SetSRV(plainSRV+"example.net", srv(10, 5269, "xmpp.example.net"))
			s.SetA("example.net", "192.0.2.80")
		}, "example.net", "xmpp.example.net:5269"},
		{"both services in one order", func(s *server) {
			s.SetSRV(plainSRV+"example.net", srv(20, 5269, "b.example.net"), srv(40, 5269, "d.example.net"))
			s.SetSRV(directSRV+"example.net", srv(30, 443, "c.example.net"), srv(10, 5270, "a.example.net"))
		}, "example.net", "a.example.net:5270 direct\nb.example.net:5269\nc.example.net:443 direct\nd.example.net:5269"},
		{"no direct TLS", func(s *server) {
			s.SetSRV(plainSRV+"example.net", srv(10, 5269, "xmpp.example.net"))
			s.SetSRV(directSRV+"example.net", srv(0, 0, "."))
		}, "example.net", "xmpp.example.net:5269"},
		{"no STARTTLS", func(s *server) {
			s.SetSRV(plainSRV+"example.net", srv(0, 0, "."))
			s.SetSRV(directSRV+"example.net", srv(10, 5270, "xmpp.example.net"))
		}, "example.net", "xmpp.example.net:5270 direct"},
		{"no direct TLS and nothing else", func(s *server) {
			s.SetSRV(directSRV+"example.net", srv(0, 0, "."))
			s.SetA("example.net", "192.0.2.80")
		}, "example.net", `!example.net says that it has no server for XMPP (its SRV record has the target ".")`},
		{"no STARTTLS and nothing else", func(s *server) {
			s.SetSRV(plainSRV+"example.net", srv(0, 0, "."))
			s.SetA("example.net", "192.0.2.80")
		}, "example.net", "!example.net says that it has no server"},
		{"no service beside a service", func(s *server) {
			s.SetSRV(plainSRV+"example.net", srv(0, 0, "."), srv(10, 5269, "xmpp.example.net"))
		}, "example.net", "xmpp.example.net:5269"},
		{"no records", func(s *server) {
			s.SetA("example.net", "192.0.2.80", "192.0.2.81")
			s.SetAAAA("example.net", "2001:db8::80")
		}, "example.net", "example.net:5269 2001:db8::80 192.0.2.80 192.0.2.81"},
		{"records that are none", func(s *server) {
			s.SetSRV(plainSRV+"example.net", srv(10, 5269, "not a name"), srv(10, 0, "xmpp.example.net"))
			s.SetA("example.net", "192.0.2.80")
		}, "example.net", "example.net:5269 192.0.2.80"},
		{"nothing", func(s *server) {}, "example.net",
			"!no SRV record _xmpp-server._tcp.example.net and no address of example.net"},
		{"U-labels", func(s *server) {
			s.SetSRV(plainSRV+"xn--bcher-kva.example", srv(10, 5269, "XMPP.Example.NET"))
		}, "bücher.example", "xmpp.example.net:5269"},
		{"capitals", func(s *server) {
			s.SetSRV(plainSRV+"example.net", srv(10, 5269, "xmpp.example.net"))
		}, "Example.NET.", "xmpp.example.net:5269"},
		{"IPv4", func(s *server) {}, "192.0.2.1", "192.0.2.1:5269 192.0.2.1"},
		{"IPv6", func(s *server) {}, "[2001:db8::1]", "2001:db8::1:5269 2001:db8::1"},
		{"no domain name", func(s *server) {}, "a..b", `!"a..b" is no domain name`},
		{"a name too long", func(s *server) {}, strings.Repeat("a1234567.", 27) + "example",
			"!is no name that DNS could have"},
		{"alias of the service", func(s *server) {
			s.SetCNAME(plainSRV+"example.net", plainSRV+"example.org")
			s.SetSRV(plainSRV+"example.org", srv(10, 5269, "xmpp.example.org"))
		}, "example.net", "xmpp.example.org:5269"},
		{"alias of the domain", func(s *server) {
			s.SetCNAME("example.net", "www.example.net")
			s.SetA("www.example.net", "192.0.2.80")
		}, "example.net", "example.net:5269 192.0.2.80"},
		{"alias without end", func(s *server) {
			s.SetCNAME("example.net", "www.example.net")
			s.SetCNAME("www.example.net", "example.net")
		}, "example.net", "!sends a malformed answer: an alias without end"},
		{"one service cannot be asked for", func(s *server) {
			s.SetFail(directSRV+"example.net", dnsmessage.RCodeServerFailure)
			s.SetSRV(plainSRV+"example.net", srv(10, 5269, "xmpp.example.net"))
		}, "example.net", "xmpp.example.net:5269"},
		{"services cannot be asked for", func(s *server) {
			s.SetFail(directSRV+"example.net", dnsmessage.RCodeRefused)
			s.SetFail(plainSRV+"example.net", dnsmessage.RCodeServerFailure)
			s.SetA("example.net", "192.0.2.80")
		}, "example.net", "example.net:5269 192.0.2.80"},
		{"nothing can be asked for", func(s *server) {
			s.SetFail(plainSRV+"example.net", dnsmessage.RCodeServerFailure)
		}, "example.net", "!answers SERVFAIL (it could not find out)"},
		{"no service, the other unknown", func(s *server) {
			s.SetFail(plainSRV+"example.net", dnsmessage.RCodeRefused)
			s.SetSRV(directSRV+"example.net", srv(0, 0, "."))
			s.SetA("example.net", "192.0.2.80")
		}, "example.net", "!answers REFUSED (it does not want to)"},
		{"address unknown", func(s *server) {
			s.SetFail("example.net", dnsmessage.RCodeNotImplemented)
		}, "example.net", "!answers NOTIMP (it cannot do that)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := dnstest.Start(t)
			c.set(s)
			got, err := testResolver(t, s).Lookup(t.Context(), c.domain)
			want, fails := strings.CutPrefix(c.want, "!")
			switch {
			case fails && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("error %v, want %s", err, want)
			case !fails && (err != nil || show(got) != want):
				t.Errorf("got\n%s\n(%v), want\n%s", show(got), err, want)
			}
			if err == nil {
				return
			}
			final := strings.HasPrefix(err.Error(), "DNS server")
			if errors.Is(err, ErrNotFound) == final {
				t.Errorf("%v: not found is %v", err, !final)
			}
			if errors.Is(err, ErrNoService) != strings.Contains(err.Error(), "says that") {
				t.Errorf("%v: no service is %v", err, errors.Is(err, ErrNoService))
			}
		})
	}
}

// TestNoFallback: the address of a domain that knows SRV is not even asked for
// (XEP-0368 section 5, Implementation Notes).
func TestNoFallback(t *testing.T) {
	s := dnstest.Start(t)
	s.SetA("example.net", "192.0.2.80")
	s.SetSRV(directSRV+"example.net", dnstest.SRV{Target: "."})
	if _, err := testResolver(t, s).Lookup(t.Context(), "example.net"); !errors.Is(err, ErrNoService) {
		t.Error(err)
	}
	if s.Asked(plainSRV+"example.net") != 1 || s.Asked("example.net") != 0 {
		t.Errorf("asked %d times for the other service, %d for addresses, want 1 and 0",
			s.Asked(plainSRV+"example.net"), s.Asked("example.net"))
	}
}

// TestHosts: addresses of the hosts file count before those of DNS, and where
// DNS does not answer they are enough.
func TestHosts(t *testing.T) {
	s := dnstest.Start(t)
	r := testResolver(t, s)
	hosts := filepath.Join(t.TempDir(), "hosts")
	r.hosts.path = hosts
	if err := os.WriteFile(hosts, []byte("192.0.2.7 peer peer.example # our peer\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.SetA("peer.example", "192.0.2.99")
	s.SetFail(plainSRV+"peer.example", dnsmessage.RCodeServerFailure)
	got, err := r.Lookup(t.Context(), "peer.example")
	if err != nil || show(got) != "peer.example:5269 192.0.2.7" {
		t.Errorf("%s (%v)", show(got), err)
	}
	s.SetNX(plainSRV + "peer.example")
	s.SetSRV(plainSRV+"peer.example", dnstest.SRV{Port: 5, Target: "xmpp.example"})
	if got, err = r.Lookup(t.Context(), "peer.example"); err != nil || show(got) != "xmpp.example:5" {
		t.Errorf("with a record: %s (%v)", show(got), err)
	}
}

// TestLocalhost: nobody is asked for this machine (RFC 6761 section 6.3, Domain
// Name Reservation Considerations for "localhost.").
func TestLocalhost(t *testing.T) {
	r := New(Options{HostsFile: "/nonexistent", ResolvConf: "/nonexistent", Dial: refuseDial})
	for _, name := range []string{"localhost", "chat.localhost"} {
		got, err := r.Lookup(t.Context(), name)
		if err != nil || show(got) != name+":5269 ::1 127.0.0.1" {
			t.Errorf("%s: %s (%v)", name, show(got), err)
		}
	}
	if _, err := r.Lookup(t.Context(), "localhost.example"); err == nil {
		t.Error("another name is this machine")
	}
}

// TestLookupEnds: a lookup ends with its context although the server is silent.
func TestLookupEnds(t *testing.T) {
	s := dnstest.Start(t)
	s.Behave(dnstest.Manner{Silent: true})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := testResolver(t, s).Lookup(ctx, "example.net"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestASCII: domains as DNS has them.
func TestASCII(t *testing.T) {
	for in, want := range map[string]string{
		"example.net": "example.net", "Example.NET.": "example.net", "bücher.example": "xn--bcher-kva.example",
		"BÜCHER.example": "xn--bcher-kva.example", "a_b.example": "a_b.example", "": "", ".": "", "a..b": "",
		"a b": "", "192.0.2.1": "", "[::1]": "", "*.example.net": "", "a/b": "", strings.Repeat("a", 64): "",
	} {
		got, ok := ASCII(in)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q is %q (%v), want %q", in, got, ok, want)
		}
	}
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "[2001:db8::1]": "2001:db8::1", "2001:db8::1": "", "[192.0.2.1]": "",
		"[::1": "", "[fe80::1%eth0]": "", "example.net": "",
	} {
		got, ok := IP(in)
		if ok != (want != "") || ok && got != netip.MustParseAddr(want) {
			t.Errorf("%q is %v (%v), want %q", in, got, ok, want)
		}
	}
}

// TestOrder: priority first, and among equals each as often as its weight says
// (RFC 2782).
func TestOrder(t *testing.T) {
	list := []candidate{
		{Target{Host: "last"}, 20, 100}, {Target{Host: "heavy"}, 10, 3}, {Target{Host: "light"}, 10, 1},
		{Target{Host: "zero"}, 10, 0}, {Target{Host: "first"}, 5, 0},
	}
	count := map[string]int{}
	for lot := range 5 { // of the first draw among three: 0 to 4
		drawn := 0
		got := order(slices.Clone(list), func(n int) int {
			if drawn++; drawn == 2 {
				if n != 5 {
					t.Fatalf("draw of %d lots, want 5", n)
				}
				return lot
			}
			return 0
		})
		if len(got) != 5 || got[0].Host != "first" || got[4].Host != "last" {
			t.Fatalf("order %v", got)
		}
		count[got[1].Host]++
	}
	if count["zero"] != 1 || count["light"] != 1 || count["heavy"] != 3 {
		t.Errorf("drawn first: %v", count)
	}
}
