package router

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/stanza"
	"parley/store"
)

// managed turns stream management on for a client.
func (c *client) managed(resume bool) (id string) {
	c.w.t.Helper()
	ok := c.s.Manage(resume, 0, func(m Management) string { id = m.ID; return "<enabled/>" })
	if !ok || c.take() != "<enabled/>" {
		c.w.t.Fatal("not enabled")
	}
	return id
}

// later is a module whose messages to juliet are late.
func later(written *[]func()) module {
	return func(h *Host) {
		h.On(Record, OfMessage, "late", func(_ context.Context, p *Packet) error {
			if p.Side == Receiving && p.Stanza.ID == "late" {
				*written = append(*written, p.Late(nil))
			}
			return nil
		})
	}
}

const ack = "<a xmlns='urn:xmpp:sm:3' h='%d'/>"

// TestAskLate: what is still to be written down is not acknowledged, nor is what
// follows it; the answer is not withheld, and what grows is told (XEP-0198
// section 4, Acks).
func TestAskLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written []func()
		w := newWorld(t, store.Options{}, later(&written))
		romeo := w.login("romeo@a.lit/x", "0")
		w.login("juliet@a.lit/y", "0")
		romeo.send("<message to='juliet@a.lit/y' id='before'/>")
		romeo.managed(false)
		wants := func(what string, counts ...int) {
			t.Helper()
			synctest.Wait()
			var want strings.Builder
			for _, n := range counts {
				fmt.Fprintf(&want, ack, n)
			}
			if got := romeo.take(); got != want.String() {
				t.Errorf("%s: %s, want %s", what, got, want.String())
			}
		}
		romeo.s.Ask()
		wants("nothing sent", 0)
		romeo.send("<message to='juliet@a.lit/y' id='1'/>")
		romeo.send("<message to='juliet@a.lit/y' id='late'/>")
		romeo.send("<message to='juliet@a.lit/y' id='late'/>")
		romeo.send("<message to='juliet@a.lit/y' id='2'/>")
		romeo.s.Ask()
		wants("two are late")
		time.Sleep(answerWithin - 1)
		wants("almost a second later")
		time.Sleep(2 * time.Nanosecond)
		wants("a second later", 1)
		written[1]()
		wants("the second is written")
		time.Sleep(2 * answerWithin)
		wants("nothing has grown")
		written[0]()
		wants("both are written", 4)
		time.Sleep(2 * answerWithin)
		wants("all has been said")

		// Each request has its answer, in its place.
		romeo.send("<message to='juliet@a.lit/y' id='late'/>")
		romeo.s.Ask()
		romeo.send("<message to='juliet@a.lit/y' id='late'/>")
		romeo.s.Ask()
		wants("two requests")
		written[2]()
		wants("the first", 5)
		written[3]()
		wants("the second", 6)
	})
}

// TestAskMany: requests without end cost a bounded list.
func TestAskMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written []func()
		w := newWorld(t, store.Options{}, later(&written))
		romeo := w.login("romeo@a.lit/x", "0")
		w.login("juliet@a.lit/y", "0")
		romeo.managed(false)
		romeo.send("<message to='juliet@a.lit/y' id='late'/>")
		for range 3 * maxAsks {
			romeo.s.Ask()
		}
		written[0]()
		if got := strings.Count(romeo.take(), "<a "); got != maxAsks {
			t.Errorf("%d answers, want %d", got, maxAsks)
		}
	})
}

