package router

import "context"

// OnAway is told that a stream with another domain has broken, or, with gone,
// that the domain cannot be reached.
func (h *Host) OnAway(fn func(ctx context.Context, domain string, gone bool)) {
	h.away = append(h.away, fn)
}

// Away is called by those who carry packets to other domains, for one of our
// domains, or "" for all: see Host.OnAway.
func (r *Router) Away(ctx context.Context, local, remote string, gone bool) {
	for _, h := range r.Hosts() {
		if local != "" && h.Domain != local {
			continue
		}
		for _, fn := range h.away {
			err := r.protect(func() error { fn(ctx, remote, gone); return nil })
			if err != nil {
				r.Log.Error("domain away", "domain", remote, "err", err)
			}
		}
	}
}
