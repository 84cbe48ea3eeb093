package dnstest

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"parley/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// library is Go's own resolver, asking s.
func library(s *Server) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.Addr())
	}}
}

// TestServer: the library understands the answers.
func TestServer(t *testing.T) {
	s := Start(t)
	s.SetSRV("_xmpp-server._tcp.example.net", SRV{10, 5, 5269, "xmpp.example.net"}, SRV{5, 0, 5270, "."})
	s.SetA("xmpp.example.net", "192.0.2.1")
	s.SetAAAA("xmpp.example.net", "2001:db8::1")
	s.SetCNAME("www.example.net", "xmpp.example.net")
	s.SetFail("bad.example.net", dnsmessage.RCodeServerFailure)
	r := library(s)
	_, srv, err := r.LookupSRV(t.Context(), "xmpp-server", "tcp", "example.net")
	if err != nil || len(srv) != 2 || *srv[1] != (net.SRV{Target: "xmpp.example.net.", Port: 5269, Priority: 10, Weight: 5}) {
		t.Errorf("%v (%v)", srv, err)
	}
	for _, truncate := range []bool{false, true} {
		s.Behave(Manner{Truncate: truncate})
		addrs, err := r.LookupHost(t.Context(), "www.example.net")
		slices.Sort(addrs)
		if err != nil || !slices.Equal(addrs, []string{"192.0.2.1", "2001:db8::1"}) {
			t.Errorf("truncated %v: %v (%v)", truncate, addrs, err)
		}
	}
	var e *net.DNSError
	if _, err := r.LookupHost(t.Context(), "none.example.net."); !errors.As(err, &e) || !e.IsNotFound {
		t.Errorf("a name that is not there: %v", err)
	}
	if _, err := r.LookupHost(t.Context(), "bad.example.net."); !errors.As(err, &e) || e.IsNotFound || !e.IsTemporary {
		t.Errorf("a name that fails: %v", err)
	}
	s.SetNX("xmpp.example.net")
	if _, err := r.LookupHost(t.Context(), "xmpp.example.net."); !errors.As(err, &e) || !e.IsNotFound {
		t.Errorf("a name that was removed: %v", err)
	}
	if n := s.Asked("None.example.net."); n < 2 || s.Asked("other.example.net") != 0 {
		t.Errorf("asked %d times, want at least once for each family", n)
	}
}

// TestSilent: the server ends although answers are due.
func TestSilent(t *testing.T) {
	s := Start(t)
	for _, m := range []Manner{{Silent: true}, {Delay: time.Hour}} {
		s.Behave(m)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := library(s).LookupHost(ctx, "example.net."); err == nil {
			t.Error("an answer")
		}
		cancel()
	}
}