// TestHold: what will be handed to the store later holds up what follows, for who
// counts and for nobody else.
func TestHold(t *testing.T) {
	for _, managed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var held []func()
			w := newWorld(t, store.Options{}, module(func(h *Host) {
				h.On(Deliver, OfMessage, "hold", func(_ context.Context, p *Packet) error {
					if p.Side == Receiving && p.Stanza.ID == "held" {
						held = append(held, p.Hold())
					}
					return nil
				})
			}))
			romeo, juliet := w.login("romeo@a.lit/x", "0"), w.login("juliet@a.lit/y", "0")
			if managed {
				romeo.managed(true)
			}
			for _, id := range []string{"1", "held", "held", "2"} {
				romeo.send("<message to='juliet@a.lit/y' id='" + id + "'/>")
			}
			wants := func(what string, want int) {
				t.Helper()
				synctest.Wait()
				if got := strings.Count(juliet.take(), "<message"); got != want {
					t.Errorf("managed %v, %s: %d messages, want %d", managed, what, got, want)
				}
			}
			if !managed {
				wants("all at once", 4)
				return
			}
			wants("up to the one that is held", 2)
			held[0]()
			wants("up to the next", 1)
			held[1]()
			wants("the rest", 1)
			romeo.flush()
		})
	}
}

// TestAskDeaf: who asks and does not read the answers is closed when they fill the
// queue (RFC 6120 section 13.12, Denial of Service).
func TestAskDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorldWith(t, "[limits]\nqueue = '64 KiB'\n", store.Options{})
		romeo := w.login("romeo@a.lit/x", "0")
		romeo.managed(true)
		for range 3000 {
			romeo.s.Ask()
		}
		synctest.Wait()
		if romeo.error() != stanza.StreamResourceConstraint || romeo.s.Queued() > 65<<10 {
			t.Error(romeo.error(), romeo.s.Queued())
		}
	})
}

// TestCounted: how far a session came is noted with the rows of what it counts,
// and never counts what has none yet (XEP-0198 section 5, Resumption).
func TestCounted(t *testing.T) {
	var written []func()
	var late []*Packet
	hold, delivered := make(chan struct{}), make(chan struct{})
	var early atomic.Int32
	w := newWorld(t, store.Options{}, module(func(h *Host) {
		h.On(Record, OfMessage, "rows", func(_ context.Context, p *Packet) error {
			switch {
			case p.Side != Receiving:
			case p.Stanza.ID == "late":
				written, late = append(written, p.Late(nil)), append(late, p)
			case p.Stanza.ID == "slow":
				p.Write(func(*store.Tx) error { <-hold; return nil })
			case p.Stanza.ID == "row":
				p.Write(func(*store.Tx) error { early.Add(1); return nil })
			case p.Stanza.ID == "refused":
				p.Write(func(*store.Tx) error { return errors.New("refused") })
			}
			return nil
		})
		h.On(Deliver, OfMessage, "slow", func(_ context.Context, p *Packet) error {
			if p.Side == Receiving && p.Stanza.ID == "slow" {
				<-delivered
			}
			return nil
		})
	}))
	romeo := w.login("romeo@a.lit/x", "0")
	w.login("juliet@a.lit/y", "0")
	id := romeo.managed(true)
	send := func(ids ...string) {
		for _, id := range ids {
			romeo.send("<message to='juliet@a.lit/y' id='" + id + "'/>")
		}
	}
	wants := func(what string, want uint32) {
		t.Helper()
		a := w.account("romeo@a.lit")
		got, err := w.db.Resumable(context.Background(), a.ID, id)
		if got != want || err != nil {
			t.Errorf("%s: %d %v, want %d", what, got, err, want)
		}
	}
	send("none")
	wants("no rows", 0)
	send("row")
	romeo.flush()
	wants("a row behind one without", 2)
	send("refused")
	romeo.flush()
	wants("what was refused is not counted alone", 2)

	send("late", "row")
	if err := w.db.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
	wants("one is late", 3)
	if err := w.db.Update(context.Background(), func(tx *store.Tx) error {
		late[0].Counted(tx)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	wants("it is written", 5)
	written[0]()
	romeo.flush()

	// What has not been delivered yet may come to have rows then, as in a room:
	// nothing behind it has rows before.
	early.Store(0)
	send("slow", "row", "none", "row", "row")
	hold <- struct{}{}
	if err := w.db.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
	wants("up to what had not been delivered", 7)
	if n := early.Load(); n != 1 {
		t.Errorf("%d rows before it was delivered", n)
	}
	delivered <- struct{}{}
	romeo.flush()
	wants("all", 10)
}
