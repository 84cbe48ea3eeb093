package c2s

import (
	"crypto/tls"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// seeds are what clients say, right and wrong.
var seeds = []string{
	hello, starttls, plain("romeo"), bind("x"), goodbye,
	hello + starttls, hello + plain("romeo") + hello + bind("x") + "<presence/>",
	"<message to='juliet@a.lit/watch'><body>hi</body></message>",
	"<message to='juliet@a.lit' xml:lang='de' type='chat'><body>a&amp;b &#x41;</body>" +
		"<x xmlns='urn:x'><y/></x></message>",
	"<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
	"<iq type='set' id='2'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
	"<iq type='result' id='3' to='a.lit'/>", "<presence to='b@c.lit' type='subscribe'/>",
	"<presence><show>away</show><priority>-1</priority></presence>",
	"<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
	"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>biwsbj1yb21lbyxyPWFiYw==</auth>" +
		"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>Yz1iaXdzLHI9YWJjLHA9</response>",
	"<message><body><![CDATA[<&]]></body></message>", "<a:b xmlns:a='urn:a'><a:c d='&lt;'/></a:b>",
	"<!DOCTYPE x>", "<!-- -->", "<?pi?>", "&amp;", "\xff", " \n\t ", "<r xmlns='urn:xmpp:sm:3'/>",
	"<message from='juliet@a.lit/watch' to='romeo@a.lit'/>",
	"<message to='a@" + strings.Repeat("b", 300) + "'/>",
	"<enable xmlns='urn:xmpp:sm:3' resume='true' max='1'/><a xmlns='urn:xmpp:sm:3' h='0'/>" +
		"<presence/><r xmlns='urn:xmpp:sm:3'/>",
	"<a xmlns='urn:xmpp:sm:3' h='4294967295'/>", "<a xmlns='urn:xmpp:sm:3' h='-1'/>",
	"<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>", "<resumed xmlns='urn:xmpp:sm:3'/>",
}

// FuzzStreamState sends arbitrary bytes to a whole server in each state of a
// stream: before TLS, before SASL, before resource binding, after it, and with
// stream management, where the session outlives its stream. What
// comes back must be well-formed, the connection must end with the input, and
// the other streams must go on.
func FuzzStreamState(f *testing.F) {
	states := []func(p *peer){
		func(p *peer) {}, (*peer).secure, romeoIn, romeoOnline,
		func(p *peer) { p.send(hello); p.want(features) },
		func(p *peer) { romeoOnline(p); p.enabled(" resume='true'") },
	}
	for _, seed := range seeds {
		for state := range states {
			f.Add([]byte(seed), uint8(state))
		}
	}
	w := newWorld(f, setup{memory: true})
	watch := w.online("juliet", "watch")
	f.Fuzz(func(t *testing.T, data []byte, state uint8) {
		w.t, watch.t = t, t
		p := w.peer()
		states[int(state)%len(states)](p)
		go func() {
			p.nc.Write(data) // fails when the server has had enough
			p.nc.(interface{ CloseWrite() error }).CloseWrite()
		}()
		p.finish(state)
		checkStreams(t, p.all)
		eventually(t, func() bool { return w.server.Len() == 1 })
		watch.send("<message to='juliet@a.lit/watch' type='headline' id='barrier'/>")
		for _, message := range strings.Split(watch.want("id='barrier'"), "<message")[1:] {
			if strings.Contains(message, "from=") && !strings.Contains(message, "from='romeo@a.lit/x'") &&
				!strings.Contains(message, "from='juliet@a.lit/watch'") {
				t.Errorf("forged: %s", message)
			}
		}
	})
}

// finish reads to the end. Bytes that happen to start TLS end it without one.
func (p *peer) finish(state uint8) {
	p.t.Helper()
	for {
		err := p.read()
		var alert tls.AlertError
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), errors.As(err, &alert):
			return
		default:
			p.t.Fatalf("state %d: %v\n%s", state, err, p.all)
		}
	}
}

// checkStreams reads everything that came on a connection.
func checkStreams(t *testing.T, text string) {
	t.Helper()
	const start = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='"
	for i, part := range strings.Split(text, start) {
		if i == 0 {
			if part != "" {
				t.Fatalf("before the first stream: %q", part)
			}
			continue
		}
		// TLS records of the server's end are no text.
		part, _, _ = strings.Cut(part, "\x15\x03")
		d := xml.NewDecoder(strings.NewReader(start + part))
		for {
			_, err := d.Token()
			var syntax *xml.SyntaxError
			if err == io.EOF || errors.As(err, &syntax) && syntax.Msg == "unexpected EOF" {
				break
			}
			if err != nil {
				t.Fatalf("not well-formed: %v\n%s", err, part)
			}
		}
	}
}

// TestFuzzSeedsInPieces sends the seeds byte by byte too, on real connections.
func TestFuzzSeedsInPieces(t *testing.T) {
	eachWay(t, setup{}, func(t *testing.T, w *world) {
		for _, seed := range seeds {
			p := w.peer()
			romeoOnline(p)
			p.patient(time.Minute)
			go func() {
				drip{p.nc}.Write([]byte(seed))
				p.nc.(*tls.Conn).CloseWrite()
			}()
			p.finish(3)
			checkStreams(t, p.all)
		}
	})
}
