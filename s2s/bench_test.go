package s2s

import (
	"context"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"parley/router"
	"parley/stanza"
)

// counter is a stream that counts what it is sent.
type counter struct {
	s   *router.Session
	got chan int
}

func (c *counter) Close(*stanza.StreamError) {}
func (c *counter) Out() stanza.Out           { return stanza.Out{} }
func (c *counter) Addr() string              { return "test" }
func (c *counter) Wake() {
	go func() {
		for {
			b, ok := c.s.Take()
			if !ok {
				return
			}
			n := 0
			for i := range b.Bytes {
				if i > 8 && string(b.Bytes[i-8:i+1]) == "/message>" {
					n++
				}
			}
			c.s.Written(b, nil)
			c.got <- n
		}
	}()
}

// BenchmarkTwo sends messages from one server to another over TLS, with a window
// of so many under way, and gives the CPU time per message of both together,
// without clients.
func BenchmarkTwo(b *testing.B) {
	for _, window := range []int{1, 200} {
		b.Run("window="+strconv.Itoa(window), func(b *testing.B) { benchTwo(b, window) })
	}
}

func benchTwo(b *testing.B, window int) {
	n := newNet(b)
	const config = "s2s = {rate = '1 GiB', burst = '1 GiB'}"
	v := n.server(setup{domain: "a.lit", config: config, quiet: true, listen: true})
	w := n.server(setup{domain: "b.lit", config: config, quiet: true, listen: true})
	defer func() { v.stop(); w.stop() }()
	romeo, juliet := v.login("romeo@a.lit/x"), &counter{got: make(chan int, 1000)}
	a, err := w.account("juliet@b.lit")
	if err != nil {
		b.Fatal(err)
	}
	if juliet.s, err = a.Bind(context.Background(), "y", juliet); err != nil {
		b.Fatal(err)
	}
	var under atomic.Int64
	send := func() {
		romeo.send("<message to='juliet@b.lit/y' type='chat' id='abcdefgh'><body>" +
			"a message of usual length, as people write them</body></message>")
		under.Add(1)
	}
	send()
	under.Add(-int64(<-juliet.got))
	before := cpu(b)
	b.ResetTimer()
	for i := 0; i < b.N; {
		for under.Load() < int64(window) && i < b.N {
			send()
			i++
		}
		under.Add(-int64(<-juliet.got))
	}
	for under.Load() > 0 {
		under.Add(-int64(<-juliet.got))
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e3, "cpu-µs/op")
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
