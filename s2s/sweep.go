package s2s

import (
	"context"
	"maps"
	"slices"
	"time"

	"parley/stanza"
)

// sweepEvery is how often links and routes are looked at.
const sweepEvery = 5 * time.Second

// rememberFor is how long the last failure of a domain is shown.
const rememberFor = time.Hour

// sweep ends links that are idle or broken, and forgets routes that are not in
// use, until ctx ends.
func (s *Server) sweep(ctx context.Context) {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			for _, l := range s.list() {
				l.sweep(now)
			}
			s.forget(now)
		}
	}
}

// sweep ends a link that is of no use (RFC 6120 section 4.6, Handling of Silent
// Peers).
func (l *link) sweep(now time.Time) {
	c := l.server.config()
	l.mu.Lock()
	wrote, askedAt, owed, queued := l.wrote, l.askedAt, l.owed, len(l.queue)
	l.mu.Unlock()
	quiet := now.Add(-c.S2S.Idle)
	switch {
	case l.conn.Stuck(now.Add(-stuckAfter)):
		l.conn.Close()
	case !askedAt.IsZero() && askedAt.Before(now.Add(-deafAfter)):
		// (RFC 6120 section 4.6.2, Broken Stream)
		l.close(stanza.StreamConnectionTimeout.WithText("no answer to a request to confirm stanzas"))
	case owed+queued == 0 && l.conn.Heard().Before(quiet) && wrote.Before(quiet):
		// (RFC 6120 section 4.6.3, Idle Peer)
		l.close(nil)
	case l.expired(now):
		// (RFC 6120 section 4.9.3.16, reset; section 13.7.2.3, Checking of
		// Certificates in Long-Lived Streams)
		l.close(stanza.StreamReset.WithText("the certificate has expired"))
	case l.refused(c):
		l.close(stanza.StreamPolicyViolation)
	}
}

// expired says whether the peer was believed for a certificate that has expired
// since.
func (l *link) expired(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for pr := range l.pairs {
		if err, known := l.verdict[pr.remote]; known && err == nil {
			return now.After(l.conn.PeerCert().NotAfter)
		}
	}
	return false
}

// forget drops what is not in use.
func (s *Server) forget(now time.Time) {
	s.mu.Lock()
	routes := slices.Collect(maps.Values(s.routes))
	s.mu.Unlock()
	routes = slices.DeleteFunc(routes, func(r *route) bool { return !r.idle(now) })
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range routes {
		delete(s.routes, r.pair)
	}
	for domain, f := range s.failed {
		if f.at.Before(now.Add(-rememberFor)) {
			delete(s.failed, domain)
		}
	}
}

// idle says whether the route may go; nothing is sent on it then. Those of
// failures stay for a while, or the next one would not wait longer.
func (r *route) idle(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.link != nil || r.connecting || len(r.queue) > 0 ||
		r.failures > 0 && now.Before(r.until.Add(longestWait)) {
		return false
	}
	r.gone = true
	return true
}
