package router

import (
	"context"
	"strings"
	"testing"

	"parley/stanza"
	"parley/store"
)

// FuzzRoute sends one stanza of a client, or of another server, and holds what
// is true of all of them: a request has exactly one answer, an error or result
// none; a message reaches somebody, or is kept, or comes back; nobody receives
// it under another's name; and nothing panics.
func FuzzRoute(f *testing.F) {
	for _, to := range []string{"", "a.lit", "a.lit/x", "romeo@a.lit", "romeo@a.lit/orchard", "romeo@a.lit/x",
		"juliet@a.lit", "juliet@a.lit/balcony", "nobody@a.lit", "chat.a.lit",
		"r@chat.a.lit/n", "x@b.lit", "@", "\u202e"} {
		for _, typ := range []string{"", "get", "set", "result", "error", "chat", "headline", "subscribe", "probe"} {
			f.Add(uint8(1), to, typ, "1", "q", "urn:all", false)
			f.Add(uint8(2), to, typ, "1", "priority", "", false)
			f.Add(uint8(3), to, typ, "1", "q", "urn:all", true)
		}
	}
	f.Add(uint8(3), "juliet@a.lit", "get", "", "q", "urn:self", false)
	f.Add(uint8(3), "juliet@a.lit", "set", "1", "v", "urn:keep", false)
	var lost []string
	w := newWorld(f, store.Options{}, module(keep), module(offline), module(echo), owe(&lost))
	delete(w.h.owners, iqKey{ToHost, "set", "urn:silent", "q"})
	w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	w.login("romeo@a.lit/inn", "-1")
	f.Fuzz(func(t *testing.T, kind uint8, to, typ, id, child, ns string, remote bool) {
		st := fuzzStanza(t, kind, to, typ, id, child, ns, remote)
		w.t = t
		juliet := w.login("juliet@a.lit/balcony", "0") // a stream of its own
		defer juliet.end()
		for _, c := range w.clients {
			c.take()
		}
		w.out.take()
		lost = nil
		before := w.missed("romeo@a.lit") + w.missed("juliet@a.lit")
		if remote {
			l := w.r.NewLine(Remote)
			_ = l.Put(context.Background(), st)
			_ = l.Flush(context.Background())
		} else {
			juliet.s.Handle(context.Background(), st)
			juliet.flush()
		}
		if strings.Contains(w.logs.String(), "panicked: ") && !strings.Contains(w.logs.String(), "panicked: oh") {
			t.Fatal(w.logs)
		}
		got := map[string]string{"out": w.out.take()}
		for name, c := range w.clients {
			got[name] = c.take()
		}
		kept := w.missed("romeo@a.lit")+w.missed("juliet@a.lit") > before
		fuzzCheck(t, st, got, kept || len(lost) > 0, remote)
	})
	_ = romeo
}

// fuzzStanza builds a well-formed stanza.
func fuzzStanza(t *testing.T, kind uint8, to, typ, id, child, ns string, remote bool) *stanza.Stanza {
	name := []string{"message", "presence", "iq"}[kind%3]
	var b stanza.Builder
	b.Start(name, "", "to", to, "type", typ, "id", id)
	if remote {
		b.Attr("from", "x@b.lit/r")
	}
	if child != "" {
		b.Start("c", ns, "name", child).Text(child).End()
	}
	st, err := stanza.Parse(strings.NewReplacer("<c ", "<"+child+" ", "<c>", "<"+child+">",
		"</c>", "</"+child+">").Replace(b.End().String()))
	if err != nil {
		t.Skip(err)
	}
	return st
}

// fuzzCheck compares what came out with what must be.
func fuzzCheck(t *testing.T, st *stanza.Stanza, got map[string]string, kept, remote bool) {
	sender, from := "juliet@a.lit/balcony", "juliet@a.lit"
	if remote {
		sender, from = "out", "x@b.lit"
	}
	if st.Kind == stanza.Presence && st.Type == "probe" {
		return // answered by who knows (RFC 6121 section 4.3.2), not with an error
	}
	answers, delivered := 0, 0
	for who, text := range got {
		for _, one := range split(t, text) {
			switch {
			case who == sender && one.To.Bare().String() == from && (one.Type == "error" || one.Type == "result"):
				answers++
			default:
				delivered++
				if one.From.Bare().String() != from || one.Type != st.Type || one.ID != st.ID {
					t.Errorf("%s got %s from %s", who, one.Raw, st.Raw)
				}
			}
		}
	}
	quiet := st.Type == "error" || st.Kind == stanza.IQ && st.Type == "result"
	request := st.Kind == stanza.IQ && !quiet
	self := delivered == 0 && answers == 1 // an answer that is itself delivered to its sender
	switch {
	case quiet && answers > 0 && !(self && st.To.Bare().String() == from):
		t.Errorf("%s was answered: %v", st.Raw, got)
	case request && !remote && answers+delivered != 1:
		t.Errorf("%s: %d answers, delivered to %d: %v", st.Raw, answers, delivered, got)
	case st.Kind == stanza.Message && st.Type == "chat" && !remote && answers+delivered == 0 && !kept:
		t.Errorf("%s is lost", st.Raw)
	case answers > 1 || answers > 0 && (delivered > 0 || kept):
		t.Errorf("%s: %d answers, delivered to %d, kept: %v", st.Raw, answers, delivered, kept)
	}
}

// split parses stanzas that stand one behind the other.
func split(t *testing.T, text string) (list []*stanza.Stanza) {
	sc := stanza.NewScanner(stanza.Limits{})
	in := []byte("<stream:stream xmlns='jabber:client' xmlns:stream='" + stanza.NSStream + "'>" + text)
	for {
		st := new(stanza.Stanza)
		tok, n, err := sc.Scan(in, st)
		switch {
		case err != nil:
			t.Fatalf("%s: %v", text, err)
		case tok == stanza.More:
			return list
		case tok == stanza.Found:
			list = append(list, st)
		}
		in = in[n:]
	}
}
