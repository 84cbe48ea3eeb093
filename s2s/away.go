package s2s

import "context"

// away tells the router that a domain cannot be reached, or that a stream with
// it has broken.
func (s *Server) away(pr pair, gone bool) {
	s.run(func(ctx context.Context) {
		s.Router.Away(context.WithoutCancel(ctx), pr.local, pr.remote, gone)
	})
}

// broken tells so of the domains that the peer had proven. A stream that is
// closed as it should be says nothing about who is there: servers say that
// before, or open another one when they have something to say.
func (l *link) broken() {
	l.mu.Lock()
	pairs := l.pairs
	l.pairs = map[pair]bool{}
	l.mu.Unlock()
	for pr := range pairs {
		l.server.away(pr, false)
	}
}
