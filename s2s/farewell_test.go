package s2s

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLate: what a peer writes before it knows of the end of our stream is taken
// (RFC 6120 section 4.4, Closing a Stream), unless our last words tell it that
// it is not (XEP-0198 section 4, Acks).
func TestLate(t *testing.T) {
	const late = "<message from='romeo@b.lit' to='juliet@a.lit/x' id='late'/>"
	for _, managed := range []bool{false, true} {
		for _, idle := range []bool{false, true} {
			bubble(t, func(t *testing.T, n *net0) {
				a := n.server(setup{domain: "a.lit"})
				juliet := a.login("juliet@a.lit/x")
				p := a.external("b.lit")
				if managed {
					p.send("<enable xmlns='urn:xmpp:sm:3'/>")
					p.want("<enabled xmlns='urn:xmpp:sm:3'/>")
				}
				if !idle {
					go a.stop()
				}
				before := p.want("</stream:stream>")
				if managed != strings.Contains(before, "<a xmlns='urn:xmpp:sm:3' h='0'/>") {
					t.Errorf("last words %s", before)
				}
				p.send(late)
				synctest.Wait()
				juliet.mu.Lock()
				taken := strings.Contains(juliet.text, "id='late'")
				juliet.mu.Unlock()
				if taken == managed {
					t.Errorf("managed: %t, idle: %t, taken: %t", managed, idle, taken)
				}
				p.send("</stream:stream>")
				p.nc.Close()
				a.stop()
			})
		}
	}
}

// TestLateForever: a peer that does not close its stream does not hold up ours.
func TestLateForever(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		p := a.external("b.lit")
		began := time.Now()
		a.stop()
		if d := time.Since(began); d < readOnFor || d > 2*readOnFor {
			t.Errorf("took %s", d)
		}
		p.nc.Close()
	})
}
