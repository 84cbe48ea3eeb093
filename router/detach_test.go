package router

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/stanza"
	"parley/store"
)

// Replace implements Replaced.
func (c *client) Replace(e *stanza.StreamError) {
	c.Close(e)
	go c.s.Detach(context.Background())
}

// resumes gives a session to a new stream.
func (w *world) resumes(bare, id string, h uint32) (*client, uint32, error) {
	c := &client{w: w, woken: make(chan struct{}, 1)}
	s, handled, err := w.r.Resume(context.Background(), stanza.MustJID(bare), id, h, c)
	c.s = s
	return c, handled, err
}

func (c *client) detach() {
	c.w.t.Helper()
	if !c.s.Detach(context.Background()) {
		c.w.t.Fatal("not detached")
	}
}

// rows gives every owed message a row.
func rows(lost *[]string) module {
	return func(h *Host) {
		h.On(Record, OfMessage, "rows", func(_ context.Context, p *Packet) error {
			if p.Owed = p.Side == Receiving && p.MessageType() == "chat"; p.Owed {
				p.Row = 1
			}
			return nil
		})
		h.OnLost(func(_ context.Context, p *Packet) { *lost = append(*lost, p.Stanza.ID) })
	}
}

// TestDetachedTakes: a session without a stream takes what is for it, and gives
// it to the next one (XEP-0198 section 5, Resumption).
func TestDetachedTakes(t *testing.T) {
	var lost, took []string
	w := newWorld(t, store.Options{}, rows(&lost), module(func(h *Host) {
		h.OnTaken(func(s *Session, p *Packet) { took = append(took, p.Stanza.ID) })
	}))
	romeo, juliet := w.login("romeo@a.lit/x", "0"), w.login("juliet@a.lit/y", "0")
	id := romeo.managed(true)
	juliet.send(chat + "1'/>")
	romeo.breaks(errors.New("broken pipe"))
	romeo.detach()
	if !romeo.s.Detached() || !romeo.s.Resumable() || romeo.s.DetachedSince().IsZero() {
		t.Error("not detached")
	}
	juliet.send(chat + "2'/>")
	romeo.gets("")
	juliet.gets("")

	for _, c := range []struct {
		bare, id string
		h        uint32
	}{{"juliet@a.lit", id, 0}, {"romeo@a.lit", "", 0}, {"romeo@a.lit", "x", 0}, {"nobody@a.lit", id, 0}} {
		var gone *NotResumedError
		if _, _, err := w.resumes(c.bare, c.id, c.h); !errors.As(err, &gone) {
			t.Errorf("%s with %q: %v", c.bare, c.id, err)
		}
	}
	var tooHigh *TooHighError
	if _, _, err := w.resumes("romeo@a.lit", id, 2); !errors.As(err, &tooHigh) || tooHigh.Sent != 1 {
		t.Errorf("acknowledged what was not sent: %v", err)
	}
	again, handled, err := w.resumes("romeo@a.lit", id, 0)
	if err != nil || handled != 0 || again.s != romeo.s || again.s.Detached() {
		t.Fatal(handled, err)
	}
	if got := again.take(); strings.Count(got, "id='1'") != 1 || strings.Count(got, "id='2'") != 1 {
		t.Errorf("got %s", got)
	}
	if len(took) != 0 {
		t.Errorf("taken before it was acknowledged: %s", took)
	}
	if sent, ok := again.s.Acknowledged(2); sent != 2 || !ok {
		t.Errorf("sent %d", sent)
	}
	if got := strings.Join(took, " "); got != "1 2" || len(lost) > 0 {
		t.Errorf("taken %s, lost %s", got, lost)
	}
	again.send("<message to='juliet@a.lit/y' id='back'/>")
	juliet.gets("<message to='juliet@a.lit/y' id='back' from='romeo@a.lit/x'/>")
}

