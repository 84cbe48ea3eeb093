package resolve

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"parley/internal/dnstest"
)

// TestCache: an answer holds as long as it says, within bounds, and so does that
// there is nothing (RFC 2308 section 5, Caching Negative Answers).
func TestCache(t *testing.T) {
	for _, c := range []struct {
		name    string
		set     func(s *dnstest.Server)
		ttl     uint32
		holds   time.Duration // it is not asked again before
		expires time.Duration // it is asked again then
	}{
		{"address", func(s *dnstest.Server) { s.SetA("example.net", "192.0.2.1") }, 60, 59 * time.Second, time.Minute},
		{"for this time only", func(s *dnstest.Server) { s.SetA("example.net", "192.0.2.1") }, 0, -1, 0},
		{"for ever", func(s *dnstest.Server) { s.SetA("example.net", "192.0.2.1") }, 1 << 30, time.Hour - 1, time.Hour},
		{"no sensible time", func(s *dnstest.Server) { s.SetA("example.net", "192.0.2.1") }, 1 << 31, -1, 0},
		{"nothing of that type", func(s *dnstest.Server) { s.SetAAAA("example.net", "::1") }, 60, 59 * time.Second,
			time.Minute},
		{"nothing, for ever", func(s *dnstest.Server) { s.SetAAAA("example.net", "::1") }, 1 << 30,
			5*time.Minute - 1, 5 * time.Minute},
		{"no such name", func(s *dnstest.Server) { s.SetNX("example.net") }, 0, 59 * time.Second, time.Minute},
		{"failure", func(s *dnstest.Server) { s.SetFail("example.net", dnsmessage.RCodeRefused) }, 60, -1, 0},
		{"alias", func(s *dnstest.Server) {
			s.SetCNAME("example.net", "www.example.net")
			s.SetA("www.example.net", "192.0.2.1")
			s.SetTTL("www.example.net", 300)
		}, 30, 29 * time.Second, 30 * time.Second},
	} {
		s := dnstest.Start(t)
		r := testResolver(t, s)
		now := time.Now()
		r.now = func() time.Time { return now }
		c.set(s)
		if c.name != "no such name" {
			s.SetTTL("example.net", c.ttl)
		}
		ask := func(after time.Duration) int {
			before := s.Asked("example.net")
			r.now = func() time.Time { return now.Add(after) }
			r.query(t.Context(), key{"example.net", dnsmessage.TypeA})
			return s.Asked("example.net") - before
		}
		if ask(0) == 0 {
			t.Errorf("%s: not asked", c.name)
		}
		if c.holds > 0 && ask(c.holds) != 0 {
			t.Errorf("%s: asked again after %s", c.name, c.holds)
		}
		if ask(c.expires) == 0 {
			t.Errorf("%s: not asked again after %s", c.name, c.expires)
		}
	}
}

// TestShared: many who ask for the same at the same time make one query.
func TestShared(t *testing.T) {
	s := dnstest.Start(t)
	s.SetA("example.net", "192.0.2.1")
	s.SetTTL("example.net", 0)
	joined := make(chan struct{})
	s.Behave(dnstest.Manner{Forge: func([]byte) [][]byte { <-joined; return nil }})
	r := testResolver(t, s)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			a, err := r.query(t.Context(), key{"example.net", dnsmessage.TypeA})
			if err != nil || len(a.addrs) != 1 {
				t.Errorf("%+v (%v)", a, err)
			}
		})
	}
	waitFor(t, r, key{"example.net", dnsmessage.TypeA}, 50)
	close(joined)
	wg.Wait()
	if n := s.Asked("example.net"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// waitFor waits until so many wait for a query, and gives it.
func waitFor(t *testing.T, r *Resolver, k key, n int) *call {
	t.Helper()
	for ; t.Context().Err() == nil; time.Sleep(time.Millisecond) {
		r.mu.Lock()
		c := r.calls[k]
		if c != nil && c.waiting == n {
			r.mu.Unlock()
			return c
		}
		r.mu.Unlock()
	}
	t.Fatal("the test is over")
	return nil
}

// TestGiveUp: one who no longer waits does not end the query for the others,
// and the last one does.
func TestGiveUp(t *testing.T) {
	s := dnstest.Start(t)
	s.Behave(dnstest.Manner{Silent: true})
	r := testResolver(t, s)
	k := key{"example.net", dnsmessage.TypeA}
	ctx1, cancel1 := context.WithCancel(t.Context())
	ctx2, cancel2 := context.WithCancel(t.Context())
	defer cancel2()
	ended := make(chan error, 1)
	go func() {
		_, err := r.query(ctx2, k)
		ended <- err
	}()
	waiting := func(n int) *call { return waitFor(t, r, k, n) }
	waiting(1)
	go r.query(ctx1, k)
	c := waiting(2)
	cancel1()
	waiting(1)
	select {
	case <-c.done:
		t.Error("the query ended with the first")
	default:
	}
	cancel2()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-c.done
	if c.err == nil || len(r.calls) != 0 {
		t.Errorf("error %v, %d calls are left", c.err, len(r.calls))
	}
}

// TestCacheBound: the cache does not grow without end.
func TestCacheBound(t *testing.T) {
	r := New(Options{})
	now := time.Now()
	r.now = func() time.Time { return now }
	for i := range mostEntries + 100 {
		ttl := time.Minute
		if i%2 == 0 {
			ttl = time.Second
		}
		r.keep(key{fmt.Sprint(i), dnsmessage.TypeA}, &answer{ttl: ttl, gone: true})
	}
	if n := len(r.cache); n > mostEntries {
		t.Errorf("%d entries", n)
	}
	now = now.Add(2 * time.Second)
	r.makeRoom(now)
	for k, e := range r.cache {
		if !now.Before(e.until) {
			t.Errorf("%v is over and kept", k)
		}
	}
}
