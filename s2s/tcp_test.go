package s2s

import (
	"fmt"
	"strings"
	"testing"
)

// TestReaderWrites: a reader that has brought messages writes them to the other
// server before it waits; what the connection does not take at once is left to a
// writer. They arrive in order.
func TestReaderWrites(t *testing.T) {
	n := newNet(t)
	a := n.server(setup{domain: "a.lit", quiet: true, listen: true})
	b := n.server(setup{domain: "b.lit", quiet: true, listen: true})
	defer a.stop()
	defer b.stop()
	romeo, juliet := a.login("romeo@a.lit/x"), b.login("juliet@b.lit/y")
	romeo.s.Defer()
	sent := 0
	send := func(count, size int) {
		body := strings.Repeat("x", size)
		for range count {
			romeo.send(fmt.Sprintf("<message to='juliet@b.lit/y' id='m%d.'><body>%s</body></message>", sent, body))
			sent++
		}
		romeo.s.WriteDeferred()
	}
	want := 0
	take := func() {
		for ; want < sent; want++ {
			if got := juliet.want("</message>"); !strings.Contains(got, fmt.Sprintf("id='m%d.'", want)) {
				t.Fatalf("%d: %s", want, got)
			}
		}
	}
	send(1, 10)
	take()
	for range 20 {
		send(3, 10) // one piece, on this goroutine
		take()
	}
	for range 20 {
		send(10, 50_000) // more than the connection takes
	}
	take()
}
