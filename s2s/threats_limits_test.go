package s2s

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"
)

// Attacks on memory, and what must not outlive its reason.

// TestRevoked: a domain that the configuration refuses from now on sends nothing
// more, although another one proved the stream.
func TestRevoked(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		ask := n.accepts("c.lit")
		p := a.external("b.lit")
		p.send("<db:result from='c.lit' to='a.lit'>key</db:result>")
		q := next(t, ask)
		q.takes("c.lit", n.cert(nil, "c.lit"), dbFeature)
		q.want("<db:verify from='a.lit' to='c.lit' id='")
		id := q.want("'>key</db:verify>")
		q.send(verdictOf("c.lit", id, dbValid))
		p.want("<db:result from='a.lit' to='c.lit' type='valid'/>")
		c := *a.config()
		c.S2S.Deny = []string{"c.lit"}
		a.Router.SetConfig(&c)
		p.want(streamErrorOf("policy-violation"))
		p.nc.Close()
		q.nc.Close()
	})
}

// TestDeafAsker: who asks and does not read the answers does not fill the
// memory.
func TestDeafAsker(t *testing.T) {
	receiver(t, "", func(a *server, p *peer, _ string, _ chan *peer) {
		question := "<db:verify from='b.lit' to='a.lit' id='" + strings.Repeat("x", 4000) + "'>k</db:verify>"
		go func() {
			for {
				if _, err := p.nc.Write([]byte(question)); err != nil {
					return
				}
			}
		}()
		time.Sleep(20 * time.Second)
		for _, l := range a.list() {
			l.mu.Lock()
			if n := len(l.control); n > 1<<20 {
				t.Errorf("%d bytes wait", n)
			}
			l.mu.Unlock()
		}
		p.nc.Close()
	})
}

// TestLeftBehind: a question about a key ends with the stream that the key came
// on.
func TestLeftBehind(t *testing.T) {
	receiver(t, "", func(a *server, p *peer, id string, ask chan *peer) {
		p.send(dbRequest)
		q := asked(t, ask, a, id)
		began := time.Now()
		p.nc.Close()
		q.want("</stream:stream>")
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("it ended after %s", d)
		}
		q.nc.Close()
	})
}

// TestNoAnswer: a peer that ends the stream in place of an answer is not waited
// for.
func TestNoAnswer(t *testing.T) {
	initiator(t, dbFeature+"<sm xmlns='urn:xmpp:sm:3'/>", func(_ *server, romeo *user, q *peer) {
		q.want("<db:result from='a.lit' to='b.lit'>")
		q.send("<db:result from='b.lit' to='a.lit' type='valid'/>")
		q.want("<enable ")
		began := time.Now()
		q.nc.Close()
		romeo.want("type='error'")
		if d := time.Since(began); d > 25*time.Second {
			t.Errorf("the sender hears of it after %s", d)
		}
	})
}

// TestManyClaims: what is remembered of a peer that has proven nothing is
// bounded.
func TestManyClaims(t *testing.T) {
	receiver(t, "s2s.policy = 'certificate'", func(a *server, p *peer, _ string, _ chan *peer) {
		for range 40 {
			var b strings.Builder
			for range 50 {
				b.WriteString("<db:result from='" + strings.ToLower(rand.Text()) + ".lit' to='a.lit'>k</db:result>")
			}
			p.send(b.String())
			p.before()
		}
		for _, l := range a.list() {
			l.mu.Lock()
			if len(l.verdict) > mostVerdicts {
				t.Errorf("%d verdicts", len(l.verdict))
			}
			l.mu.Unlock()
		}
	})
}
