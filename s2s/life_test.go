package s2s

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/memconn"
)

// TestShutdown: at the end every stream is told, behind what was queued (RFC 6120
// section 4.9.3.20, system-shutdown).
func TestShutdown(t *testing.T) {
	carrying(t, "", func(c *carried) {
		c.send("1")
		q := c.next()
		q.want("id='1'")
		p, early := c.a.external("c.lit"), c.a.connect()
		early.open("d.lit", "a.lit")
		c.send("2")
		stopped := make(chan struct{})
		go func() { c.a.stop(); close(stopped) }()
		if got := q.want(streamErrorOf("system-shutdown")); !strings.Contains(got, "id='2'") {
			t.Errorf("before the end: %s", got)
		}
		for _, x := range []*peer{q, p, early} {
			if x != q {
				x.want(streamErrorOf("system-shutdown"))
			}
			x.nc.Close()
		}
		<-stopped
		if err := c.a.ServeConn(nopConn{early.nc}, false); err != ErrNotServing {
			t.Errorf("served after the end: %v", err)
		}
	})
}

// TestShutdownConfirmed: what was sent at the end is confirmed before it.
func TestShutdownConfirmed(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		rows := new(ledger)
		a := n.server(setup{domain: "a.lit", options: func(o *Options) { o.Rows = rows }})
		b := n.server(setup{domain: "b.lit"})
		defer b.stop()
		romeo, juliet := a.login("romeo@a.lit/x"), b.login("juliet@b.lit/y")
		romeo.send("<message to='juliet@b.lit/y' id='1'><body>hi</body></message>")
		juliet.want("<body>hi</body>")
		a.stop()
		rows.want(t, "1 +1")
	})
}

// TestShutdownStuck: a peer that does not read holds nobody up.
func TestShutdownStuck(t *testing.T) {
	carrying(t, "", func(c *carried) {
		text := strings.Repeat("x", 10_000)
		for range 100 {
			c.romeo.send("<message to='juliet@b.lit'><body>" + text + "</body></message>")
		}
		q := c.next()
		time.Sleep(time.Second)
		began := time.Now()
		c.a.stop()
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("stopped after %s", d)
		}
		q.nc.Close()
	})
}

// TestIdle: a stream on which nothing is said is closed (RFC 6120 section 4.6.3,
// Idle Peer), and opened again when there is something to say.
func TestIdle(t *testing.T) {
	carrying(t, smFeature, func(c *carried) {
		c.send("1")
		q := c.next()
		q.want(smRequest)
		q.send(smAck("1"))
		began := time.Now()
		q.want("</stream:stream>")
		if d := time.Since(began); d < 29*time.Minute || d > 31*time.Minute {
			t.Errorf("closed after %s", d)
		}
		q.send("</stream:stream>")
		q.nc.Close()
		c.send("2")
		q = c.next()
		q.want("id='2'")
		q.send(smAck("1"))
		c.want(t, "1 +1 2 +2")
		q.nc.Close()
	})
}

// TestLongFarewell: what waits does not wait for a peer that has ended its
// stream and keeps the connection.
func TestLongFarewell(t *testing.T) {
	carrying(t, "", func(c *carried) {
		c.send("1")
		q := c.next()
		q.want("id='1'")
		time.Sleep(time.Minute)
		q.send("</stream:stream>")
		synctest.Wait()
		began := time.Now()
		c.send("2")
		r := c.next()
		r.want("id='2'")
		if d := time.Since(began); d > 0 {
			t.Errorf("after %s", d)
		}
		q.nc.Close()
		r.nc.Close()
	})
}

// TestExpires: who was believed for a certificate is not any longer when that
// expires (RFC 6120 section 13.7.2.3, Checking of Certificates in Long-Lived
// Streams).
func TestExpires(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		tmpl := leafTemplate("b.lit")
		tmpl.NotBefore, tmpl.NotAfter = time.Unix(0, 0), time.Now().Add(10*time.Minute)
		p := a.connect()
		p.external("b.lit", "a.lit", newSigned(t, n.ca, tmpl).pair())
		began := time.Now()
		p.want(streamErrorOf("reset"))
		if d := time.Since(began); d < 10*time.Minute || d > 11*time.Minute {
			t.Errorf("after %s", d)
		}
		p.nc.Close()
	})
}

// TestClosedByPeer: what is sent when the peer has closed its stream goes to the
// next one (RFC 6120 section 4.4, Closing a Stream).
func TestClosedByPeer(t *testing.T) {
	carrying(t, "", func(c *carried) {
		c.send("1")
		q := c.next()
		q.want("<iq ")
		id := q.want("</iq>")
		id = strings.Split(id, "'")[3]
		p := c.a.external("b.lit")
		p.send("<iq type='result' id='" + id + "' from='b.lit' to='a.lit'/>")
		c.want(t, "1 +1")
		q.send("</stream:stream>")
		synctest.Wait()
		c.send("2")
		q.want("</stream:stream>")
		q.nc.Close()
		q = c.next()
		q.want("id='2'")
		q.nc.Close()
		p.nc.Close()
	})
}

