package stream

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/memconn"
	"parley/stanza"
)

func TestRate(t *testing.T) {
	r := rate{perSecond: 1000, burst: 5000}
	now := time.Now()
	steps := []struct {
		after time.Duration
		n     int
		wait  time.Duration // at most 0: none
	}{
		{0, 5000, 0},
		{0, 1000, time.Second},
		{time.Second, 500, 500 * time.Millisecond},
		{500 * time.Millisecond, 0, 0},
		{time.Hour, 5000, 0}, // the burst is there again, and no more
		{0, 1, time.Millisecond},
	}
	for i, s := range steps {
		now = now.Add(s.after)
		if got := max(r.take(s.n, now), 0); got != s.wait {
			t.Errorf("step %d: wait %v, not %v", i, got, s.wait)
		}
	}
	// Many small pieces cost what one large one does.
	r = rate{perSecond: 1000, burst: 1}
	var total time.Duration
	for range 10_000 {
		total = r.take(1, now)
	}
	if want := 9_999 * time.Millisecond; total.Round(time.Millisecond) != want {
		t.Errorf("10,000 bytes in pieces: %v, not %v", total, want)
	}
	if got := (&rate{}).take(1<<30, now); got != 0 {
		t.Errorf("no limit: wait %v", got)
	}
}

// TestSlowedDown: one who sends too much is read more slowly, and loses nothing.
func TestSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := memory(Options{Rate: 1000, Burst: 2000})
		defer c.Close()
		const messages = 100
		go func() {
			client.Write([]byte(open))
			for range messages {
				client.Write([]byte(message))
			}
		}()
		start := time.Now()
		wantToken(t, c, stanza.Opened)
		for range messages {
			if st := wantToken(t, c, stanza.Found); st.Raw != message {
				t.Fatalf("got %s", st.Raw)
			}
		}
		least := time.Duration(messages*len(message)-2000-bufferSize) * time.Millisecond
		if d := time.Since(start); d < least || d > time.Minute {
			t.Fatalf("%d bytes took %v, at least %v expected", messages*len(message), d, least)
		}
	})
}

// TestPauseEnds: neither a closed connection nor the end of the context is kept
// waiting.
func TestPauseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		pause(ctx, time.Hour, func() bool { return false })
		if d := time.Since(start); d != time.Minute {
			t.Errorf("ended context: %v", d)
		}
		start = time.Now()
		pause(context.Background(), time.Hour, func() bool { return time.Since(start) > time.Minute })
		if d := time.Since(start); d > time.Minute+longestPause {
			t.Errorf("closed: %v", d)
		}
	})
}

// memory is pair without a network.
func memory(o Options) (*Conn, net.Conn) {
	ours, theirs := memconn.Pipe()
	return NewConn(theirs, o), ours
}