// TestDetachedMerges: nobody looks at a session without a stream, so that what can
// wait does not fill its queue; it is sent when somebody does (XEP-0352 section 5.2,
// Interaction with Stream Resumption).
func TestDetachedMerges(t *testing.T) {
	w := newWorld(t, store.Options{}, module(func(h *Host) {
		h.OnInactive(func(st *stanza.Stanza, from stanza.JID) string {
			if st.Kind != stanza.Presence {
				return ""
			}
			return from.String()
		})
	}))
	romeo, juliet := w.login("romeo@a.lit/x", "0"), w.login("juliet@a.lit/y", "0")
	id := romeo.managed(true)
	romeo.detach()
	for _, status := range []string{"1", "2", "3"} {
		juliet.send("<presence to='romeo@a.lit/x'><status>" + status + "</status></presence>")
	}
	if n := romeo.s.Queued(); n != 0 {
		t.Errorf("%d bytes queued", n)
	}
	back, _, err := w.resumes("romeo@a.lit", id, 0)
	if err != nil {
		t.Fatal(err)
	}
	back.gets("<presence to='romeo@a.lit/x' from='juliet@a.lit/y'><status>3</status></presence>")
	if back.s.Inactive() {
		t.Error("still inactive")
	}
}

// TestDetachedSafe: what has no row is not left with a session that has no
// stream: who has one answers for it, or whoever keeps what is lost.
func TestDetachedSafe(t *testing.T) {
	var lost []string
	w := newWorld(t, store.Options{}, owe(&lost))
	orchard, inn := w.login("romeo@a.lit/orchard", "0"), w.login("romeo@a.lit/inn", "0")
	juliet := w.login("juliet@a.lit/y", "0")
	orchard.managed(true)
	orchard.detach()
	juliet.send(chat + "1'/>")
	inn.take()
	if len(lost) > 0 {
		t.Errorf("lost %s though inn has it", lost)
	}
	juliet.send(chat + "2'/>")
	inn.end() // without having written it
	if got := strings.Join(lost, " "); got != "2" {
		t.Errorf("lost %q, want 2", got)
	}
	juliet.send(chat + "3'/>")
	if got := strings.Join(lost, " "); got != "2 3" {
		t.Errorf("lost %q, want 2 3", got)
	}
}

// TestDetachHook tells of what is in the queue only, and may put it into rows.
func TestDetachHook(t *testing.T) {
	var lost, told []string
	var with *Packet
	w := newWorld(t, store.Options{}, owe(&lost), module(func(h *Host) {
		h.OnDetach(func(_ context.Context, s *Session, owed []*Packet) {
			for _, p := range owed {
				told = append(told, p.Stanza.ID)
				with = &Packet{Stanza: p.Stanza, Owed: true, Row: 7, Dest: h, Peer: s.Account}
				s.Swap(p, with)
			}
		})
	}))
	romeo, juliet := w.login("romeo@a.lit/x", "0"), w.login("juliet@a.lit/y", "0")
	romeo.managed(true)
	for _, id := range []string{"1", "2", "3"} {
		juliet.send(chat + id + "'/>")
	}
	romeo.take()
	romeo.s.Acknowledged(2)
	romeo.detach()
	if got := strings.Join(told, " "); got != "3" || len(lost) > 0 {
		t.Errorf("told of %q, lost %q", got, lost)
	}
	romeo.end()
	if with.owing.Load() != 0 || strings.Join(lost, " ") != "3" {
		t.Errorf("%d hold the row's packet, lost %q", with.owing.Load(), lost)
	}
}

// TestDetachedEnds: when its time is up a session ends, and what it held goes
// where it belongs (XEP-0198 section 4, Acks).
func TestDetachedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lost []string
		w := newWorldWith(t, "[c2s]\nresume_for = '5m'\n", store.Options{}, rows(&lost))
		romeo, juliet := w.login("romeo@a.lit/x", "0"), w.login("juliet@a.lit/y", "0")
		romeo.send("<message to='juliet@a.lit/y' id='before'/>")
		juliet.take()
		id := romeo.managed(true)
		romeo.send("<message to='juliet@a.lit/y' id='0'/>")
		juliet.take()
		romeo.detach()
		juliet.send(chat + "1'/>")
		juliet.send("<message to='romeo@a.lit/x' type='groupchat' id='2'/>")
		juliet.send("<message to='romeo@a.lit/x' type='normal' id='3'/>")
		juliet.send("<message to='romeo@a.lit/x' type='normal' id='4'><body>x</body></message>")
		juliet.send("<iq to='romeo@a.lit/x' type='get' id='5'><q xmlns='urn:q'/></iq>")
		juliet.send("<iq to='romeo@a.lit/x' type='result' id='6'/>")
		juliet.gets("")
		time.Sleep(5*time.Minute - 1)
		synctest.Wait()
		if len(w.account("romeo@a.lit").Sessions()) != 1 {
			t.Error("ended too early")
		}
		time.Sleep(2 * time.Nanosecond)
		synctest.Wait()
		if got := strings.Join(lost, " "); got != "1" || len(w.account("romeo@a.lit").Sessions()) != 0 {
			t.Errorf("lost %q", got)
		}
		got := juliet.take()
		for _, id := range []string{"2", "4", "5"} {
			if strings.Count(got, "id='"+id+"'") != 1 {
				t.Errorf("%s not returned: %s", id, got)
			}
		}
		if n := strings.Count(got, "<recipient-unavailable "); n != 3 {
			t.Errorf("%d returned, want 3: %s", n, got)
		}
		var gone *NotResumedError
		_, _, err := w.resumes("romeo@a.lit", id, 0)
		if !errors.As(err, &gone) || gone.Handled == nil || *gone.Handled != 1 {
			t.Errorf("resumed when its time was up: %v", err)
		}
	})
}

