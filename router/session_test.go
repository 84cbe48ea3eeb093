package router

import (
	"context"
	"errors"
	"strings"
	"testing"

	"parley/stanza"
	"parley/store"
)

// owe sets Owed on every message and notes what is lost.
func owe(lost *[]string) module {
	return func(h *Host) {
		h.On(Record, OfMessage, "owe", func(_ context.Context, p *Packet) error {
			p.Owed = p.Side == Receiving && p.MessageType() == "chat"
			return nil
		})
		h.OnLost(func(_ context.Context, p *Packet) { *lost = append(*lost, p.Stanza.ID) })
	}
}

const chat = "<message type='chat' to='romeo@a.lit' id='"

// TestOwed: a packet is lost when all queues that held it died before they
// were written, and nobody took it.
func TestOwed(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, c := range []struct {
		what string
		do   func(orchard, inn *client)
		lost string
	}{
		{"both write", func(o, i *client) { o.take(); i.take() }, ""},
		{"one writes, one breaks", func(o, i *client) { o.take(); i.breaks(broken) }, ""},
		{"one breaks, one writes", func(o, i *client) { o.breaks(broken); i.take() }, ""},
		{"both break", func(o, i *client) { o.breaks(broken); i.breaks(broken) }, "1 2"},
		{"one ends, one waits", func(o, i *client) { o.end() }, ""},
		{"one ends, one writes", func(o, i *client) { o.end(); i.take() }, ""},
		{"both end", func(o, i *client) { o.end(); i.end() }, "1 2"},
		{"one writes, one ends", func(o, i *client) { o.take(); i.end() }, ""},
		{"break and end", func(o, i *client) { o.breaks(broken); o.end(); i.end() }, "1 2"},
	} {
		t.Run(c.what, func(t *testing.T) {
			var lost []string
			w := newWorld(t, store.Options{}, owe(&lost))
			juliet := w.login("juliet@a.lit/balcony", "0")
			orchard, inn := w.login("romeo@a.lit/orchard", "0"), w.login("romeo@a.lit/inn", "0")
			juliet.send(chat + "1'/>")
			juliet.send("<message type='normal' to='romeo@a.lit' id='not owed'/>")
			juliet.send(chat + "2'/>")
			c.do(orchard, inn)
			if got := strings.Join(lost, " "); got != c.lost {
				t.Errorf("lost %q, want %q", got, c.lost)
			}
		})
	}
}

// breaks takes what waits and fails to write it.
func (c *client) breaks(err error) {
	if b, ok := c.s.Take(); ok {
		c.s.Written(b, err)
	}
}

func (c *client) end() { c.s.End(context.Background()) }

// TestTaken: each session that wrote an owed packet is told of, no other.
func TestTaken(t *testing.T) {
	var lost, took []string
	w := newWorld(t, store.Options{}, owe(&lost), module(func(h *Host) {
		h.OnTaken(func(s *Session, p *Packet) { took = append(took, s.JID.Resource()+p.Stanza.ID) })
	}))
	juliet := w.login("juliet@a.lit/balcony", "0")
	orchard, inn := w.login("romeo@a.lit/orchard", "0"), w.login("romeo@a.lit/inn", "0")
	juliet.send(chat + "1'/>")
	juliet.send("<message type='normal' to='romeo@a.lit' id='not owed'/>")
	orchard.take()
	inn.breaks(errors.New("broken pipe"))
	juliet.send(chat + "2'/>")
	orchard.take()
	inn.take() // it is out of use since its write failed
	if got := strings.Join(took, " "); got != "orchard1 orchard2" || len(lost) > 0 {
		t.Errorf("taken %q, lost %q", got, lost)
	}
}

// TestOwedNowhere: what no queue took in the first place is lost too, and the
// sender is not told an error: whoever owes it keeps it.
func TestOwedNowhere(t *testing.T) {
	var lost []string
	w := newWorld(t, store.Options{}, owe(&lost))
	juliet := w.login("juliet@a.lit/balcony", "0")
	w.login("romeo@a.lit/orchard", "-1")
	juliet.send(chat + "1'/>")
	juliet.gets("")
	if len(lost) != 1 {
		t.Errorf("lost %q", lost)
	}
}

// TestOwedWhileRouted: a queue that dies while the packet is still on its way
// to others does not lose it for them.
func TestOwedWhileRouted(t *testing.T) {
	var lost []string
	w := newWorld(t, store.Options{}, owe(&lost), module(func(h *Host) {
		h.On(Deliver, OfMessage, "early", func(_ context.Context, p *Packet) error {
			if p.Side == Receiving {
				s := p.Targets[0]
				s.Send(p)
				s.End(context.Background())
				p.Targets = p.Targets[1:]
			}
			return nil
		})
	}))
	juliet := w.login("juliet@a.lit/balcony", "0")
	w.login("romeo@a.lit/orchard", "0")
	inn := w.login("romeo@a.lit/inn", "0")
	juliet.send(chat + "1'/>")
	if inn.take() == "" || len(lost) > 0 {
		t.Errorf("lost %q", lost)
	}
}

