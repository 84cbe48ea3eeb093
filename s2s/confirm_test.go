package s2s

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/router"
)

const (
	smFeature = "<sm xmlns='urn:xmpp:sm:3'/>"
	smRequest = "<r xmlns='urn:xmpp:sm:3'/>"
)

func smAck(h string) string { return "<a xmlns='urn:xmpp:sm:3' h='" + h + "'/>" }

// ledger notes what becomes of packets.
type ledger struct {
	mu   sync.Mutex
	text string
}

func (l *ledger) note(what string, list []*router.Packet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range list {
		l.text += what + p.Stanza.ID + " "
	}
}

func (l *ledger) Confirmed(list []*router.Packet) { l.note("+", list) }
func (l *ledger) Returned(list []*router.Packet)  { l.note("-", list) }
func (l *ledger) Written(list []*router.Packet)   { l.note("", list) }

func (l *ledger) want(t *testing.T, want string) {
	t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := strings.TrimSpace(l.text); got != want {
		t.Errorf("ledger %s, want %s", got, want)
	}
	l.text = ""
}

// carrying is a test with a stream to b.lit, whose part the test plays.
func carrying(t *testing.T, features string, fn func(c *carried)) {
	t.Helper()
	bubble(t, func(t *testing.T, n *net0) {
		c := &carried{t: t, ledger: new(ledger), ch: n.accepts("b.lit"), features: features}
		c.a = n.server(setup{domain: "a.lit", options: func(o *Options) { o.Rows = c.ledger }})
		defer c.a.stop()
		c.romeo = c.a.login("romeo@a.lit/x")
		fn(c)
		synctest.Wait()
	})
}

type carried struct {
	*ledger
	t        *testing.T
	a        *server
	romeo    *user
	ch       chan *peer
	features string
}

func (c *carried) send(ids ...string) {
	for _, id := range ids {
		c.romeo.send("<message to='juliet@b.lit' id='" + id + "'><body>hi</body></message>")
	}
}

// next is the next stream to b.lit.
func (c *carried) next() *peer {
	c.t.Helper()
	q := next(c.t, c.ch)
	q.takesExternal("b.lit", c.a.net.cert(c.a.net.ca, "b.lit"), c.features)
	if strings.Contains(c.features, smFeature) {
		q.want("<enable xmlns='urn:xmpp:sm:3'/>")
		q.send("<enabled xmlns='urn:xmpp:sm:3'/>")
	}
	return q
}

// TestAcknowledged: what the peer acknowledges is confirmed (XEP-0198 section 4,
// Acks). It is asked after some time, or after some stanzas.
func TestAcknowledged(t *testing.T) {
	carrying(t, smFeature, func(c *carried) {
		c.send("1", "2", "3")
		q := c.next()
		began := time.Now()
		q.want("id='3'")
		q.want(smRequest)
		if d := time.Since(began); d != askAfter {
			t.Errorf("asked after %s", d)
		}
		c.want(t, "1 2 3")
		q.send(smAck("2"))
		c.want(t, "+1 +2")
		q.send(smAck("1")) // an old one says nothing
		q.send(smAck("3"))
		c.want(t, "+3")
		time.Sleep(time.Hour / 4)
		synctest.Wait()
		began = time.Now()
		for range askEvery {
			c.send("n")
		}
		q.want(smRequest)
		if d := time.Since(began); d != 0 {
			t.Errorf("asked after %s", d)
		}
		q.send(smAck("203"))
		q.send(smAck("204"))
		q.want(streamErrorOf("undefined-condition"))
		q.want("<handled-count-too-high xmlns='urn:xmpp:sm:3' h='204' send-count='203'/>")
		q.nc.Close()
	})
}

// TestPinged: a peer that cannot acknowledge is pinged behind what it has to
// confirm; an error is an answer as well (XEP-0199 section 4.3, Server-To-Server
// Pings).
func TestPinged(t *testing.T) {
	carrying(t, "", func(c *carried) {
		c.send("1", "2")
		c.romeo.send("<presence to='juliet@b.lit' id='p'/>")
		q := c.next()
		q.want("id='p'")
		for _, answer := range []string{"result", "error"} {
			q.want("<iq type='get' id='")
			id := q.want("'")
			if got := q.want("</iq>"); got != " from='a.lit' to='b.lit'><ping xmlns='urn:xmpp:ping'/>" {
				t.Errorf("asked by %s", got)
			}
			synctest.Wait()
			c.ledger.mu.Lock()
			c.ledger.text = ""
			c.ledger.mu.Unlock()
			c.send("3")
			// Nobody else can answer for it.
			for _, from := range []string{"c.lit", "b.lit"} {
				if from == "b.lit" {
					c.want(t, "3")
				}
				p := c.a.external(from)
				p.send("<iq type='" + answer + "' id='" + id + "' from='" + from + "' to='a.lit'/></stream:stream>")
				p.want("</stream:stream>")
				p.nc.Close()
			}
			if answer == "result" {
				c.want(t, "+1 +2")
			} else {
				c.want(t, "+3")
			}
		}
		q.nc.Close()
	})
}

