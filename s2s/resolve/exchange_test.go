package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"parley/internal/dnstest"
	"parley/internal/memconn"
)

// refuseDial is a machine where nothing listens.
func refuseDial(context.Context, string, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// TestTruncated: what does not fit into a datagram comes over TCP.
func TestTruncated(t *testing.T) {
	s := dnstest.Start(t)
	s.Behave(dnstest.Manner{Truncate: true})
	var records []dnstest.SRV
	for i := range 40 {
		records = append(records, dnstest.SRV{Port: 5269, Target: fmt.Sprintf("a-long-name-of-a-server-%d.example", i)})
	}
	s.SetSRV(plainSRV+"example.net", records...)
	got, err := testResolver(t, s).Lookup(t.Context(), "example.net")
	if err != nil || len(got) != 40 {
		t.Errorf("%d targets (%v), want 40", len(got), err)
	}
}

// TestForged: replies to another query are passed over, whatever they say, and
// the true one is waited for.
func TestForged(t *testing.T) {
	s := dnstest.Start(t)
	s.SetSRV(plainSRV+"example.net", dnstest.SRV{Port: 5269, Target: "xmpp.example.net"})
	change := func(reply []byte, f func(*dnsmessage.Message)) []byte {
		var m dnsmessage.Message
		if err := m.Unpack(reply); err != nil {
			t.Error(err)
		}
		m.Authorities = nil
		m.RCode = dnsmessage.RCodeSuccess
		evil := dnsmessage.MustNewName("evil.example.")
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeSRV,
				Class: dnsmessage.ClassINET, TTL: 60},
			Body: &dnsmessage.SRVResource{Port: 1, Target: evil}}}
		f(&m)
		forged, err := m.Pack()
		if err != nil {
			t.Error(err)
		}
		return forged
	}
	s.Behave(dnstest.Manner{Forge: func(reply []byte) [][]byte {
		other := dnsmessage.MustNewName("other.example.")
		return [][]byte{
			change(reply, func(m *dnsmessage.Message) { m.ID++ }),
			change(reply, func(m *dnsmessage.Message) { m.Response = false }),
			change(reply, func(m *dnsmessage.Message) { m.OpCode = 5 }),
			change(reply, func(m *dnsmessage.Message) { m.Questions[0].Name = other }),
			change(reply, func(m *dnsmessage.Message) { m.Questions[0].Type = dnsmessage.TypeA }),
			change(reply, func(m *dnsmessage.Message) { m.Questions[0].Class = dnsmessage.ClassCHAOS }),
			change(reply, func(m *dnsmessage.Message) { m.Questions = nil }),
			change(reply, func(m *dnsmessage.Message) { m.Questions = append(m.Questions, m.Questions[0]) }),
			reply[:7], nil,
		}
	}})
	got, err := testResolver(t, s).Lookup(t.Context(), "example.net")
	if err != nil || show(got) != "xmpp.example.net:5269" {
		t.Errorf("%s (%v)", show(got), err)
	}
}

// TestNotAsked: records in a true answer that belong to other names are not
// believed.
func TestNotAsked(t *testing.T) {
	q, err := question("example.net", dnsmessage.TypeA)
	if err != nil {
		t.Fatal(err)
	}
	name := dnsmessage.MustNewName
	header := func(n string, typ dnsmessage.Type, class dnsmessage.Class) dnsmessage.ResourceHeader {
		return dnsmessage.ResourceHeader{Name: name(n), Type: typ, Class: class, TTL: 7}
	}
	a := func(last byte) *dnsmessage.AResource { return &dnsmessage.AResource{A: [4]byte{192, 0, 2, last}} }
	in, typeA := dnsmessage.ClassINET, dnsmessage.TypeA
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 1, Response: true, RecursionAvailable: true},
		Questions: []dnsmessage.Question{q},
		Answers: []dnsmessage.Resource{
			{Header: header("other.example.", typeA, in), Body: a(1)},
			{Header: header("end.example.", typeA, in), Body: a(2)},
			{Header: header("end.example.", typeA, dnsmessage.ClassCHAOS), Body: a(3)},
			{Header: header("end.example.", dnsmessage.TypeTXT, in), Body: &dnsmessage.TXTResource{TXT: []string{"x"}}},
			{Header: header("MIDDLE.example.", dnsmessage.TypeCNAME, in),
				Body: &dnsmessage.CNAMEResource{CNAME: name("End.example.")}},
			{Header: header("Example.net.", dnsmessage.TypeCNAME, in),
				Body: &dnsmessage.CNAMEResource{CNAME: name("middle.example.")}},
		},
	}
	msg, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAnswer(msg, 1, q)
	if err != nil || len(got.addrs) != 1 || got.addrs[0].String() != "192.0.2.2" || got.ttl != 7*time.Second {
		t.Errorf("%+v (%v)", got, err)
	}
}

