package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"parley/internal/dnstest"
	"parley/internal/memconn"
)

// road is a network in which each address takes its time.
type road struct {
	takes map[string]time.Duration // missing: for ever; negative: refused after that time

	mu     sync.Mutex
	begin  time.Time
	tried  []string
	closed int
	open   int
}

// roadConn counts that it is closed.
type roadConn struct {
	net.Conn
	r *road
}

func (c roadConn) Close() error {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.closed++
	return c.Conn.Close()
}

func (r *road) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.tried = append(r.tried, fmt.Sprintf("%s %s", host, time.Since(r.begin)))
	takes, ok := r.takes[host]
	r.mu.Unlock()
	if !ok {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	time.Sleep(max(takes, -takes)) // it may end when nobody waits any more
	if takes < 0 {
		return refuseDial(ctx, "", "")
	}
	a, b := memconn.Pipe()
	context.AfterFunc(ctx, func() { b.Close() })
	r.mu.Lock()
	r.open++
	r.mu.Unlock()
	return roadConn{a, r}, nil
}

// TestRace: IPv6 and IPv4 take turns, 250 ms after each other or at once when
// one fails, and the first connection counts (RFC 8305).
func TestRace(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name  string
		addrs string
		takes map[string]time.Duration
		tried []string
		after time.Duration
		err   string
	}{
		{"IPv6 first", "192.0.2.1 2001:db8::1", map[string]time.Duration{"2001:db8::1": 249 * ms, "192.0.2.1": ms},
			[]string{"2001:db8::1 0s"}, 249 * ms, ""},
		{"IPv6 is slow", "192.0.2.1 2001:db8::1", map[string]time.Duration{"2001:db8::1": 900 * ms, "192.0.2.1": ms},
			[]string{"2001:db8::1 0s", "192.0.2.1 250ms"}, 251 * ms, ""},
		{"IPv6 is slow, IPv4 slower", "192.0.2.1 2001:db8::1",
			map[string]time.Duration{"2001:db8::1": 300 * ms, "192.0.2.1": 100 * ms},
			[]string{"2001:db8::1 0s", "192.0.2.1 250ms"}, 300 * ms, ""},
		{"IPv6 is refused", "192.0.2.1 2001:db8::1", map[string]time.Duration{"2001:db8::1": -ms, "192.0.2.1": ms},
			[]string{"2001:db8::1 0s", "192.0.2.1 1ms"}, 2 * ms, ""},
		{"in turn", "192.0.2.1 192.0.2.2 2001:db8::1 2001:db8::2 2001:db8::3", map[string]time.Duration{"2001:db8::3": ms},
			[]string{"2001:db8::1 0s", "192.0.2.1 250ms", "2001:db8::2 500ms", "192.0.2.2 750ms", "2001:db8::3 1s"},
			1001 * ms, ""},
		{"all are refused", "192.0.2.1 2001:db8::1", map[string]time.Duration{"2001:db8::1": -ms, "192.0.2.1": -ms},
			[]string{"2001:db8::1 0s", "192.0.2.1 1ms"}, 2 * ms,
			"connect to xmpp.example port 5269: 2001:db8::1: connection refused; 192.0.2.1: connection refused"},
		{"one is refused, one silent", "192.0.2.1 2001:db8::1", map[string]time.Duration{"2001:db8::1": -ms},
			[]string{"2001:db8::1 0s", "192.0.2.1 1ms"}, 10 * time.Second,
			"2001:db8::1: connection refused; 192.0.2.1: no answer in time: context deadline exceeded"},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := &road{takes: c.takes, begin: time.Now()}
			var addrs []netip.Addr
			for a := range strings.FieldsSeq(c.addrs) {
				addrs = append(addrs, netip.MustParseAddr(a))
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			conn, err := New(Options{Dial: r.dial}).Dial(ctx, Target{Host: "xmpp.example", Port: 5269, Addrs: addrs})
			if d := time.Since(r.begin); d != c.after {
				t.Errorf("%s: it took %s, want %s", c.name, d, c.after)
			}
			time.Sleep(time.Minute) // those that have lost end
			r.mu.Lock()
			defer r.mu.Unlock()
			if !slices.Equal(r.tried, c.tried) {
				t.Errorf("%s: tried %q, want %q", c.name, r.tried, c.tried)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("%s: error %v, want %s", c.name, err, c.err)
			}
			if errors.Is(err, ErrNotFound) {
				t.Errorf("%s: %v is not found", c.name, err)
			}
			if conn != nil {
				if r.closed != r.open-1 {
					t.Errorf("%s: %d connections, %d closed", c.name, r.open, r.closed)
				}
				conn.(roadConn).Conn.Close()
			}
		})
	}
}

// TestRaceLookup: IPv4 waits 50 ms for the answer about IPv6, IPv6 waits for
// nothing (RFC 8305).
func TestRaceLookup(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name      string
		six, four time.Duration // when the answer comes
		want      []string
	}{
		{"IPv6 first", 10 * ms, 900 * ms, []string{"2001:db8::1 10ms"}},
		{"IPv6 a little later", 60 * ms, 20 * ms, []string{"2001:db8::1 60ms"}},
		{"IPv6 later", 90 * ms, 20 * ms, []string{"192.0.2.1 70ms"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := &road{takes: map[string]time.Duration{"2001:db8::1": 100 * ms, "192.0.2.1": 100 * ms}, begin: time.Now()}
			d := &race{dial: r.dial, host: "xmpp.example", port: "1", found: make(chan found),
				tried: make(chan attempt), ready: true, lookups: 2, sixOpen: true}
			ctx, cancel := context.WithCancel(t.Context())
			say := func(typ dnsmessage.Type, after time.Duration, addr string) {
				time.Sleep(after)
				f := found{typ, &answer{addrs: []netip.Addr{netip.MustParseAddr(addr)}}, nil}
				select {
				case d.found <- f:
				case <-ctx.Done():
				}
			}
			go say(dnsmessage.TypeAAAA, c.six, "2001:db8::1")
			go say(dnsmessage.TypeA, c.four, "192.0.2.1")
			conn, err := d.run(ctx)
			cancel()
			if err != nil || !slices.Equal(r.tried, c.want) {
				t.Errorf("%s: tried %q (%v), want %q", c.name, r.tried, err, c.want)
			} else {
				conn.Close()
			}
			time.Sleep(time.Minute)
		})
	}
}

// TestDial connects for real, through DNS, and says what is wrong otherwise.
func TestDial(t *testing.T) {
	s := dnstest.Start(t)
	s.SetA("xmpp.example", "127.0.0.1")
	s.SetFail("broken.example", dnsmessage.RCodeServerFailure)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	r := testResolver(t, s)
	conn, err := r.Dial(t.Context(), Target{Host: "xmpp.example", Port: port})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	l.Close()
	for host, want := range map[string]string{
		"xmpp.example":   fmt.Sprintf("connect to xmpp.example port %d: 127.0.0.1: connection refused", port),
		"broken.example": "find the address of broken.example: DNS server " + s.Addr() + " answers SERVFAIL",
		"none.example":   "no address of none.example",
	} {
		_, err := r.Dial(t.Context(), Target{Host: host, Port: port})
		if err == nil || !strings.HasPrefix(err.Error(), want) || errors.Is(err, ErrNotFound) != (host == "none.example") {
			t.Errorf("%s: %v, want %s", host, err, want)
		}
	}
}
