package c2s

import (
	"context"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/auth"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// inBubble runs a test with a server in memory and a clock of its own.
func inBubble(t *testing.T, s setup, test func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		s.memory = true
		test(t, newWorld(t, s))
	})
}

// TestPing: a silent client is asked, and goes on when it answers (RFC 6120
// section 4.6.4, Use of Checking Methods).
func TestPing(t *testing.T) {
	inBubble(t, setup{}, func(t *testing.T, w *world) {
		p := w.online("romeo", "x")
		for range 3 {
			quiet := time.Now()
			p.patient(6 * time.Minute)
			p.want("<iq type='get' id='ping-")
			id := p.want("'")
			p.want("<ping xmlns='urn:xmpp:ping'/></iq>")
			if d := time.Since(quiet).Round(2 * time.Second); d != 5*time.Minute {
				t.Errorf("asked after %v", d)
			}
			time.Sleep(20 * time.Second)
			p.send("<iq type='result' id='ping-" + id + "'/>")
		}
		p.send(" ") // a keepalive is a sign of life too
		time.Sleep(4 * time.Minute)
		p.send("\n")
		time.Sleep(4 * time.Minute)
		p.wantNothing("romeo@a.lit/x")
	})
}

// TestDead: one that does not answer is disconnected 30 s later.
func TestDead(t *testing.T) {
	inBubble(t, setup{}, func(t *testing.T, w *world) {
		p := w.online("romeo", "x")
		p.patient(6 * time.Minute)
		p.want("<ping xmlns='urn:xmpp:ping'/></iq>")
		asked := time.Now()
		p.want(streamError("connection-timeout"))
		if d := time.Since(asked).Round(2 * time.Second); d != 30*time.Second {
			t.Errorf("ended after %v", d)
		}
		p.wantEOF()
		p.nc.Close()
		synctest.Wait()
		if n := w.server.Len(); n != 0 {
			t.Errorf("%d connections", n)
		}
	})
}

// TestNoEnd: a client that does not close its side is closed by us.
func TestNoEnd(t *testing.T) {
	inBubble(t, setup{}, func(t *testing.T, w *world) {
		p := w.online("romeo", "x")
		p.send(goodbye)
		p.wantEnd(goodbye)
		time.Sleep(sweepEvery)
		synctest.Wait()
		if n := w.server.Len(); n != 1 {
			t.Errorf("%d connections: it had no time", n)
		}
		time.Sleep(lingerFor + sweepEvery)
		synctest.Wait()
		if n := w.server.Len(); n != 0 {
			t.Errorf("%d connections", n)
		}
		if a := w.router.Online(stanza.MustJID("romeo@a.lit")); len(a.Sessions()) != 0 {
			t.Errorf("%d sessions", len(a.Sessions()))
		}
	})
}

// TestLoginTimeout: each step has to be done in time.
func TestLoginTimeout(t *testing.T) {
	steps := map[string]func(p *peer){
		"silent":         func(p *peer) {},
		"half a header":  func(p *peer) { p.send(hello[:50]) },
		"before TLS":     func(p *peer) { p.send(hello); p.want(features) },
		"before SASL":    (*peer).secure,
		"before bind":    romeoIn,
		"keepalive only": func(p *peer) { romeoIn(p); time.Sleep(20 * time.Second); p.send(" ") },
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			inBubble(t, setup{}, func(t *testing.T, w *world) {
				start := time.Now()
				p := w.peer()
				p.patient(time.Minute)
				step(p)
				p.want(streamError("connection-timeout"))
				p.wantEOF()
				if d := time.Since(start).Round(2 * time.Second); d != 30*time.Second {
					t.Errorf("ended after %v", d)
				}
			})
		})
	}
}

// TestHandshakeTimeout: there is nobody to tell.
func TestHandshakeTimeout(t *testing.T) {
	inBubble(t, setup{}, func(t *testing.T, w *world) {
		p := w.peer()
		p.patient(time.Minute)
		p.send(hello + starttls)
		p.want(proceed)
		start := time.Now()
		p.wantEOF()
		if d := time.Since(start).Round(2 * time.Second); d != 30*time.Second {
			t.Errorf("ended after %v", d)
		}
	})
}

// TestSlowReader: one that does not read is closed when its queue is full, and
// nobody else is held up.
func TestSlowReader(t *testing.T) {
	eachWay(t, setup{config: "[limits]\nqueue = '64 KiB'\n"}, func(t *testing.T, w *world) {
		slow, fast, other := w.online("romeo", "slow"), w.online("juliet", "fast"), w.online("juliet", "other")
		text := strings.Repeat("x", 10_000)
		// More than what the kernel takes on both sides.
		for i := 0; i < 5_000 && w.server.Len() == 3; i++ {
			fast.send("<message to='romeo@a.lit/slow' type='headline'><body>" + text + "</body></message>")
			fast.send("<message to='juliet@a.lit/other' type='headline' id='o'><body>x</body></message>")
			other.want("id='o'")
			if c := w.client("slow"); c == nil || c.closing() {
				break
			}
		}
		go io.Copy(io.Discard, slow.nc) // so that it sees the end
		eventually(t, func() bool { return w.client("slow") == nil || w.client("slow").closing() })
		fast.wantNothing("juliet@a.lit/fast")
	})
}