// TestReferral: a server that only knows whom else to ask has not answered.
func TestReferral(t *testing.T) {
	q, err := question("example.net", dnsmessage.TypeA)
	if err != nil {
		t.Fatal(err)
	}
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: 1, Response: true}, Questions: []dnsmessage.Question{q}}
	msg, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readAnswer(msg, 1, q); err == nil || !strings.Contains(err.Error(), "refers") {
		t.Error(err)
	}
	m.Authoritative = true
	if msg, err = m.Pack(); err != nil {
		t.Fatal(err)
	}
	if a, err := readAnswer(msg, 1, q); err != nil || !a.none() || a.gone || a.ttl != 0 {
		t.Errorf("%+v (%v)", a, err)
	}
}

// silentNet is a network of DNS servers that never answer; it notes who was
// asked, and when.
type silentNet struct {
	mu    sync.Mutex
	begin time.Time
	asked []string
	ends  []net.Conn
}

func (n *silentNet) dial(_ context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, fmt.Sprintf("%s %s %s", network, address, time.Since(n.begin)))
	a, b := memconn.Pipe()
	n.ends = append(n.ends, b)
	return a, nil
}

// TestRetries: each server gets its time, all are asked twice, and then it is
// said who does not answer.
func TestRetries(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	text := "nameserver 192.0.2.1\nnameserver 2001:db8::2\noptions timeout:3 rotate\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		n := &silentNet{begin: time.Now()}
		r := New(Options{HostsFile: conf + "-none", ResolvConf: conf, Dial: n.dial})
		_, err := r.query(t.Context(), key{"example.net", dnsmessage.TypeA})
		if err == nil || err.Error() != "DNS server [2001:db8::2]:53 does not answer" || errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		want := []string{"udp 192.0.2.1:53 0s", "udp [2001:db8::2]:53 3s", "udp 192.0.2.1:53 6s", "udp [2001:db8::2]:53 9s"}
		if !slices.Equal(n.asked, want) {
			t.Errorf("asked %q, want %q", n.asked, want)
		}
		for _, c := range n.ends {
			c.Close()
		}
	})
}

// TestNextServer: where the first server is not running or does not know, the
// second is asked.
func TestNextServer(t *testing.T) {
	bad, good := dnstest.Start(t), dnstest.Start(t)
	bad.SetFail("example.net", dnsmessage.RCodeServerFailure)
	good.SetA("example.net", "192.0.2.80")
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	text := "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := New(Options{ResolvConf: conf, HostsFile: conf + "-none",
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			to := map[string]string{"192.0.2.2:53": bad.Addr(), "192.0.2.3:53": good.Addr()}[address]
			if to == "" {
				return refuseDial(ctx, network, address)
			}
			return new(net.Dialer).DialContext(ctx, network, to)
		}})
	a, err := r.query(t.Context(), key{"example.net", dnsmessage.TypeA})
	if err != nil || len(a.addrs) != 1 || bad.Asked("example.net") != 1 {
		t.Errorf("%+v (%v), the bad one was asked %d times", a, err, bad.Asked("example.net"))
	}
}

// TestNotRunning: an admin reads that there is no DNS server.
func TestNotRunning(t *testing.T) {
	r := New(Options{Server: "127.0.0.1", Dial: refuseDial, HostsFile: "/nonexistent"})
	_, err := r.Lookup(t.Context(), "example.net")
	if err == nil || !strings.HasPrefix(err.Error(), "DNS server 127.0.0.1:53 is not running") ||
		errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// FuzzReadAnswer: whatever a server sends is read without harm, and within
// bounds.
func FuzzReadAnswer(f *testing.F) {
	q, err := question("example.net", dnsmessage.TypeSRV)
	if err != nil {
		f.Fatal(err)
	}
	query, err := packQuery(1, q)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(query)
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 1, Response: true, RecursionAvailable: true},
		Questions: []dnsmessage.Question{q},
		Answers: []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60},
			Body:   &dnsmessage.SRVResource{Port: 5269, Target: q.Name},
		}},
	}
	msg, err := m.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(msg)
	f.Fuzz(func(t *testing.T, msg []byte) {
		a, err := readAnswer(msg, 1, q)
		switch {
		case err != nil && a != nil:
			t.Fatalf("%+v and %v", a, err)
		case err != nil:
			return
		case a.ttl < 0 || len(a.srv) > mostRecords || len(a.addrs) > 0 || a.gone && !a.none():
			t.Fatalf("%+v", a)
		}
	})
}
