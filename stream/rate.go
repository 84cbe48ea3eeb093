package stream

import (
	"context"
	"time"
)

// rate slows a reader down to an average of bytes per second, above a burst
// (RFC 6120 section 13.12, Denial of Service). Each byte takes its time; even
// is when all that was read will have had it.
type rate struct {
	perSecond, burst int
	even             time.Time
}

// take accounts for n bytes and says how long to wait before the next read.
func (r *rate) take(n int, now time.Time) time.Duration {
	if r.perSecond <= 0 {
		return 0
	}
	if earliest := now.Add(-r.cost(r.burst)); r.even.Before(earliest) {
		r.even = earliest
	}
	r.even = r.even.Add(r.cost(n))
	return r.even.Sub(now)
}

// cost is the time that n bytes take.
func (r *rate) cost(n int) time.Duration {
	return time.Duration(float64(n) / float64(r.perSecond) * float64(time.Second))
}

// longestPause bounds how long a reader does not look whether its connection
// still exists.
const longestPause = time.Second

// pause waits for d, until ctx ends, or until gone says so.
func pause(ctx context.Context, d time.Duration, gone func() bool) {
	for d > 0 && !gone() {
		t := time.NewTimer(min(d, longestPause))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
		d -= longestPause
	}
}
