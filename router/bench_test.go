package router

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"parley/stanza"
	"parley/store"
)

// chatMessage is what a client of today sends for a short text, 281 bytes.
const chatMessage = `<message to='romeo@a.lit/orchard' type='chat' id='8b7d5f1c-2f7e-4a4c-9d55-1f0c6b1d2e3a'>` +
	`<body>Art thou not Romeo, and a Montague?</body><active xmlns='http://jabber.org/protocol/chatstates'/>` +
	`<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>`

// passers are as many modules as the server has, each with a look at every
// message in each stage.
func passers(h *Host) {
	for i := range 12 {
		for s := Refuse; s < finished; s++ {
			h.On(s, OfAll, fmt.Sprint(i), func(_ context.Context, p *Packet) error {
				if p.Account == nil {
					return errors.New("no account")
				}
				return nil
			})
		}
		h.OnWrite(fmt.Sprint(i), func(s *Session, p *Packet) bool { return p.Stanza.Kind != stanza.Other })
	}
}

// BenchmarkRoute scans a message, routes it through the stages, and writes it
// with its edits into the receiver's queue. In turns each goes to another of
// eight receivers, so that nothing of the message before is of use.
func BenchmarkRoute(b *testing.B) {
	for _, c := range []struct {
		name, to string
		turns    int
		modules  []Module
	}{
		{"full", "romeo@a.lit/orchard", 1, nil},
		{"bare", "romeo@a.lit", 1, nil},
		{"turns", "romeo@a.lit/orchard", 8, nil},
		{"modules", "romeo@a.lit/orchard", 1, []Module{module(passers)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b, store.Options{}, c.modules...)
			juliet := w.login("juliet@a.lit/balcony", "0")
			var romeos []*client
			var texts [][]byte
			for i := range c.turns {
				name := fmt.Sprint("romeo", i)
				romeos = append(romeos, w.login(name+"@a.lit/orchard", "0"))
				to := strings.Replace(c.to, "romeo", name, 1)
				text := strings.Replace(chatMessage, "romeo@a.lit/orchard", to, 1)
				texts = append(texts, []byte(text))
			}
			benchRoute(b, juliet, romeos, texts)
		})
	}
}

// BenchmarkManaged is a message both of whose clients acknowledge: the sender asks
// for each, the receiver says what it has got.
func BenchmarkManaged(b *testing.B) {
	w := newWorld(b, store.Options{})
	juliet, romeo := w.login("juliet@a.lit/balcony", "0"), w.login("romeo@a.lit/orchard", "0")
	manage := func(c *client) {
		if !c.s.Manage(true, 0, func(Management) string { return "" }) {
			b.Fatal("not managed")
		}
	}
	manage(juliet)
	manage(romeo)
	read := juliet.reader(b)
	text := []byte(chatMessage)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	h := uint32(0)
	for b.Loop() {
		read(text)
		juliet.s.Ask()
		for _, c := range []*client{romeo, juliet} {
			batch, ok := c.s.Take()
			if !ok {
				b.Fatal("nothing to write")
			}
			c.s.Written(batch, nil)
		}
		h++
		if sent, ok := romeo.s.Acknowledged(h); !ok || sent != h {
			b.Fatal("acknowledged", h, "of", sent)
		}
	}
}

// reader is what c2s does with what a client sends: scan and handle.
func (c *client) reader(tb testing.TB) func(text []byte) {
	sc := stanza.NewScanner(stanza.Limits{})
	header := []byte("<stream:stream xmlns='jabber:client' xmlns:stream='" + stanza.NSStream + "'>")
	if tok, _, err := sc.Scan(header, new(stanza.Stanza)); tok != stanza.Opened {
		tb.Fatal(tok, err)
	}
	ctx := context.Background()
	return func(text []byte) {
		st := c.s.Incoming()
		if tok, _, err := sc.Scan(text, st); tok != stanza.Found {
			tb.Fatal(tok, err)
		}
		c.s.Handle(ctx, st)
	}
}

// benchRoute sends texts[i] to romeos[i], one after the other, again and again.
func benchRoute(b *testing.B, juliet *client, romeos []*client, texts [][]byte) {
	read := juliet.reader(b)
	b.SetBytes(int64(len(texts[0])))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		read(texts[n%len(texts)])
		n++
		if turn := n / len(romeos); n%len(romeos) == 0 && turn%16 == 0 {
			for _, romeo := range romeos { // the writers take what has come meanwhile
				batch, _ := romeo.s.Take()
				romeo.s.Written(batch, nil)
			}
		}
	}
	for _, romeo := range romeos {
		if juliet.s.queue.buf != nil || romeo.error() != nil {
			b.Fatal("answered with an error")
		}
	}
}

// TestMessageAllocations: a message is two allocations from the bytes of one
// stream to those of another, its text and one of the size class of 704 bytes,
// of which the garbage collector takes 8.
func TestMessageAllocations(t *testing.T) {
	if size := unsafe.Sizeof(incoming{}); size > 704-8 {
		t.Errorf("packet and stanza have %d bytes", size)
	}
	w := newWorld(t, store.Options{}, module(passers))
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	read := juliet.reader(t)
	n, text := 0, []byte(chatMessage)
	if got := testing.AllocsPerRun(320, func() {
		read(text)
		if n++; n%16 == 0 {
			batch, _ := romeo.s.Take()
			romeo.s.Written(batch, nil)
		}
	}); got > 2 {
		t.Errorf("%v allocations", got)
	}
	if romeo.take() == "" {
		t.Error("not delivered")
	}
}
