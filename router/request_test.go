package router

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"parley/stanza"
	"parley/store"
)

// TestRequest: only the one who was asked can answer, once.
func TestRequest(t *testing.T) {
	w := newWorld(t, store.Options{}, module(echo))
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	var got []string
	ask := func(ctx context.Context, from, to string) string {
		w.r.Request(ctx, stanza.MustParse("<iq type='get' id='mine' from='"+from+"' to='"+to+
			"'><q xmlns='urn:all'/></iq>"), func(answer *stanza.Stanza) {
			if answer == nil {
				got = append(got, "none")
				return
			}
			got = append(got, answer.Type)
		})
		m := regexp.MustCompile(`id='([^']*)'`).FindStringSubmatch(juliet.take())
		if m == nil {
			return ""
		}
		return m[1]
	}
	ctx := t.Context()
	for _, from := range []string{"a.lit", "juliet@a.lit"} {
		got = nil
		id := ask(ctx, from, "juliet@a.lit/balcony")
		if len(id) < 20 {
			t.Errorf("id %q can be guessed", id)
		}
		romeo.send("<iq type='result' id='" + id + "' to='" + from + "'/>")
		w.remote(Remote, "<iq type='result' id='"+id+"' to='"+from+"'/>", "juliet@b.lit/balcony")
		juliet.send("<iq type='result' id='mine' to='" + from + "'/>")
		if len(got) != 0 {
			t.Errorf("somebody else answered: %q", got)
		}
		juliet.send("<iq type='error' id='" + id + "' to='" + from + "'>" + badRequest + "</iq>")
		juliet.send("<iq type='result' id='" + id + "' to='" + from + "'/>")
		if len(got) != 1 || got[0] != "error" {
			t.Errorf("answers %q", got)
		}
	}

	got = nil
	id := ask(ctx, "juliet@a.lit", "juliet@a.lit/balcony")
	juliet.send("<iq type='result' id='" + id + "'/>") // no to: one's own account
	ask(ctx, "a.lit", "romeo@a.lit")                   // answered by the account's owner
	ask(ctx, "a.lit", "a.lit")
	ask(ctx, "a.lit", "nobody@a.lit") // an error comes back to who asks
	ask(ctx, "a.lit", "romeo@a.lit/gone")
	if s := strings.Join(got, " "); s != "result result result error error" {
		t.Errorf("answers %q", s)
	}

	got = nil
	short, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	w.r.Request(short, stanza.MustParse(
		"<iq type='get' id='x' from='a.lit' to='juliet@a.lit/balcony'><q xmlns='x'/></iq>"),
		func(answer *stanza.Stanza) {
			if answer != nil {
				t.Error("answered")
			}
			close(ended)
		})
	cancel()
	<-ended
	w.r.pending.mu.Lock()
	defer w.r.pending.mu.Unlock()
	if len(w.r.pending.m) != 0 {
		t.Errorf("%d requests are left", len(w.r.pending.m))
	}
}

// TestRequestRemote: the answer of another server finds who asked.
func TestRequestRemote(t *testing.T) {
	w := newWorld(t, store.Options{})
	answers := 0
	w.r.Request(t.Context(), stanza.MustParse(
		"<iq type='get' id='x' from='juliet@a.lit' to='b.lit'><q xmlns='x'/></iq>"),
		func(*stanza.Stanza) { answers++ })
	w.account("juliet@a.lit")
	id := regexp.MustCompile(`id='([^']*)'`).FindStringSubmatch(w.out.take())[1]
	w.remote(Remote, "<iq type='result' id='"+id+"' to='juliet@a.lit'/>", "c.lit")
	if answers != 0 {
		t.Error("c.lit answered for b.lit")
	}
	w.remote(Remote, "<iq type='result' id='"+id+"' to='juliet@a.lit'/>", "b.lit")
	if answers != 1 {
		t.Errorf("%d answers", answers)
	}
}
