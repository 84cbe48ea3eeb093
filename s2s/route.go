package s2s

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"parley/router"
	"parley/stanza"
)

// pair is a domain pair (XEP-0220 section 1.3, Terminology) as seen from here:
// one of our domains and another one.
type pair struct{ local, remote string }

// route is the way of what goes from one of our domains to another domain: in
// order, on one link at a time (RFC 6120 section 10.1, In-Order Processing).
type route struct {
	server *Server
	pair

	mu         sync.Mutex
	link       *link // takes what is sent; nil while there is none
	queue      []item
	bytes      int  // of queue
	connecting bool // somebody is looking for a link
	gone       bool // not in Server.routes any more
	failures   int  // in a row
	until      time.Time
	err        *stanza.Error // for those who send before until
}

// item is a packet on its way.
type item struct {
	*router.Packet
	route *route
	again bool // it was the first that a stream left undone when it ended with an error
}

// overhead is about what a packet takes beside its text.
const overhead = 500

// size is what an item counts for in a queue.
func (i item) size() int { return len(i.Stanza.Raw) + overhead }

// Backoff after failures to connect, before jitter.
const (
	firstWait   = 2 * time.Second
	longestWait = 5 * time.Minute
)

// Send implements router.Outbound.
func (s *Server) Send(_ context.Context, p *router.Packet) error {
	err := s.send(p)
	if err != nil && !returns(p) {
		return router.Handled
	}
	return err
}

// returns says whether the sender hears of what cannot be sent: presence that
// asks for nothing is dropped, as the contact cannot be online.
func returns(p *router.Packet) bool {
	return p.Stanza.Kind != stanza.Presence || p.Stanza.Type == "subscribe"
}

func (s *Server) send(p *router.Packet) error {
	if !s.config().Federates(p.To.Domain()) {
		// RFC 6120 section 8.3.3.10, not-allowed, names this case.
		return stanza.NotAllowed.WithText("this server does not talk to that domain")
	}
	for {
		r := s.route(pair{p.From.Domain(), p.To.Domain()})
		if r == nil {
			return stanza.ResourceConstraint.WithText("too many other domains are in use")
		}
		if err, ok := r.send(p); ok {
			return err
		}
	}
}

// mostRoutes bounds the memory that domains cost which somebody has thought of.
const mostRoutes = 50_000

// route finds or makes the route of a pair; nil if there are too many.
func (s *Server) route(pr pair) *route {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.routes[pr]
	if r == nil {
		if len(s.routes) >= mostRoutes {
			return nil
		}
		pr = pair{strings.Clone(pr.local), strings.Clone(pr.remote)}
		r = &route{server: s, pair: pr}
		s.routes[pr] = r
	}
	return r
}

// send queues a packet. ok is false if the route is not in use any more.
func (r *route) send(p *router.Packet) (err error, ok bool) {
	limit := r.server.config().S2S.Queue
	i := item{Packet: p, route: r}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.gone:
		return nil, false
	case r.link != nil && r.link.send(i, limit, &err):
		return err, true
	case r.link == nil && !r.connecting && time.Now().Before(r.until):
		return r.err, true
	case r.bytes > limit:
		// RFC 6120 section 8.3.3.18, resource-constraint
		return stanza.ResourceConstraint.WithText("too much waits for that domain"), true
	}
	r.queue = append(r.queue, i)
	r.bytes += i.size()
	if r.link == nil && !r.connect(0) {
		r.queue, r.bytes = r.queue[:len(r.queue)-1], r.bytes-i.size()
		return stanza.RemoteServerTimeout.WithText("this server is stopping"), true
	}
	return nil, true
}

// connect looks for a link after some time, unless somebody does already. It is
// false if the server has stopped. r.mu is held.
func (r *route) connect(after time.Duration) bool {
	if !r.connecting {
		r.connecting = r.server.run(func(ctx context.Context) { r.find(ctx, after) })
	}
	return r.connecting
}

// find gets a link for the route, or gives back what waits for one.
func (r *route) find(ctx context.Context, after time.Duration) {
	select {
	case <-time.After(after):
	case <-ctx.Done():
	}
	limit := r.server.config().S2S.ConnectTimeout
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if l := r.server.share(ctx, r.pair); l != nil {
		if _, ok := l.attach(r); ok {
			return
		}
	}
	l, err := r.server.open(ctx, r.pair)
	if err == nil {
		carries, ok := l.attach(r)
		if !carries {
			l.close(nil)
		}
		if ok {
			return
		}
		err = errGone
	}
	r.fail(err)
}

// shareFor is how long a peer has to accept another of our domains.
const shareFor = 10 * time.Second

// share uses a stream that carries another of our domains already, if the peer
// knows dialback errors and could not be convinced by a certificate (XEP-0220
// section 2.6.1, Multiplexing Sender Domains); nil if there is none.
func (s *Server) share(ctx context.Context, pr pair) *link {
	l := s.outTo(pr.remote, nil)
	if l == nil || l.sasl || !l.errors {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shareFor)
	defer cancel()
	if err := l.ours(ctx, pr); err != nil {
		s.Log.Debug("stream not shared", "from", pr.local, "to", pr.remote, "err", err)
		return nil
	}
	l.prove(pr, byDialback)
	return l
}

// reachable forgets that a domain could not be reached: it has come to us.
func (s *Server) reachable(remote string) {
	s.mu.Lock()
	var list []*route
	for pr, r := range s.routes {
		if pr.remote == remote {
			list = append(list, r)
		}
	}
	s.mu.Unlock()
	for _, r := range list {
		r.mu.Lock()
		r.failures, r.until = 0, time.Time{}
		r.mu.Unlock()
	}
}

// fail gives back what waits (RFC 6120 section 10.4.3, Error Handling), and
// keeps the next try off for a time that grows.
func (r *route) fail(err error) {
	s := r.server
	e := stanzaError(err)
	r.mu.Lock()
	r.connecting = false
	if r.link != nil {
		// The peer has come to us meanwhile (XEP-0288).
		r.mu.Unlock()
		return
	}
	queue := r.queue
	r.queue, r.bytes = nil, 0
	r.err, r.until = e, time.Now().Add(r.backoff())
	r.mu.Unlock()
	s.note(r.remote, err)
	s.Router.Metrics.Server(outgoing.String(), e.Condition)
	s.Log.Warn("cannot reach server", "from", r.local, "to", r.remote, "err", err)
	s.giveBack(queue, e)
	s.away(r.pair, true)
}

// backoff counts a failure and says how long to wait after it: the peer's other
// peers must not come back all at the same time. r.mu is held.
func (r *route) backoff() time.Duration {
	d := min(firstWait<<min(r.failures, 20), longestWait)
	r.failures++
	return d/2 + rand.N(d)
}

// giveBack returns packets to their senders.
func (s *Server) giveBack(list []item, e *stanza.Error) {
	if len(list) == 0 {
		return
	}
	s.mu.Lock()
	ctx := context.WithoutCancel(s.work)
	s.mu.Unlock()
	packets := make([]*router.Packet, 0, len(list))
	for _, i := range list {
		packets = append(packets, i.Packet)
		if returns(i.Packet) {
			s.Router.Bounce(ctx, i.Packet, e)
		}
	}
	s.Router.Metrics.Remote(outgoing.String(), "returned", len(list))
	if s.Rows != nil {
		s.Rows.Returned(packets)
	}
}
