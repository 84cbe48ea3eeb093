package router

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"parley/stanza"
	"parley/store"
)

// trace notes each stage with side and account.
func trace(got *[]string) module {
	return func(h *Host) {
		for s := Refuse; s < finished; s++ {
			h.On(s, OfAll, "trace", func(_ context.Context, p *Packet) error {
				who := "-"
				if p.Account != nil {
					who = p.Account.JID.Local()
				}
				*got = append(*got, s.String()+"/"+[]string{"s", "r"}[p.Side]+":"+who)
				return nil
			})
		}
	}
}

// TestStages: which stages run for which side (ARCHITECTURE section 3).
func TestStages(t *testing.T) {
	const all = "refuse/s:juliet refuse/r:romeo record/s:juliet record/r:romeo copy/s:juliet copy/r:romeo " +
		"deliver/s:juliet deliver/r:romeo after/s:juliet after/r:romeo"
	const sending = "refuse/s:juliet record/s:juliet copy/s:juliet deliver/s:juliet after/s:juliet"
	const receiving = "refuse/r:romeo record/r:romeo copy/r:romeo deliver/r:romeo after/r:romeo"
	const self = "refuse/s:juliet refuse/r:juliet record/r:juliet copy/r:juliet " +
		"deliver/s:juliet deliver/r:juliet after/s:juliet after/r:juliet"
	const failed = "refuse/s:juliet refuse/r:romeo copy/s:juliet copy/r:romeo deliver/s:juliet deliver/r:romeo"
	for _, c := range []struct{ origin, xml, want string }{
		{"local", "<message to='romeo@a.lit'/>", all},
		{"local", "<message to='romeo@a.lit/orchard' type='groupchat'/>", all},
		{"local", "<presence to='romeo@a.lit'/>", all},
		{"local", "<iq type='get' id='1' to='romeo@a.lit/orchard'><q xmlns='x'/></iq>", all},
		{"local", "<iq type='result' id='1' to='romeo@a.lit/orchard'/>", all},
		{"local", "<message to='romeo@a.lit/orchard' type='error'/>", failed},
		{"local", "<iq to='romeo@a.lit/orchard' type='error' id='1'/>", failed},
		{"local", "<message/>", self},
		{"local", "<message to='juliet@a.lit/balcony'/>", self},
		{"local", "<presence/>", sending},
		{"local", "<message to='x@b.lit'/>", sending},
		{"local", "<presence to='nobody@a.lit'/>", sending},
		{"local", "<presence to='romeo@a.lit/gone'/>", sending},
		{"local", "<message to='a.lit'/>", sending},
		{"local", "<message to='nobody@a.lit'/>", "refuse/s:juliet"},
		{"local", "<message to='romeo@a.lit' type='groupchat'/>", "refuse/s:juliet refuse/r:romeo"},
		{"remote", "<message to='romeo@a.lit'/>", receiving},
		{"component", "<message to='romeo@a.lit'/>", receiving},
		{"server", "<message to='romeo@a.lit'/>", receiving},
		{"remote", "<message to='a.lit'/>", ""},
		{"remote", "<message to='x@b.lit'/>", ""},
		{"behalf", "<presence to='romeo@a.lit'/>",
			"refuse/s:juliet " + receiving},
	} {
		t.Run(c.origin+" "+strings.ReplaceAll(c.xml, "/", "|"), func(t *testing.T) {
			var got []string
			w := newWorld(t, store.Options{}, trace(&got))
			juliet := w.login("juliet@a.lit/balcony", "0")
			w.login("romeo@a.lit/orchard", "0")
			ctx, st := context.Background(), stanza.MustParse(c.xml)
			switch c.origin {
			case "local":
				juliet.send(c.xml)
			case "remote":
				w.remote(Remote, c.xml, "x@b.lit")
			case "component":
				w.remote(Component, c.xml, "x@chat.a.lit")
			case "server":
				w.r.RouteAs(ctx, nil, st, juliet.s.JID, st.To)
			case "behalf":
				w.r.RouteAs(ctx, juliet.s.Account, st, juliet.s.JID, st.To)
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("\n got  %s\n want %s", s, c.want)
			}
		})
	}
}

// TestService: a host without accounts has its own receiving side.
func TestService(t *testing.T) {
	var got []string
	w := newWorld(t, store.Options{})
	w.r.AddHost("rooms.a.lit", false, trace(&got))
	juliet := w.login("juliet@a.lit/balcony", "0")
	juliet.send("<presence to='r@rooms.a.lit/nick'/>")
	if s := strings.Join(got, " "); s != "refuse/r:- record/r:- copy/r:- deliver/r:- after/r:-" {
		t.Error(s)
	}
}