// TestBrief: a peer that closes its streams soon, with nothing undone, is none
// that cannot be reached.
func TestBrief(t *testing.T) {
	carrying(t, smFeature, func(c *carried) {
		for range 3 * attempts {
			c.send("1")
			q := c.next()
			q.want(smRequest)
			q.send(smAck("1") + "</stream:stream>")
			q.want("</stream:stream>")
			q.nc.Close()
			c.want(t, "1 +1")
		}
	})
}

// TestStubborn: a peer that ends every stream at once is not asked for ever.
func TestStubborn(t *testing.T) {
	carrying(t, "", func(c *carried) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.romeo.want(timeoutError)
		}()
		c.send("1")
		n := 0
		for {
			select {
			case <-done:
				if n != attempts+1 {
					t.Errorf("%d streams", n)
				}
				return
			case q := <-c.ch:
				n++
				q.takesExternal("b.lit", c.a.net.cert(c.a.net.ca, "b.lit"), smFeature)
				q.want("<enable ")
				q.send("<enabled xmlns='urn:xmpp:sm:3'/>")
				q.want("id='1'")
				q.send(smAck("0") + "</stream:stream>") // it has not handled it
				q.nc.Close()
			}
		}
	})
}

// TestFull: a domain that takes nothing costs a bounded amount of memory.
func TestFull(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit", config: "s2s.queue = '64 KiB'"})
		defer a.stop()
		n.set("b.lit", site{})
		romeo := a.login("romeo@a.lit/x")
		text := strings.Repeat("x", 10_000)
		for range 10 {
			romeo.send("<message to='juliet@b.lit'><body>" + text + "</body></message>")
		}
		romeo.want("<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")
	})
}

// TestFullLink: so does one that takes the stream and does not read.
func TestFullLink(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit", config: "s2s.queue = '64 KiB'"})
		ch := n.accepts("b.lit")
		romeo := a.login("romeo@a.lit/x")
		text := strings.Repeat("x", 10_000)
		send := func() {
			romeo.send("<message to='juliet@b.lit'><body>" + text + "</body></message>")
			synctest.Wait()
		}
		send()
		q := next(t, ch)
		q.takesExternal("b.lit", n.cert(n.ca, "b.lit"), "")
		for range (memconn.Size + 64<<10) / 10_000 {
			send()
		}
		romeo.want("<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")
		// It is cut off at last, and the senders are told.
		time.Sleep(2 * stuckAfter)
		romeo.want(timeoutError)
		q.nc.Close()
		a.stop()
	})
}

// TestList: what an admin sees.
func TestList(t *testing.T) {
	carrying(t, "", func(c *carried) {
		c.a.net.set("c.lit", site{})
		c.a.net.set("d.lit", site{err: errRefusedByPeer})
		c.send("1")
		q := c.next()
		q.want("id='1'")
		c.romeo.send("<message to='juliet@c.lit'><body>hi</body></message>")
		c.romeo.send("<message to='juliet@d.lit'><body>hi</body></message>")
		c.romeo.want(timeoutError)
		list := c.a.List()
		if len(list) != 3 {
			t.Fatalf("list %+v", list)
		}
		if b := list[0]; b.Remote != "b.lit" || b.Proof != "EXTERNAL" || b.TLS != "TLS 1.3" || b.Unconfirmed != 1 ||
			b.Direction != "out" || b.State != StateOpen {
			t.Errorf("open: %+v", b)
		}
		if c := list[1]; c.Remote != "c.lit" || c.State != StateConnecting || c.Queued == 0 {
			t.Errorf("connecting: %+v", c)
		}
		if d := list[2]; d.Remote != "d.lit" || d.State != StateFailed ||
			!strings.Contains(d.LastError, "connection refused") {
			t.Errorf("failed: %+v", d)
		}
		q.nc.Close()
	})
}

// TestCheck: the steps of connecting.
func TestCheck(t *testing.T) {
	steps := func(a *server, domain string) string {
		var b strings.Builder
		a.Check(context.Background(), domain, func(name, result string, ok bool) {
			b.WriteString(map[bool]string{true: "ok ", false: "not "}[ok] + name + ": " + result + "\n")
		})
		return b.String()
	}
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit", config: "s2s.deny = ['d.lit']"})
		b := n.server(setup{domain: "b.lit"})
		c := n.server(setup{domain: "c.lit", selfSigned: true})
		defer a.stop()
		defer b.stop()
		defer c.stop()
		n.set("e.lit", site{err: errRefusedByPeer})
		for domain, want := range map[string]string{
			"b.lit":        "ok EXTERNAL: the peer accepts our certificate for a.lit\nok ping: ",
			"c.lit":        "not certificate: its certificate (for *.c.lit, c.lit) is self-signed",
			"d.lit":        "not policy: the configuration refuses this domain",
			"e.lit":        "not e.lit port 0 (STARTTLS): connection refused",
			"f.lit":        "not DNS: f.lit: resolve: not found",
			"user@b.lit":   "not domain: user@b.lit is no domain\n",
			"rooms.b.lit":  "ok certificate: proves rooms.b.lit\n",
			"nobody.b.lit": "not DNS: ",
		} {
			if got := steps(a, domain); !strings.Contains(got, want) {
				t.Errorf("%s:\n%s", domain, got)
			}
		}
	})
}

// nopConn cannot be closed.
type nopConn struct{ net.Conn }

func (nopConn) Close() error { return nil }
