package router

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/stanza"
	"parley/store"
)

// gate holds the store's writer before its commits.
type gate struct {
	mu      sync.Mutex
	open    chan struct{} // nil: commits pass
	held    chan struct{} // a commit has come to the gate
	batches atomic.Int64
}

func newGate() *gate { return &gate{held: make(chan struct{}, 1)} }

// wait is store.Options.BeforeCommit.
func (g *gate) wait(int) {
	g.batches.Add(1)
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	if open == nil {
		return
	}
	select {
	case g.held <- struct{}{}:
	default:
	}
	<-open
}

// hold stops the writer at its next commit; the function lets it go on.
func (g *gate) hold() (release func()) {
	open := make(chan struct{})
	g.mu.Lock()
	g.open = open
	g.mu.Unlock()
	return func() {
		g.mu.Lock()
		g.open = nil
		g.mu.Unlock()
		close(open)
	}
}

// keep records every message with a body for its receiver, and iq sets.
func keep(h *Host) {
	h.On(Record, OfMessage, "keep", func(_ context.Context, p *Packet) error {
		if p.Side == Receiving && p.Stanza.Has("", "body") {
			p.Write(func(tx *store.Tx) error {
				_, err := tx.AddBody(p.Stanza.Raw, p.From.String(), time.Now())
				return err
			})
		}
		return nil
	})
	set := func(_ context.Context, p *Packet) error {
		p.Write(func(tx *store.Tx) error {
			return tx.SetPrivate(p.Account.ID, "k", p.Payload().Raw, 0)
		})
		p.Result("")
		return nil
	}
	get := func(ctx context.Context, p *Packet) error {
		xml, err := h.Router.Store.Private(ctx, p.Account.ID, "k")
		if err != nil {
			return stanza.ItemNotFound
		}
		p.Result(xml)
		return nil
	}
	h.HandleIQ("set", "urn:keep", "v", ToSelf, set)
	h.HandleIQ("get", "urn:keep", "v", ToSelf, get)
}

// TestHeldCommit: while a commit is held, nothing of that stanza nor of a
// later one from the same stream goes out, and other streams are served.
func TestHeldCommit(t *testing.T) {
	g := newGate()
	w := newWorld(t, store.Options{BeforeCommit: g.wait}, module(keep))
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	nurse := w.login("nurse@a.lit/house", "0")

	release := g.hold()
	juliet.send("<message to='romeo@a.lit' id='1'><body>kept</body></message>")
	<-g.held
	juliet.send("<message to='romeo@a.lit' id='2'/>")                   // no rows, but behind
	juliet.send("<iq type='get' id='3' to='a.lit'><q xmlns='x'/></iq>") // an answer, but behind
	juliet.send("<presence to='romeo@a.lit'/>")
	nurse.send("<message to='romeo@a.lit' id='n'/>")
	romeo.gets("<message to='romeo@a.lit' id='n' from='nurse@a.lit/house'/>")
	juliet.gets("")
	juliet.s.Push(stanza.MustParse("<iq type='set' id='push'/>")) // not in the line
	juliet.gets("<iq type='set' id='push'/>")

	release()
	juliet.flush()
	romeo.gets("<message to='romeo@a.lit' id='1' from='juliet@a.lit/balcony'><body>kept</body></message>" +
		"<message to='romeo@a.lit' id='2' from='juliet@a.lit/balcony'/>" +
		"<presence to='romeo@a.lit' from='juliet@a.lit/balcony'/>")
	if got := juliet.take(); !strings.Contains(got, "id='3' type='error'") {
		t.Error(got)
	}
}

// TestReadsItsWrites: an iq sees the sets before it on its stream.
func TestReadsItsWrites(t *testing.T) {
	g := newGate()
	w := newWorld(t, store.Options{BeforeCommit: g.wait}, module(keep))
	juliet := w.login("juliet@a.lit/balcony", "0")
	release := g.hold()
	for i := range 5 {
		juliet.send(fmt.Sprintf("<iq type='set' id='s%d'><v xmlns='urn:keep'>%d</v></iq>", i, i))
		juliet.send(fmt.Sprintf("<iq type='get' id='g%d'><v xmlns='urn:keep'/></iq>", i))
	}
	<-g.held
	juliet.gets("")
	release()
	juliet.flush()
	got := juliet.take()
	for i := range 5 {
		set := fmt.Sprintf("<iq id='s%d' type='result' to='juliet@a.lit/balcony' from='juliet@a.lit'/>", i)
		get := fmt.Sprintf("<iq id='g%d' type='result' to='juliet@a.lit/balcony' from='juliet@a.lit'>"+
			"<v xmlns='urn:keep'>%d</v></iq>", i, i)
		if !strings.HasPrefix(got, set+get) {
			t.Fatalf("want %s%s\n got %s", set, get, got)
		}
		got = got[len(set)+len(get):]
	}
}