// TestEndings: what each stage's handler may return, and what it ends.
func TestEndings(t *testing.T) {
	for _, c := range []struct {
		stage Stage
		err   error
		after bool   // the after stage runs
		want  string // in what juliet gets; "" for nothing
	}{
		{Refuse, Handled, false, ""},
		{Refuse, stanza.NotAcceptable, false, "not-acceptable"},
		{Record, Handled, false, ""},
		{Record, stanza.NotAcceptable, false, "not-acceptable"},
		{Copy, Handled, false, ""},
		{Copy, stanza.NotAcceptable, false, "not-acceptable"},
		{Deliver, Handled, true, ""},
		{Deliver, stanza.NotAcceptable, true, "not-acceptable"},
		{Deliver, context.Canceled, true, "internal-server-error"},
		{After, Handled, false, ""},
		{After, stanza.NotAcceptable, false, ""},
		{After, context.Canceled, false, ""},
	} {
		t.Run(c.stage.String(), func(t *testing.T) {
			after, wrote := false, false
			w := newWorld(t, store.Options{}, module(func(h *Host) {
				h.On(c.stage, OfMessage, "end", func(_ context.Context, p *Packet) error {
					if p.Side == Sending {
						return nil
					}
					p.Write(func(*store.Tx) error { return nil })
					p.Committed(func() { wrote = true })
					return c.err
				})
				h.On(After, OfMessage, "after", func(_ context.Context, p *Packet) error {
					after = after || p.Side == Receiving
					return nil
				})
			}))
			juliet := w.login("juliet@a.lit/balcony", "0")
			romeo := w.login("romeo@a.lit/orchard", "0")
			juliet.send("<message to='romeo@a.lit'/>")
			juliet.flush()
			if got := romeo.take(); (got != "") != (c.stage == After) {
				t.Errorf("delivered %q", got)
			}
			got := juliet.take()
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if after != c.after {
				t.Errorf("after stage: %v", after)
			}
			fault := errors.Is(c.err, context.Canceled) || c.stage == After && c.err != Handled
			if fault != strings.Contains(w.logs.String(), "level=ERROR") {
				t.Errorf("log: %s", w.logs)
			}
			// What a handled packet wrote is kept, what a refused one wrote is
			// not; from the deliver stage on there is nothing to undo.
			if kept := c.err == Handled || c.stage >= Deliver; wrote != kept {
				t.Errorf("written: %v", wrote)
			}
		})
	}
}

// TestNoAnswerToErrors: errors and results are never answered (RFC 6120
// section 8.3.1, Rules), whatever handlers do.
func TestNoAnswerToErrors(t *testing.T) {
	w := newWorld(t, store.Options{}, module(func(h *Host) {
		h.On(Refuse, OfAll, "refuse", func(_ context.Context, p *Packet) error {
			p.Reply(stanza.MustParse("<message id='reply'/>"))
			return stanza.Forbidden
		})
	}))
	juliet := w.login("juliet@a.lit/balcony", "0")
	for _, xml := range []string{
		"<message type='error' to='romeo@a.lit'/>",
		"<presence type='error' to='romeo@a.lit'/>",
		"<iq type='error' id='1' to='romeo@a.lit'/>",
		"<iq type='result' id='1' to='romeo@a.lit'/>",
	} {
		juliet.send(xml)
		juliet.gets("")
		w.remote(Remote, xml, "romeo@b.lit")
	}
	w.remote(Remote, "<message to='nobody@a.lit' type='error'/>", "romeo@b.lit")
	w.r.Route(t.Context(), stanza.MustParse("<message from='romeo@b.lit' to='juliet@a.lit'/>"))
	if got := w.out.take(); got != "" {
		t.Errorf("answered %s", got)
	}
}

// TestOwners: a second owner of a request is a defect of the module list.
func TestOwners(t *testing.T) {
	w := newWorld(t, store.Options{}, module(echo))
	defer func() {
		if recover() == nil {
			t.Error("two owners")
		}
	}()
	w.h.HandleIQ("get", "urn:all", "q", ToAccount, nil)
}

func TestPipelinePrint(t *testing.T) {
	var lost []string
	w := newWorld(t, store.Options{}, owe(&lost), module(offline), module(echo), module(func(h *Host) {
		h.OnWrite("last", func(*Session, *Packet) bool { return true })
		h.On(Refuse, OfMessage|OfPresence, "rate", nil)
	}))
	var b bytes.Buffer
	w.r.Pipeline(&b)
	want := `a.lit
  refuse   message  rate
  refuse   presence rate
  record   message  owe offline
  write    all      last
  iq       get      {urn:all}q host,account
  iq       get      {urn:self}q self
  iq       set      {urn:broken}q host
  iq       set      {urn:fail}q host
  iq       set      {urn:forgot}q host
  iq       set      {urn:panic}q host
  iq       set      {urn:silent}q host
chat.a.lit
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}
