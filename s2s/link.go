package s2s

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/stream"
)

// direction says who opened a connection.
type direction uint8

const (
	incoming direction = iota
	outgoing
)

// link is one connection with another server. Its reader is the goroutine that
// serves it; its writer runs while there is something to write.
type link struct {
	server *Server
	conn   *stream.Conn
	addr   netip.Addr
	dir    direction
	direct bool // TLS from the start
	pair        // of the stream headers; remote is a claim until it is proven
	id     string
	since  time.Time
	line   *router.Line // of what comes in
	speaks bool         // a stream of ours is open, while it is negotiated
	bidi   bool         // stanzas may go both ways (XEP-0288); set before the link is served

	life context.Context // ends with the link
	over context.CancelFunc

	mu      sync.Mutex
	control []byte // what is not a stanza and waits to be written
	queue   []item // stanzas that wait to be written
	bytes   int    // of queue
	writing bool   // there is a writer
	rested  sync.Cond
	reading bool // there is a reader
	raise   bool // it is to raise the limits
	closed  bool // no more stanzas are taken
	halted  bool // nothing more is written: the peer has ended its stream
	err     *stanza.StreamError
	routes  []*route
	wrote   time.Time

	maxBytes int // of a stanza, by the peer's word (XEP-0478); 0: not known
	proven
	confirming
}

// stuckAfter is how long a peer may take for one piece of output.
const stuckAfter = time.Minute

func (s *Server) newLink(nc net.Conn, dir direction) *link {
	c := s.config()
	l := &link{
		server: s,
		addr:   stream.PeerIP(nc),
		dir:    dir,
		since:  time.Now(),
		conn: stream.NewConn(nc, stream.Options{
			Limits: stanza.Limits{Bytes: c.Limits.BeforeLogin},
			Rate:   c.S2S.Rate,
			Burst:  c.S2S.Burst,
		}),
	}
	l.life, l.over = context.WithCancel(context.Background())
	l.rested.L = &l.mu
	l.proven.init()
	l.line = s.Router.NewLine(router.Remote)
	return l
}

// errEnded is what reading returns at the end of the peer's stream.
var errEnded = errors.New("the peer has closed the stream")

// add makes a link that has been negotiated known.
func (s *Server) add(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links[l] = struct{}{}
}

// serve reads until the stream ends, and ends it.
func (l *link) serve(ctx context.Context) {
	s := l.server
	stop := context.AfterFunc(ctx, func() { l.close(stanza.StreamSystemShutdown) })
	err := l.read(ctx)
	stop()
	l.end(err)
	l.mu.Lock()
	pr, proven := l.pair, len(l.pairs) > 0
	l.mu.Unlock()
	level := slog.LevelInfo
	if !proven {
		level = slog.LevelDebug // it was for a question about a key, or never came to be
	}
	s.Log.Log(ctx, level, "stream to server ended", "domain", pr.local, "peer", pr.remote, "dir", l.dir.String(),
		"err", err)
}

func (d direction) String() string {
	if d == outgoing {
		return "out"
	}
	return "in"
}

// attach makes the link the one that carries a route, unless another does. ok
// says that one does.
func (l *link) attach(r *route) (carries, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.link != nil || r.gone || l.closed {
		return r.link == l, r.link != nil
	}
	l.routes = append(l.routes, r)
	r.link, r.connecting, r.until = l, false, time.Time{}
	l.queue = append(l.queue, r.queue...)
	l.bytes += r.bytes
	r.queue, r.bytes = nil, 0
	l.wake()
	return true, true
}

// close ends the stream with an error (RFC 6120 section 4.9.1.1, Stream Errors
// Are Unrecoverable), or for nil without one; it does not block.
func (l *link) close(err *stanza.StreamError) {
	l.mu.Lock()
	first := !l.closed
	if first {
		l.err, l.closed = err, true
	}
	l.mu.Unlock()
	if first {
		_ = l.conn.Interrupt() // a connection that is closed needs no interruption
	}
}