// TestPipelined: 1,000 messages of one stream need fewer than 50 commits, and
// arrive in order.
func TestPipelined(t *testing.T) {
	g := newGate()
	w := newWorld(t, store.Options{BeforeCommit: g.wait}, module(keep))
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	before := g.batches.Load()
	for i := range 1000 {
		juliet.send(fmt.Sprintf("<message to='romeo@a.lit'><body>%d</body></message>", i))
	}
	juliet.flush()
	if n := g.batches.Load() - before; n >= 50 {
		t.Errorf("%d commits", n)
	}
	got := romeo.take()
	for i := range 1000 {
		want := fmt.Sprintf("<message to='romeo@a.lit' from='juliet@a.lit/balcony'><body>%d</body></message>", i)
		if !strings.HasPrefix(got, want) {
			t.Fatalf("message %d: got %.120s", i, got)
		}
		got = got[len(want):]
	}
}

// TestOneCommitForMany: what comes while a commit is held is handed to the
// store at once, so that the next commits take all of it (512 at a time).
func TestOneCommitForMany(t *testing.T) {
	g := newGate()
	w := newWorld(t, store.Options{BeforeCommit: g.wait}, module(keep))
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	before := g.batches.Load()
	release := g.hold()
	juliet.send("<message to='romeo@a.lit'><body/></message>")
	<-g.held
	for range 600 {
		juliet.send("<message to='romeo@a.lit'><body/></message>")
		juliet.send("<message to='romeo@a.lit'/>") // leaves no row
	}
	if n := w.db.Waiting(); n != 601 {
		t.Errorf("%d functions wait", n)
	}
	release()
	juliet.flush()
	if n := g.batches.Load() - before; n > 3 {
		t.Errorf("%d commits", n)
	}
	if n := strings.Count(romeo.take(), "<message "); n != 1201 {
		t.Errorf("%d messages", n)
	}
}

// TestFailedWrite: one failed function leaves its neighbours committed, in
// order, and its sender is told. What it replied and stopped is forgotten.
func TestFailedWrite(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{stanza.NotAllowed, "not-allowed"},
		{fmt.Errorf("add: %w", stanza.ResourceConstraint), "resource-constraint"},
		{fmt.Errorf("add: %w", store.ErrFull), "resource-constraint"},
		{errors.New("broken"), "internal-server-error"},
	} {
		t.Run(c.want, func(t *testing.T) {
			var committed []string
			w := newWorld(t, store.Options{}, module(func(h *Host) {
				h.On(Record, OfMessage, "fail", func(_ context.Context, p *Packet) error {
					if p.Side == Sending {
						return nil
					}
					p.Write(func(tx *store.Tx) error {
						return tx.SetSetting(p.Stanza.ID, "x")
					})
					p.Write(func(*store.Tx) error {
						if p.Stanza.ID == "2" {
							p.Reply(stanza.MustParse("<message id='reply'/>"))
							return c.err
						}
						return nil
					})
					p.Committed(func() { committed = append(committed, p.Stanza.ID) })
					return nil
				})
			}))
			juliet := w.login("juliet@a.lit/balcony", "0")
			romeo := w.login("romeo@a.lit/orchard", "0")
			for i := 1; i <= 3; i++ {
				juliet.send(fmt.Sprintf("<message to='romeo@a.lit' id='%d'/>", i))
			}
			juliet.flush()
			romeo.gets("<message to='romeo@a.lit' id='1' from='juliet@a.lit/balcony'/>" +
				"<message to='romeo@a.lit' id='3' from='juliet@a.lit/balcony'/>")
			got := juliet.take()
			if !strings.HasPrefix(got, "<message from='romeo@a.lit' id='2' type='error' ") ||
				!strings.Contains(got, "<"+c.want+" ") || strings.Contains(got, "reply") {
				t.Error(got)
			}
			if len(committed) != 2 || committed[0] != "1" || committed[1] != "3" {
				t.Errorf("committed %q", committed)
			}
			for id, ok := range map[string]bool{"1": true, "2": false, "3": true} {
				if v, err := w.db.Setting(t.Context(), id); (v == "x") != ok {
					t.Errorf("%s: %q %v", id, v, err)
				}
			}
			logged := strings.Contains(w.logs.String(), "stanza failed")
			if logged != (c.want == "internal-server-error") {
				t.Errorf("log: %s", w.logs)
			}
		})
	}
}

// TestStop: a packet stopped inside its write ends without an error.
func TestStop(t *testing.T) {
	w := newWorld(t, store.Options{}, module(func(h *Host) {
		h.On(Record, OfMessage, "stop", func(_ context.Context, p *Packet) error {
			if p.Side == Receiving {
				p.Write(func(tx *store.Tx) error {
					if p.Stanza.ID == "1" {
						p.Stop()
					}
					return nil
				})
			}
			return nil
		})
	}))
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	juliet.send("<message to='romeo@a.lit' id='1'/>")
	juliet.send("<message to='romeo@a.lit' id='2'/>")
	juliet.flush()
	juliet.gets("")
	romeo.gets("<message to='romeo@a.lit' id='2' from='juliet@a.lit/balcony'/>")
}