// TestBroken: what was written and is not confirmed goes back when the stream
// breaks, what was not written goes to the next stream.
func TestBroken(t *testing.T) {
	for _, features := range []string{"", smFeature} {
		carrying(t, features, func(c *carried) {
			c.send("1", "2")
			q := c.next()
			q.want("id='2'")
			c.want(t, "1 2")
			q.nc.Close()
			for range 2 {
				c.romeo.want(timeoutError)
			}
			c.want(t, "-1 -2")
			c.send("3")
			q = c.next()
			if got := q.want("id='3'"); strings.Count(got, "<message") != 1 {
				t.Errorf("sent again: %s", got)
			}
			c.want(t, "3")
			q.nc.Close()
			synctest.Wait()
		})
	}
}

// TestLastWord: a peer that closes its stream tells how far it has come; the rest
// is sent again, the first of it only once if there was an error.
func TestLastWord(t *testing.T) {
	carrying(t, smFeature, func(c *carried) {
		c.send("1", "2")
		c.romeo.send("<presence to='juliet@b.lit' id='p'/>")
		c.send("3")
		q := c.next()
		q.want("id='3'")
		time.Sleep(time.Minute) // a stream that ends soon is not replaced at once
		q.want(smRequest)
		q.send(smAck("1"))
		c.want(t, "1 2 p 3 +1")
		const end = "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>" +
			"</stream:error></stream:stream>"
		q.send(smAck("1") + end)
		q.want("</stream:stream>")
		q.nc.Close()
		q = c.next()
		got := q.want("id='3'")
		if !strings.Contains(got, "id='2'") || !strings.Contains(got, "id='p'") || strings.Contains(got, "id='1'") {
			t.Errorf("sent again: %s", got)
		}
		time.Sleep(time.Minute)
		q.want(smRequest)
		q.send(smAck("0"))
		q.send(smAck("0") + end)
		q.want("</stream:stream>")
		q.nc.Close()
		q = c.next()
		if got := q.want("id='3'"); strings.Contains(got, "id='2'") {
			t.Errorf("sent once more: %s", got)
		}
		if got := c.romeo.want(timeoutError); !strings.Contains(got, "id='2'") {
			t.Errorf("came back: %s", got)
		}
		q.nc.Close()
	})
}

// TestDeaf: a peer that answers nothing is given up.
func TestDeaf(t *testing.T) {
	carrying(t, smFeature, func(c *carried) {
		c.send("1")
		q := c.next()
		q.want(smRequest)
		q.want(streamErrorOf("connection-timeout"))
		q.nc.Close()
		c.romeo.want(timeoutError)
	})
}

// TestAcknowledging: we acknowledge what has been through its line (XEP-0198
// section 4, Acks), and once more before the end.
func TestAcknowledging(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		romeo := a.login("romeo@a.lit/x")
		p := a.external("b.lit")
		p.send("<message from='juliet@b.lit' to='romeo@a.lit/x' id='before'/>")
		p.send("<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>")
		p.want("<failed xmlns='urn:xmpp:sm:3'><feature-not-implemented ")
		p.send("<enable xmlns='urn:xmpp:sm:3'/>")
		p.want("<enabled xmlns='urn:xmpp:sm:3'/>")
		p.send("<message from='juliet@b.lit' to='romeo@a.lit/x' id='1'/>" + smRequest)
		p.want(smAck("1"))
		romeo.want("id='1'")
		p.send("<enable xmlns='urn:xmpp:sm:3'/>")
		p.want("<failed xmlns='urn:xmpp:sm:3'><unexpected-request ")
		p.send("<message from='juliet@b.lit' to='romeo@a.lit/x' id='2'/></stream:stream>")
		p.wantEnd(smAck("2") + "</stream:stream>")
	})
}

// TestLimit: what is larger than the peer takes goes back (XEP-0478 section 4,
// Business Rules).
func TestLimit(t *testing.T) {
	const limits = "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes></limits>"
	carrying(t, limits, func(c *carried) {
		c.send("1")
		c.romeo.send("<message to='juliet@b.lit' id='2'><body>" + strings.Repeat("x", 10_000) + "</body></message>")
		c.send("3")
		q := c.next()
		if got := q.want("id='3'"); strings.Contains(got, "id='2'") {
			t.Errorf("sent: %s", got)
		}
		c.romeo.want("<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")
		c.want(t, "1 3 -2")
		q.nc.Close()
	})
}