// client is the connection with that resource.
func (w *world) client(resource string) (found *client) {
	w.server.each(func(c *client) {
		if s := c.bound.Load(); s != nil && s.JID.Resource() == resource {
			found = c
		}
	})
	return found
}

// TestStuck: one whose output does not move for a minute is closed, also if its
// queue is not full.
func TestStuck(t *testing.T) {
	inBubble(t, setup{}, func(t *testing.T, w *world) {
		p, q := w.online("romeo", "x"), w.online("juliet", "q")
		text := strings.Repeat("x", 100_000)
		for range 4 { // more than the connection takes, less than the queue
			q.send("<message to='romeo@a.lit/x' type='headline'><body>" + text + "</body></message>")
		}
		for range 5 { // it is no silent client
			time.Sleep(10 * time.Second)
			p.send(" ")
		}
		synctest.Wait()
		if n := w.server.Len(); n != 2 {
			t.Fatalf("%d connections after 50 s", n)
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if n := w.server.Len(); n != 1 {
			t.Errorf("%d connections after 65 s", n)
		}
	})
}

// TestSlowFarewell: what is queued when a stream is ended gets some time.
func TestSlowFarewell(t *testing.T) {
	inBubble(t, setup{}, func(t *testing.T, w *world) {
		p, q := w.online("romeo", "x"), w.online("juliet", "q")
		for range 4 { // more than the connection takes
			q.send("<message to='romeo@a.lit/x' type='headline'><body>" +
				strings.Repeat("x", 100_000) + "</body></message>")
		}
		q.wantNothing("juliet@a.lit/q")
		w.client("x").Close(stanza.StreamReset)
		time.Sleep(flushFor - 2*sweepEvery)
		if n := strings.Count(p.want(streamError("reset")), "</message>"); n != 4 {
			t.Errorf("%d messages before the end", n)
		}
		p.wantEOF()
	})
}

// TestGuessing: who has failed often waits for the answer, also for the good
// one.
func TestGuessing(t *testing.T) {
	slow := func(o *Options) {
		o.Limiter = auth.NewLimiter(auth.Limits{Free: 1, Base: 4 * time.Second, Max: 4 * time.Second})
	}
	inBubble(t, setup{options: slow}, func(t *testing.T, w *world) {
		p := w.peer()
		p.secure()
		wrong := "<auth " + nsSASL + " mechanism='PLAIN'>AHJvbWVvAHg=</auth>" // password x
		for i, step := range []struct {
			send, want string
			wait       time.Duration
		}{
			{wrong, "</failure>", 0},
			{wrong, "</failure>", 4 * time.Second},
			{plain("romeo"), success, 4 * time.Second},
		} {
			start := time.Now()
			p.send(step.send)
			p.want(step.want)
			if d := time.Since(start); d != step.wait {
				t.Errorf("step %d: answered after %v, not %v", i, d, step.wait)
			}
		}
	})
}

// unbound counts sessions that have ended.
type unbound struct{ n atomic.Int32 }

func (u *unbound) Register(h *router.Host) {
	h.OnUnbind(func(context.Context, *router.Session) { u.n.Add(1) })
}

// TestKilled: a connection that breaks ends its session, whoever notices.
func TestKilled(t *testing.T) {
	u := &unbound{}
	eachWay(t, setup{modules: []router.Module{u}}, func(t *testing.T, w *world) {
		u.n.Store(0)
		p, q := w.online("romeo", "x"), w.online("juliet", "q")
		p.nc.Close()
		eventually(t, func() bool { return u.n.Load() == 1 })
		q.send("<message to='romeo@a.lit/x' type='headline'/>")
		q.wantNothing("juliet@a.lit/q")
		if n := w.server.Len(); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

// TestShutdown: everybody is told, wherever they are, and what is queued is
// written before.
func TestShutdown(t *testing.T) {
	eachWay(t, setup{}, func(t *testing.T, w *world) {
		peers := []*peer{w.peer(), w.peer(), w.peer(), w.peer(), w.online("romeo", "x")}
		peers[1].send(hello)
		peers[1].want(features)
		peers[2].secure()
		peers[3].authenticate("romeo")
		q := w.online("juliet", "q")
		for range 100 {
			q.send("<message to='romeo@a.lit/x' type='headline'/>")
		}
		q.send("<message to='juliet@a.lit/q' type='headline' id='barrier'/>")
		q.want("id='barrier'")
		w.stop()
		for _, p := range peers {
			before := p.want(streamError("system-shutdown"))
			if p == peers[4] && strings.Count(before, "<message") != 100 {
				t.Errorf("%d messages before the end", strings.Count(before, "<message"))
			}
			p.wantEOF()
			p.nc.Close()
		}
		q.wantEnd(streamError("system-shutdown"))
		q.nc.Close()
		<-w.stopped
		if n := w.server.Len(); n != 0 {
			t.Errorf("%d connections", n)
		}
	})
}

// TestShutdownBounded: those who neither read nor close do not hold it up.
func TestShutdownBounded(t *testing.T) {
	inBubble(t, setup{}, func(t *testing.T, w *world) {
		w.online("romeo", "x")
		p := w.online("romeo", "y")
		q := w.online("juliet", "q")
		for range 8 {
			q.send("<message to='romeo@a.lit/y' type='headline'><body>" +
				strings.Repeat("x", 100_000) + "</body></message>")
		}
		q.send("<message to='juliet@a.lit/q' type='headline' id='barrier'/>")
		q.want("id='barrier'")
		start := time.Now()
		w.stop()
		<-w.stopped
		if d := time.Since(start); d > w.server.Farewell+time.Second {
			t.Errorf("took %v", d)
		}
		p.nc.Close()
	})
}

// TestLargeStanzas: the size limit after login is the configured one.
func TestLargeStanzas(t *testing.T) {
	eachWay(t, setup{config: "[limits]\nstanza = 50000\n"}, func(t *testing.T, w *world) {
		p := w.online("romeo", "x")
		attr := "<message to='romeo@a.lit/x' id='" + strings.Repeat("i", 30_000) + "'/>"
		for i := 0; i < len(attr); i += 1000 {
			p.send(attr[i:min(i+1000, len(attr))])
		}
		p.want(strings.Repeat("i", 30_000))
		p.send("<message to='romeo@a.lit/x'><body>" + strings.Repeat("x", 49_000) + "</body></message>")
		p.want(strings.Repeat("x", 49_000) + "</body></message>")
		p.send("<message to='romeo@a.lit/x'><body>" + strings.Repeat("x", 50_000))
		p.want("<policy-violation ")
		p.want(goodbye)
		p.wantEOF()
	})
}

// TestCompacted: a connection that was silent for some time works on.
func TestCompacted(t *testing.T) {
	w := newWorld(t, setup{})
	p := w.online("romeo", "x")
	for range 3 {
		c := w.client("x")
		w.server.mu.Lock()
		c.check(time.Now().Add(compactAfter))
		c.compacted = 0
		w.server.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
		p.wantNothing("romeo@a.lit/x")
	}
}

func TestStorm(t *testing.T) {
	freed := 0
	var s storm
	for _, step := range []struct{ connections, fresh, freed int }{
		{10, 10, 0}, {10, 0, 0}, // a few
		{1000, 500, 0}, {1000, 480, 0}, {1000, 0, 1}, {1000, 0, 1}, // once, when it is over
		{1200, 200, 1}, {1200, 0, 1}, {1500, 300, 1}, {1500, 0, 2}, // grown by enough
	} {
		s.calm(step.connections, step.fresh, func() { freed++ })
		if freed != step.freed {
			t.Errorf("%+v: freed %d times", step, freed)
		}
	}
}

// saving answers an iq when a row is committed.
type saving struct{}

func (saving) Register(h *router.Host) {
	h.HandleIQ("set", "urn:save", "save", router.ToHost, func(_ context.Context, p *router.Packet) error {
		p.Write(func(tx *store.Tx) error { return tx.SetSetting("x", "y") })
		p.Result("")
		return nil
	})
}

// TestEndWaitsForAnswers: what was asked before the end of the stream is
// answered before ours, also if a commit has to come first.
func TestEndWaitsForAnswers(t *testing.T) {
	var hold atomic.Bool
	held := make(chan struct{})
	o := store.Options{BeforeCommit: func(int) {
		if hold.Load() {
			<-held
		}
	}}
	w := newWorld(t, setup{modules: []router.Module{saving{}}, store: o})
	p := w.online("romeo", "x")
	hold.Store(true)
	p.send("<iq type='set' id='s' to='a.lit'><save xmlns='urn:save'/></iq>" + goodbye)
	time.AfterFunc(50*time.Millisecond, func() { hold.Store(false); close(held) })
	if before := p.want(goodbye); !strings.Contains(before, "id='s'") {
		t.Errorf("before the end: %q", before)
	}
	p.wantEOF()
}

// TestChurn: clients come, talk, are interrupted all the time, and go, each at
// once with many others; none loses a message or its connection.
func TestChurn(t *testing.T) {
	eachWay(t, setup{}, func(t *testing.T, w *world) {
		stop := make(chan struct{})
		var meddler, clients sync.WaitGroup
		meddler.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Microsecond):
					w.server.each(func(c *client) {
						if c.bound.Load() != nil {
							_ = c.conn.Interrupt()
						}
					})
				}
			}
		})
		for i := range 8 {
			clients.Go(func() {
				for round := range 5 {
					name := strconv.Itoa(i) + "-" + strconv.Itoa(round)
					p := w.online("romeo", name)
					for range 20 {
						p.wantNothing("romeo@a.lit/" + name)
					}
					p.send(goodbye)
					p.wantEnd(goodbye)
					p.nc.Close()
				}
			})
		}
		clients.Wait()
		close(stop)
		meddler.Wait()
		eventually(t, func() bool { return w.server.Len() == 0 })
	})
}
