package c2s

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/router"
	"parley/stanza"
)

const sm = " xmlns='" + stanza.NSManagement + "'"

// enabled turns stream management on and returns the answer.
func (p *peer) enabled(attrs string) string {
	p.t.Helper()
	p.send("<enable" + sm + attrs + "/>")
	p.want("<enabled" + sm)
	return p.want("/>")
}

// idOf is the id in <enabled/>.
func idOf(attrs string) string {
	_, id, _ := strings.Cut(attrs, " id='")
	id, _, _ = strings.Cut(id, "'")
	return id
}

// TestEnabled is what a client is told, as it wishes and the configuration says
// (XEP-0198 sections 3, Enabling Stream Management, and 5, Resumption).
func TestEnabled(t *testing.T) {
	for _, c := range []struct{ config, attrs, want string }{
		{"", "", ""},
		{"", " resume='false'", ""},
		{"", " resume='yes'", ""},
		{"", " resume='true'", " id='*' resume='true' max='600'"},
		{"", " resume='1' max='60'", " id='*' resume='true' max='60'"},
		{"", " resume='1' max='0'", " id='*' resume='true' max='600'"},
		{"", " resume='1' max='-1'", " id='*' resume='true' max='600'"},
		{"", " resume='1' max='4294967295'", " id='*' resume='true' max='600'"},
		{"", " resume='1' max='99999999999999999999'", " id='*' resume='true' max='600'"},
		{"resume_for = '0s'", " resume='true'", ""},
		{"resume_for = '1h'\nresume_at = 'xmpp1.a.lit:5222'", " resume='true'",
			" id='*' resume='true' max='3600' location='xmpp1.a.lit:5222'"},
	} {
		w := newWorld(t, setup{config: "[c2s]\n" + c.config + "\n", memory: true})
		p := w.online("romeo", "x")
		got := p.enabled(c.attrs)
		if id := idOf(got); id != "" {
			got = strings.Replace(got, id, "*", 1)
		}
		if got != c.want {
			t.Errorf("%s %s: %s, want %s", c.config, c.attrs, got, c.want)
		}
	}
}

// TestGuestNotResumed: a guest's account goes with its stream (XEP-0175 section
// 3, Recommendations).
func TestGuestNotResumed(t *testing.T) {
	w := newWorld(t, setup{config: "[login]\nanonymous = ['a.lit']\n", memory: true})
	p := w.peer()
	p.secure()
	p.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>" + hello + bind("x"))
	p.want("</bind></iq>")
	if got := p.enabled(" resume='true'"); got != "" {
		t.Errorf("a guest may resume: %s", got)
	}
}

// TestIDs: they cannot be guessed from others (XEP-0198 section 10, Security
// Considerations).
func TestIDs(t *testing.T) {
	w := newWorld(t, setup{memory: true})
	seen := map[string]bool{}
	for i := range 5 {
		id := idOf(w.online("romeo", fmt.Sprint("x", i)).enabled(" resume='true'"))
		if len(id) < 26 || seen[id] {
			t.Errorf("id %s", id)
		}
		seen[id] = true
	}
}

// TestResumeStuck: a connection that takes nothing any more does not keep its
// session from another, which gets all that was not acknowledged, once and in
// order (XEP-0198 section 5, Resumption).
func TestResumeStuck(t *testing.T) {
	const n = 2000
	body := strings.Repeat("x", 1000)
	eachWay(t, setup{config: "[limits]\nqueue = '16 MiB'\n"}, func(t *testing.T, w *world) {
		p := w.online("romeo", "x")
		id := idOf(p.enabled(" resume='true'"))
		s := w.session("romeo@a.lit/x")
		push := func(from, to int) {
			for i := from; i < to; i++ {
				s.Push(stanza.MustParse(fmt.Sprintf("<message id='m%d'><body>%s</body></message>", i, body)))
			}
		}
		push(0, n) // more than the sockets hold
		q := w.peer()
		q.patient(time.Minute)
		q.authenticate("romeo")
		q.send("<resume" + sm + " previd='" + id + "' h='0'/>")
		q.wantNext("<resumed" + sm + " previd='" + id + "' h='0'/>")
		push(n, n+1)
		for i := range n + 1 {
			before := q.want(fmt.Sprintf("<message id='m%d'><body>%s</body></message>", i, body))
			if before = strings.ReplaceAll(before, stanza.AckRequest, ""); before != "" {
				t.Fatalf("%.100s before message %d", before, i)
			}
		}
		q.send(fmt.Sprintf("<a"+sm+" h='%d'/>", n+1))
		eventually(t, func() bool { return s.Queued() == 0 && w.server.Len() == 1 })
	})
}

// TestSilentIsAsked: a client that says nothing is asked to acknowledge, which
// costs it less than a ping (XEP-0198 section 8.2, Efficient Acking Scenario),
// and one that does not answer may come back.
func TestSilentIsAsked(t *testing.T) {
	inBubble(t, setup{}, func(t *testing.T, w *world) {
		p := w.online("romeo", "x")
		p.enabled(" resume='true'")
		p.patient(6 * time.Minute)
		p.want(stanza.AckRequest)
		p.send("<a" + sm + " h='0'/>")
		p.want(stanza.AckRequest)
		p.want(streamError("connection-timeout"))
		time.Sleep(10 * time.Second)
		if s := w.session("romeo@a.lit/x"); s == nil || !s.Detached() {
			t.Error("the session has not waited")
		}
	})
}

// TestShutdownKeeps: a server that stops leaves sessions that can be resumed, and
// no others.
func TestShutdownKeeps(t *testing.T) {
	w := newWorld(t, setup{memory: true})
	p, q := w.online("romeo", "x"), w.online("romeo", "y")
	p.enabled(" resume='true'")
	q.enabled("")
	a := w.router.Online(stanza.MustJID("romeo@a.lit"))
	w.stop()
	for _, peer := range []*peer{p, q} {
		peer.want(streamError("system-shutdown"))
		peer.nc.Close()
	}
	<-w.stopped
	if list := a.Sessions(); len(list) != 1 || list[0].JID.Resource() != "x" || !list[0].Detached() {
		t.Errorf("%d sessions left", len(list))
	}
	a.Sessions()[0].End(context.Background())
}

// session finds a bound session.
func (w *world) session(full string) *router.Session {
	jid := stanza.MustJID(full)
	return w.router.Online(jid.Bare()).Session(jid.Resource())
}