// end writes what is queued, then the error and the end of the stream (RFC 6120
// section 4.4, Closing a Stream), and gives the link's routes back what is left.
func (l *link) end(err error) {
	l.mu.Lock()
	l.closed = true
	wrong := l.err
	ours := wrong != nil || errors.Is(err, stream.ErrInterrupted)
	gone := false
	var theirs *peerError
	switch {
	case ours || errors.As(err, &wrong):
	case errors.Is(err, errEnded) || errors.As(err, &theirs):
	case errors.Is(err, os.ErrDeadlineExceeded):
		wrong = stanza.StreamConnectionTimeout // (RFC 6120 section 4.9.3.4, connection-timeout)
	default:
		gone = true
	}
	// Only a stream that we end has its queue written: what a peer that has
	// ended its own would make of it nobody knows.
	l.halted = !ours
	l.mu.Unlock()
	planned := ours && (wrong == nil || wrong == stanza.StreamSystemShutdown)
	if gone || theirs != nil && theirs.condition != "connection-timeout" {
		defer l.broken() // when the link has been forgotten
	}
	defer l.remove()
	if gone {
		l.conn.Close()
	}
	late := time.AfterFunc(l.server.Farewell, func() { l.conn.Close() })
	defer late.Stop()
	l.quiet()
	// Before the farewell, which takes as long as the peer likes.
	l.handOver(err)
	if !gone {
		l.farewell(stream.AppendError(l.lastAck(), wrong), planned)
	}
}

// drop ends a link that was never served.
func (l *link) drop() {
	l.conn.Close()
	l.handOver(nil)
	l.remove()
}

// handOver gives what was not written to the next link, and returns what was
// written and not confirmed to the senders.
func (l *link) handOver(err error) {
	l.over()
	l.mu.Lock()
	l.closed, l.halted = true, true
	l.mu.Unlock()
	l.quiet()
	l.mu.Lock()
	routes := l.routes
	l.routes = nil
	again, lost := l.leftOver(err)
	left := append(again, l.queue...)
	l.queue, l.bytes = nil, 0
	l.mu.Unlock()
	for _, r := range routes {
		r.detach(l, slices.DeleteFunc(slices.Clone(left), func(i item) bool { return i.route != r }))
	}
	l.unanswered(err)
	l.server.giveBack(lost,
		stanza.RemoteServerTimeout.WithText("the stream broke before it was confirmed"))
}

// remove forgets a link whose connection is closed.
func (l *link) remove() {
	l.conn.Close()
	s := l.server
	s.mu.Lock()
	delete(s.links, l)
	s.mu.Unlock()
	if l.dir == incoming {
		s.crowd.Leave(l.addr)
	}
}

// quickly is how soon the end of a stream that has left something undone counts
// as a failure to connect.
const quickly = 10 * time.Second

// attempts is how many streams that end quickly are opened for what waits.
const attempts = 3

// detach takes the route off a link that has ended. left is what the link has
// not written: it goes before what has come since.
func (r *route) detach(l *link, left []item) {
	r.mu.Lock()
	if r.link != l {
		r.mu.Unlock()
		return
	}
	r.link = nil
	r.queue = append(left, r.queue...)
	r.bytes = 0
	for _, i := range r.queue {
		r.bytes += i.size()
	}
	var wait time.Duration
	if time.Since(l.since) < quickly && len(left) > 0 {
		wait = r.backoff()
	} else {
		r.failures = 0 // a peer may close what it does not need
	}
	giveUp := r.failures > attempts
	if giveUp {
		r.until = time.Now().Add(wait)
		r.err = stanza.RemoteServerTimeout
	}
	if len(r.queue) > 0 && (giveUp || !r.connect(wait)) {
		left, r.queue, r.bytes = r.queue, nil, 0
		r.mu.Unlock()
		r.server.giveBack(left, stanza.RemoteServerTimeout.WithText("its server ends every stream"))
		return
	}
	r.mu.Unlock()
}
