package router

import (
	"context"
	"errors"
	"fmt"
	"testing"

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
// with its edits into the receiver's queue.
func BenchmarkRoute(b *testing.B) {
	for _, c := range []struct {
		name, to string
		modules  []Module
	}{
		{"full", "romeo@a.lit/orchard", nil},
		{"bare", "romeo@a.lit", nil},
		{"modules", "romeo@a.lit/orchard", []Module{module(passers)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b, store.Options{}, c.modules...)
			juliet := w.login("juliet@a.lit/balcony", "0")
			romeo := w.login("romeo@a.lit/orchard", "0")
			sc := stanza.NewScanner(stanza.Limits{})
			header := []byte("<stream:stream xmlns='jabber:client' xmlns:stream='" + stanza.NSStream + "'>")
			if tok, _, err := sc.Scan(header, new(stanza.Stanza)); tok != stanza.Opened {
				b.Fatal(tok, err)
			}
			text := []byte(chatMessage)
			ctx := context.Background()
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				st := juliet.s.Incoming()
				if tok, _, err := sc.Scan(text, st); tok != stanza.Found {
					b.Fatal(tok, err)
				}
				juliet.s.Handle(ctx, st)
				if n++; n%16 == 0 { // the writer takes what has come meanwhile
					batch, _ := romeo.s.Take()
					romeo.s.Written(batch, nil)
				}
			}
			if juliet.s.queue.buf != nil || romeo.error() != nil {
				b.Fatal("answered with an error")
			}
		})
	}
}