// TestFullLine: a line that holds more than its bytes stops its reader, and
// the reader goes on when there is room, or gives up with its context.
func TestFullLine(t *testing.T) {
	g := newGate()
	w := newWorldWith(t, "[limits]\nline = 65536\n", store.Options{BeforeCommit: g.wait}, module(keep))
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	st := stanza.MustParse("<message to='romeo@a.lit'><body>" + strings.Repeat("x", 40000) + "</body></message>")
	release := g.hold()
	put := func(ctx context.Context) error { return juliet.s.line.Put(ctx, st) }
	for range 2 {
		if err := put(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := put(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a full line took a packet: %v", err)
	}
	done := make(chan error)
	go func() { done <- put(t.Context()) }()
	select {
	case <-done:
		t.Error("a full line took a packet")
	case <-g.held:
	}
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	juliet.flush()
	if n := strings.Count(romeo.take(), "</message>"); n != 3 {
		t.Errorf("%d messages", n)
	}
}

// TestThen: what is routed because of a write goes out behind the commit and
// before the packet.
func TestThen(t *testing.T) {
	w := newWorld(t, store.Options{}, module(func(h *Host) {
		h.On(Record, OfPresence, "then", func(_ context.Context, p *Packet) error {
			if p.Side == Receiving && p.Origin == Local {
				p.Write(func(*store.Tx) error { return nil })
				p.Then(func(ctx context.Context) {
					h.Router.Route(ctx, stanza.MustParse("<presence from='juliet@a.lit' to='romeo@a.lit' id='1'/>"))
				})
			}
			return nil
		})
	}))
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	juliet.send("<presence to='romeo@a.lit' id='2'/>")
	juliet.flush()
	romeo.gets("<presence from='juliet@a.lit' to='romeo@a.lit' id='1'/>" +
		"<presence to='romeo@a.lit' id='2' from='juliet@a.lit/balcony'/>")
}

// TestRouteOrder: what the server sends for one address stays in order though
// one of it waits for its commit; other addresses do not wait.
func TestRouteOrder(t *testing.T) {
	g := newGate()
	w := newWorld(t, store.Options{BeforeCommit: g.wait}, module(keep))
	romeo := w.login("romeo@a.lit/orchard", "0")
	route := func(xml string) { w.r.Route(t.Context(), stanza.MustParse(xml)) }
	release := g.hold()
	route("<message from='juliet@a.lit/x' to='romeo@a.lit' id='1'><body/></message>")
	<-g.held
	route("<presence from='juliet@a.lit' to='romeo@a.lit' id='2'/>")
	route("<message from='juliet@a.lit/y' to='romeo@a.lit' id='3'><body/></message>")
	route("<presence from='nurse@a.lit' to='romeo@a.lit' id='n'/>")
	romeo.gets("<presence from='nurse@a.lit' to='romeo@a.lit' id='n'/>")
	release()
	var got string
	for !strings.Contains(got, "id='3'") {
		got += romeo.waits()
	}
	want := "<message from='juliet@a.lit/x' to='romeo@a.lit' id='1'><body/></message>" +
		"<presence from='juliet@a.lit' to='romeo@a.lit' id='2'/>" +
		"<message from='juliet@a.lit/y' to='romeo@a.lit' id='3'><body/></message>"
	if got != want {
		t.Errorf("got %s", got)
	}
	for range 1000 { // the line goes away when it is empty
		w.r.behind.mu.Lock()
		n := len(w.r.behind.m)
		w.r.behind.mu.Unlock()
		if n == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("the sender's line stays")
}

// TestParallelStreams: many streams at once, each in order to each receiver.
// It is for the race detector.
func TestParallelStreams(t *testing.T) {
	w := newWorld(t, store.Options{}, module(keep))
	const n, each = 8, 100
	var all []*client
	for i := range n {
		all = append(all, w.login(fmt.Sprintf("user%d@a.lit/r", i), "0"))
	}
	var readers, writers sync.WaitGroup
	texts := make([]string, n)
	for i, c := range all {
		readers.Go(func() {
			for strings.Count(texts[i], "</message>")+strings.Count(texts[i], "/>") < n*each {
				texts[i] += c.waits()
			}
		})
		writers.Go(func() {
			for k := range each {
				for to := range n {
					body := ""
					if k%3 == 0 {
						body = "<body>x</body>"
					}
					c.send(fmt.Sprintf("<message to='user%d@a.lit' id='%d.%d'>%s</message>", to, i, k, body))
				}
			}
			c.flush()
		})
	}
	writers.Wait()
	readers.Wait()
	for i, text := range texts {
		for from := range n {
			last := -1
			for k := range each {
				at := strings.Index(text, fmt.Sprintf("id='%d.%d'", from, k))
				if at <= last {
					t.Fatalf("user%d: message %d of user%d is out of order", i, k, from)
				}
				last = at
			}
		}
	}
}