// TestTakeOver: a session is resumed while it has a stream, also by two at once.
func TestTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, store.Options{})
		romeo := w.login("romeo@a.lit/x", "0")
		id := romeo.managed(true)
		second, _, err := w.resumes("romeo@a.lit", id, 0)
		if err != nil || romeo.error() != stanza.StreamConflict {
			t.Fatal(err, romeo.error())
		}
		third, _, err := w.resumes("romeo@a.lit", id, 0)
		if err != nil || second.error() != stanza.StreamConflict || third.error() != nil {
			t.Fatal(err, second.error(), third.error())
		}
		if third.s.Stream() != Stream(third) || len(w.account("romeo@a.lit").Sessions()) != 1 {
			t.Error("not the third's")
		}
	})
}

// TestDetachedMakesRoom: who waits for its client is in nobody's way (RFC 6120
// section 7.6.2.1, Resource Constraint).
func TestDetachedMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorldWith(t, "[limits]\nsessions = 2\n[c2s]\nconflict = 'older'\n", store.Options{})
		first, second := w.login("romeo@a.lit/1", "0"), w.login("romeo@a.lit/2", "0")
		for _, c := range []*client{second, first} {
			c.managed(true)
			c.detach()
			time.Sleep(time.Second)
		}
		w.login("romeo@a.lit/3", "0")
		w.login("romeo@a.lit/1", "0")
		var names []string
		for _, s := range w.account("romeo@a.lit").Sessions() {
			names = append(names, s.JID.Resource())
		}
		if got := strings.Join(names, " "); got != "3 1" {
			t.Errorf("sessions %s, want 3 1", got)
		}
	})
}

// TestClosedWhileDetached: an administrator may end a session without a stream.
func TestClosedWhileDetached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lost []string
		w := newWorld(t, store.Options{}, rows(&lost))
		romeo, juliet := w.login("romeo@a.lit/x", "0"), w.login("juliet@a.lit/y", "0")
		romeo.managed(true)
		juliet.send(chat + "1'/>")
		romeo.detach()
		romeo.s.Close(stanza.StreamPolicyViolation)
		synctest.Wait()
		if n := len(w.account("romeo@a.lit").Sessions()); n != 0 || len(lost) != 1 {
			t.Errorf("%d sessions, lost %s", n, lost)
		}
		if romeo.s.Detach(context.Background()) {
			t.Error("detached when it had ended")
		}
	})
}

// TestBindManaged: what comes for a session before its stream is ready is counted
// too (XEP-0198 section 9.1, Enable Stream Management Inline).
func TestBindManaged(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/y", "0")
	c := &client{w: w, woken: make(chan struct{}, 1)}
	s, m, err := w.account("romeo@a.lit").BindManaged(context.Background(), "x", c, true, time.Minute)
	if err != nil || m.ID == "" || m.Max != time.Minute {
		t.Fatal(m, err)
	}
	c.s = s
	juliet.send("<message to='romeo@a.lit/x' id='1'/>")
	c.gets("<message to='romeo@a.lit/x' id='1' from='juliet@a.lit/y'/>")
	if sent, ok := s.Acknowledged(1); sent != 1 || !ok || s.Queued() != 0 {
		t.Errorf("sent %d, %d bytes left", sent, s.Queued())
	}
}