// TestWake: the stream is woken when its queue becomes non-empty, once.
func TestWake(t *testing.T) {
	w := newWorld(t, store.Options{})
	romeo := w.login("romeo@a.lit/orchard", "0")
	st := stanza.MustParse("<message/>")
	wakes := func(n int) {
		t.Helper()
		if romeo.wakes != n {
			t.Errorf("%d wakes, want %d", romeo.wakes, n)
		}
	}
	wakes(0)
	romeo.s.Push(st)
	romeo.s.Push(st)
	wakes(1)
	b, ok := romeo.s.Take()
	if !ok || string(b.Bytes) != "<message/><message/>" {
		t.Fatalf("%s", b.Bytes)
	}
	romeo.s.Push(st) // while the batch is being written
	wakes(2)
	romeo.s.Written(b, nil)
	romeo.gets("<message/>")
	if _, ok := romeo.s.Take(); ok {
		t.Error("took from an empty queue")
	}
	if romeo.s.queue.buf != nil {
		t.Error("an idle queue holds a buffer")
	}
}

// TestSlowConsumer: a client that does not read is disconnected when its queue
// is full; its senders are not held up, and others are served.
func TestSlowConsumer(t *testing.T) {
	w := newWorldWith(t, "[limits]\nqueue = 65536\n", store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	slow, inn := w.login("romeo@a.lit/slow", "0"), w.login("romeo@a.lit/inn", "0")
	body := "<body>" + strings.Repeat("x", 1000) + "</body></message>"
	held, _ := slow.s.Take() // nothing; what is being written counts too
	_ = held
	sent := 0
	for slow.error() == nil {
		juliet.send("<message to='romeo@a.lit'>" + body)
		if sent++; sent == 30 {
			held, _ = slow.s.Take()
		}
		if inn.take() == "" {
			t.Fatal("the other session got nothing")
		}
	}
	if sent < 55 || sent > 65 {
		t.Errorf("closed after %d messages", sent)
	}
	if slow.error() != stanza.StreamResourceConstraint {
		t.Errorf("closed with %v", slow.error())
	}
	slow.s.Written(held, nil)
	juliet.send("<message to='romeo@a.lit/slow'/>")
	if got := juliet.take(); !strings.Contains(got, "service-unavailable") {
		t.Errorf("a message for a stream that closes: %s", got)
	}
	slow.end()
	if slow.s.Push(stanza.MustParse("<message/>")) {
		t.Error("an ended session takes stanzas")
	}
}

// TestOneBigStanza: one stanza always fits.
func TestOneBigStanza(t *testing.T) {
	w := newWorldWith(t, "[limits]\nqueue = 65536\n", store.Options{})
	romeo := w.login("romeo@a.lit/orchard", "0")
	big := stanza.MustParse("<message><body>" + strings.Repeat("x", 100000) + "</body></message>")
	if !romeo.s.Push(big) || romeo.s.Push(big) || romeo.error() == nil {
		t.Error("want the first, not the second")
	}
}

// TestWriteStage: the last look keeps stanzas from one session.
func TestWriteStage(t *testing.T) {
	w := newWorld(t, store.Options{}, module(func(h *Host) {
		h.OnWrite("no presence", func(s *Session, p *Packet) bool {
			return p.Stanza.Kind != stanza.Presence || s.JID.Resource() != "phone"
		})
	}))
	juliet := w.login("juliet@a.lit/balcony", "0")
	phone, inn := w.login("romeo@a.lit/phone", "0"), w.login("romeo@a.lit/inn", "0")
	juliet.send("<presence to='romeo@a.lit'/>")
	if phone.take() != "" || inn.take() == "" {
		t.Error("Send")
	}
	st := stanza.MustParse("<presence from='juliet@a.lit'/>")
	if phone.s.Push(st) || !inn.s.Push(st) {
		t.Error("Push")
	}
}

// TestOutcome: the after stage is told who took a packet, and an error of the
// deliver stage does not keep it from running.
func TestOutcome(t *testing.T) {
	var got []Outcome
	w := newWorld(t, store.Options{}, module(offline), module(func(h *Host) {
		h.On(After, OfMessage, "note", func(_ context.Context, p *Packet) error {
			if p.Side == Receiving {
				got = append(got, p.Outcome)
			}
			return nil
		})
	}))
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	w.login("romeo@a.lit/inn", "0")
	juliet.send("<message to='romeo@a.lit'/>")
	juliet.send("<message to='romeo@a.lit/orchard'/>")
	romeo.end()
	w.clients["romeo@a.lit/inn"].end()
	juliet.send("<message to='romeo@a.lit'/>")
	juliet.flush()
	want := []Outcome{{Sessions: 2}, {Sessions: 1}, {Stored: true}}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

// A session whose stream is being closed gets no new messages: they go to the
// others, or are dealt with as if it were gone (RFC 6121 section 8.5.2, localpart@domainpart).
func TestLeaving(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	desk, phone := w.login("romeo@a.lit/desk", "0"), w.login("romeo@a.lit/phone", "0")
	desk.s.Close(stanza.StreamPolicyViolation)
	for _, to := range []string{"romeo@a.lit", "romeo@a.lit/desk"} {
		juliet.send("<message to='" + to + "' type='chat'><body>" + to + "</body></message>")
		if got := desk.take(); got != "" {
			t.Errorf("to %s: the leaving session got %s", to, got)
		}
		if got := phone.take(); !strings.Contains(got, to+"</body>") {
			t.Errorf("to %s: the other session got %q", to, got)
		}
	}
	phone.s.Leave()
	juliet.send("<message to='romeo@a.lit' type='chat'><body>x</body></message>")
	if got := juliet.take(); !strings.Contains(got, "service-unavailable") {
		t.Errorf("with all leaving the sender got %q", got)
	}
}
