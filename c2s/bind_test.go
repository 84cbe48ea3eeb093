package c2s

import (
	"strings"
	"testing"
	"time"

	"parley/stanza"
)

// eventually waits for something that another goroutine does soon.
func eventually(t testing.TB, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never happened")
		}
	}
}

// TestServerResource: the server makes a resource for one who has no wish (RFC
// 6120 section 7.6, Server-Generated Resource Identifier).
func TestServerResource(t *testing.T) {
	w := newWorld(t, setup{})
	seen := map[string]bool{}
	for _, request := range []string{
		"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>",
		"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource/></bind>",
	} {
		p := w.peer()
		p.authenticate("romeo")
		p.send("<iq type='set' id='b'>" + request + "</iq>")
		p.want("<jid>romeo@a.lit/")
		resource := p.want("</jid>")
		if len(resource) < 16 || seen[resource] {
			t.Errorf("resource %q", resource)
		}
		seen[resource] = true
	}
}

// TestBindErrors are recoverable, up to a limit (RFC 6120 section 7.7.2, Error
// Cases, and 7.7.3, Retries).
func TestBindErrors(t *testing.T) {
	w := newWorld(t, setup{config: "[c2s]\nconflict = 'older'\n"})
	w.online("romeo", "x")
	p := w.peer()
	p.authenticate("romeo")
	p.send(bind("x"))
	p.want("<error type='modify'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
	p.send(bind(strings.Repeat("y", 2000)))
	p.want("<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
	p.send(bind("y"))
	p.want("<jid>romeo@a.lit/y</jid></bind></iq>")

	q := w.peer()
	q.authenticate("romeo")
	q.send(strings.Repeat(bind("x"), bindAttempts))
	q.want("<policy-violation ")
	q.want(goodbye)
	q.wantEOF()
}

// TestBindStoreFails: what is our fault is said to be, also to a guest, and the
// client may try again (RFC 6120 section 8.3.3.6, internal-server-error).
func TestBindStoreFails(t *testing.T) {
	w := newWorld(t, setup{config: "[login]\nanonymous = ['a.lit']\n"})
	known, guest, bound := w.peer(), w.peer(), w.online("romeo", "x")
	known.authenticate("juliet")
	guest.secure()
	guest.send("<auth " + nsSASL + " mechanism='ANONYMOUS'/>")
	guest.want(success)
	guest.send(hello)
	guest.want(features)
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, p := range []*peer{known, guest} {
			p.send(bind("y"))
			p.wantNext("<iq id='bind' type='error'><error type='cancel'><internal-server-error " +
				"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
		}
	}
	known.send("</stream:stream>")
	known.wantEnd(goodbye)
	bound.send("<message to='romeo@a.lit/x' type='headline' id='m'/>")
	bound.want("id='m'")
}

// TestConflict: the newer session wins by default (RFC 6120 section 7.7.2.2,
// Conflict).
func TestConflict(t *testing.T) {
	eachWay(t, setup{}, func(t *testing.T, w *world) {
		old := w.online("romeo", "x")
		w.online("romeo", "x")
		old.wantEnd(streamError("conflict"))
	})
}

// TestTooManySessions is RFC 6120 section 7.6.2.1, Resource Constraint.
func TestTooManySessions(t *testing.T) {
	w := newWorld(t, setup{config: "[limits]\nsessions = 1\n"})
	w.online("romeo", "x")
	p := w.peer()
	p.authenticate("romeo")
	p.send(bind("y"))
	p.want("<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
}

// TestBoundRequests are those that concern the stream itself.
func TestBoundRequests(t *testing.T) {
	w := newWorld(t, setup{})
	p := w.online("romeo", "x")
	p.send("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>")
	p.wantNext("<iq id='s' type='result' to='romeo@a.lit/x'/>")
	p.send(bind("y"))
	p.want("<not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
	if a := w.router.Online(stanza.MustJID("romeo@a.lit")); len(a.Sessions()) != 1 {
		t.Errorf("%d sessions", len(a.Sessions()))
	}
	// To somebody else it is a stanza like any other.
	q := w.online("juliet", "q")
	p.send("<iq type='set' id='s' to='juliet@a.lit/q'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>")
	q.want("<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>")
}

// TestLanguage: the language of the stream header is that of its stanzas (RFC
// 6120 section 8.1.5, xml:lang), and a prefix declared there goes with them.
func TestLanguage(t *testing.T) {
	w := newWorld(t, setup{})
	q := w.online("juliet", "q")
	p := w.peer()
	p.secure()
	p.send(plain("romeo"))
	p.want(success)
	p.send(strings.Replace(hello, "to=", "xmlns:e='urn:example' xml:lang='de' to=", 1))
	p.want(features)
	p.send(bind("x"))
	p.want("</bind></iq>")
	p.send("<message to='juliet@a.lit/q'><body>ja</body><e:x/></message>")
	q.want("<message ")
	got := q.want("</message>")
	if !strings.Contains(got, "xml:lang='de'") || !strings.Contains(got, "xmlns:e='urn:example'") {
		t.Errorf("got %s", got)
	}
}
