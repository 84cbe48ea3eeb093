package s2s

import (
	"strings"
	"testing"
	"testing/synctest"

	"parley/stanza"
)

// TestBidi: one connection is enough for two servers of ours (XEP-0288 section
// 2.2, Negotiation), by EXTERNAL and by dialback, which has one more for its
// question.
func TestBidi(t *testing.T) {
	for _, selfSigned := range []bool{false, true} {
		bubble(t, func(t *testing.T, n *net0) {
			a := n.server(setup{domain: "a.lit", selfSigned: selfSigned})
			b := n.server(setup{domain: "b.lit", selfSigned: selfSigned})
			defer a.stop()
			defer b.stop()
			romeo, juliet := a.login("romeo@a.lit/x"), b.login("juliet@b.lit/y")
			for range 3 {
				romeo.send("<message to='juliet@b.lit/y'><body>hi</body></message>")
				juliet.want("<body>hi</body>")
				juliet.send("<message to='romeo@a.lit/x'><body>ho</body></message>")
				romeo.want("<body>ho</body>")
			}
			synctest.Wait()
			want := 1
			if selfSigned {
				want = 2
			}
			if n.dials != want {
				t.Errorf("%d connections", n.dials)
			}
			for _, v := range []*server{a, b} {
				if list := v.List(); len(list) != 1 || list[0].Direction != "both" {
					t.Errorf("%s: %+v", v.domain, list)
				}
			}
		})
	}
}

// TestBidiOff: who has not asked for it gets nothing on the stream that it has
// opened, and may send nothing on one that it was opened to.
func TestBidiOff(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		ch := n.accepts("b.lit")
		p := a.external("b.lit")
		a.login("romeo@a.lit/x").send("<message to='juliet@b.lit' id='m'><body>hi</body></message>")
		q := next(t, ch)
		q.takesExternal("b.lit", n.cert(n.ca, "b.lit"), "")
		q.want("id='m'")
		if strings.Contains(p.got, "id='m'") {
			t.Error("it came back")
		}
		q.send("<message from='juliet@b.lit' to='romeo@a.lit/x'/>")
		q.want(streamErrorOf("not-authorized"))
		q.nc.Close()
		p.nc.Close()
	})
}

// TestBidiPair: only what is from the domain that the peer has asked for goes
// back to it, and only to the one that it has proven (XEP-0288 section 2.2,
// Negotiation).
func TestBidiPair(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		ch := n.accepts("b.lit")
		p := a.connect()
		p.startTLS("b.lit", "a.lit", n.cert(n.ca, "b.lit"))
		p.want("</stream:features>")
		p.send("<bidi xmlns='urn:xmpp:bidi'/><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>")
		p.want("<success ")
		p.open("b.lit", "a.lit")
		p.want("</stream:features>")
		synctest.Wait()
		a.login("romeo@a.lit/x").send("<message to='juliet@b.lit' id='m'/>")
		p.want("id='m'")
		a.Router.Route(t.Context(), stanza.MustParse("<message from='rooms.a.lit' to='juliet@b.lit' id='r'/>"))
		q := next(t, ch)
		q.takesExternal("b.lit", n.cert(n.ca, "b.lit"), "")
		q.want("id='r'")
		p.nc.Close()
		q.nc.Close()
	})
}

// TestBidiLimits: the peer that has opened the stream says its limits in <bidi/>
// (XEP-0478 section 3.2, Connecting server announces limits on bidirectional
// stream), and so do we.
func TestBidiLimits(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		p := a.connect()
		p.startTLS("b.lit", "a.lit", n.cert(n.ca, "b.lit"))
		p.want("</stream:features>")
		p.send("<bidi xmlns='urn:xmpp:bidi'><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes>" +
			"</limits></bidi><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>")
		p.want("<success ")
		p.open("b.lit", "a.lit")
		p.want("</stream:features>")
		synctest.Wait()
		romeo := a.login("romeo@a.lit/x")
		romeo.send("<message to='juliet@b.lit'><body>" + strings.Repeat("x", 10_000) + "</body></message>")
		romeo.want("<policy-violation ")
		romeo.send("<message to='juliet@b.lit' id='m'/>")
		p.want("id='m'")
		p.nc.Close()

		ch := n.accepts("c.lit")
		romeo.send("<message to='juliet@c.lit' id='m'/>")
		q := next(t, ch)
		q.takes("c.lit", n.cert(n.ca, "c.lit"), externalFeature+"<bidi xmlns='urn:xmpp:features:bidi'/>")
		q.want("<bidi xmlns='urn:xmpp:bidi'><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>512000</max-bytes>")
		q.want("<auth ")
		q.nc.Close()
	})
}

// TestBidiAcknowledged: on a stream that goes both ways both acknowledge.
func TestBidiAcknowledged(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		rows := [2]*ledger{new(ledger), new(ledger)}
		a := n.server(setup{domain: "a.lit", options: func(o *Options) { o.Rows = rows[0] }})
		b := n.server(setup{domain: "b.lit", options: func(o *Options) { o.Rows = rows[1] }})
		defer a.stop()
		defer b.stop()
		romeo, juliet := a.login("romeo@a.lit/x"), b.login("juliet@b.lit/y")
		romeo.send("<message to='juliet@b.lit/y' id='1'><body>hi</body></message>")
		juliet.want("<body>hi</body>")
		juliet.send("<message to='romeo@a.lit/x' id='2'><body>ho</body></message>")
		romeo.want("<body>ho</body>")
		for range askEvery {
			romeo.send("<message to='juliet@b.lit/y' id='n'><body>hi</body></message>")
			juliet.send("<message to='romeo@a.lit/x' id='n'><body>ho</body></message>")
		}
		for _, l := range []*server{a, b} {
			for l.List()[0].Unconfirmed > 0 {
				synctest.Wait()
				waitFor(askAfter)
			}
		}
		for i, r := range rows {
			r.mu.Lock()
			if got := strings.Count(r.text, "+"); got != askEvery+1 || strings.Contains(r.text, "-") {
				t.Errorf("%d: %d confirmed", i, got)
			}
			r.mu.Unlock()
		}
	})
}
