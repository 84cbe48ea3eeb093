package resolve

import (
	"context"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// key is what answers are kept under: a name in ASCII without the last dot.
type key struct {
	name string
	typ  dnsmessage.Type
}

// entry is an answer that holds for some time.
type entry struct {
	answer *answer
	until  time.Time
}

// Bounds of the cache. An answer is not kept longer than an hour, so that a
// server that has moved is found without a restart here; that there is nothing,
// not longer than five minutes, since somebody may be setting it up.
const (
	mostTTL         = time.Hour
	mostNegativeTTL = 5 * time.Minute
	mostEntries     = 4096
	mostTime        = 30 * time.Second // for one query with all its attempts
)

// call is a query under way. Several may wait for it.
type call struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int // guarded by Resolver.mu

	answer *answer // these two are set before done is closed
	err    error
}

// query gives the answer of the cache or asks. Who asks for what is being asked
// already waits for the same answer; the query ends when nobody waits any more.
func (r *Resolver) query(ctx context.Context, k key) (*answer, error) {
	r.mu.Lock()
	if e, ok := r.cache[k]; ok && r.now().Before(e.until) {
		r.mu.Unlock()
		return e.answer, nil
	}
	c := r.calls[k]
	if c == nil {
		c = r.start(k)
	}
	c.waiting++
	r.mu.Unlock()
	select {
	case <-c.done:
		return c.answer, c.err
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.waiting--; c.waiting == 0 {
		c.cancel()
		r.forget(k, c)
	}
	return nil, ctx.Err()
}

// start begins a query. It is called with r.mu held.
func (r *Resolver) start(k key) *call {
	ctx, cancel := context.WithTimeout(context.Background(), mostTime)
	c := &call{done: make(chan struct{}), cancel: cancel}
	r.calls[k] = c
	go func() {
		defer cancel()
		c.answer, c.err = r.ask(ctx, k)
		r.mu.Lock()
		r.forget(k, c)
		r.keep(k, c.answer)
		r.mu.Unlock()
		close(c.done)
	}()
	return c
}

// forget ends that others join a call. It is called with r.mu held.
func (r *Resolver) forget(k key, c *call) {
	if r.calls[k] == c {
		delete(r.calls, k)
	}
}

// keep puts an answer into the cache. It is called with r.mu held.
func (r *Resolver) keep(k key, a *answer) {
	if a == nil {
		return
	}
	ttl := min(a.ttl, mostTTL)
	if a.none() {
		ttl = min(ttl, mostNegativeTTL)
	}
	now := r.now()
	if ttl <= 0 {
		delete(r.cache, k)
		return
	}
	if len(r.cache) >= mostEntries {
		r.makeRoom(now)
	}
	r.cache[k] = entry{a, now.Add(ttl)}
}

// makeRoom drops what is over, and if that is not enough any eighth.
func (r *Resolver) makeRoom(now time.Time) {
	for k, e := range r.cache {
		if !now.Before(e.until) {
			delete(r.cache, k)
		}
	}
	for k := range r.cache {
		if len(r.cache) <= mostEntries*7/8 {
			return
		}
		delete(r.cache, k)
	}
}
