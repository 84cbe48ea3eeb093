package s2s

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/stanza"
)

// seeds are what servers say, right and wrong.
var seeds = []string{
	opening("b.lit", "a.lit"), opening("", "x.lit"), "</stream:stream>", " \n", "<", "&amp;", "<!-- -->", "\xff",
	"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
	"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>" + opening("b.lit", "a.lit"),
	"<stream:features>" + dbFeature + externalFeature + tlsFeature + "</stream:features>",
	bidiRequest + dbRequest, "<db:result from='b.lit' to='a.lit' type='valid'/>",
	"<db:result from='a.lit' to='a.lit'>k</db:result>", "<db:verify from='b.lit' to='a.lit' id='1'>k</db:verify>",
	"<db:result from='b.lit' to='a.lit' type='error'><error type='cancel'/></db:result>",
	"<enable xmlns='urn:xmpp:sm:3'/><r xmlns='urn:xmpp:sm:3'/>", "<a xmlns='urn:xmpp:sm:3' h='1'/>",
	"<enabled xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='4294967295'/>",
	"<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>", "<failed xmlns='urn:xmpp:sm:3'/>",
	"<message from='juliet@b.lit' to='romeo@a.lit/x' id='1'><body>hi</body></message>",
	"<message from='juliet@c.lit' to='romeo@a.lit/x'/>", "<presence from='juliet@b.lit' to='romeo@a.lit'/>",
	"<message from='juliet@a.lit' to='romeo@a.lit/x'/>", "<message to='romeo@a.lit/x'/>",
	"<iq type='get' from='b.lit' to='a.lit' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
	"<iq type='result' from='b.lit' to='a.lit' id='1'/>",
	"<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
}

// FuzzOutgoing plays the server that we have connected to with arbitrary bytes:
// from the start, under TLS, in place of the answer to our dialback key, and on a
// stream that goes both ways. What it gets is a well-formed stream, and only the
// last of them brings anything to a user, from its own domain.
func FuzzOutgoing(f *testing.F) {
	n := newNet(f)
	a := n.server(setup{domain: "a.lit", quiet: true})
	f.Cleanup(a.stop)
	romeo := a.login("romeo@a.lit/x")
	cert := n.cert(nil, "b.lit")
	states := outgoingStates(cert)
	for _, seed := range seeds {
		for state := range states {
			f.Add([]byte(seed), uint8(state))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, state uint8) {
		romeo.t = t
		s := int(state) % len(states)
		ch := make(chan *peer, 1)
		n.set("b.lit", site{take: func(nc net.Conn) {
			ch <- &peer{t: t, nc: nc}
			n.set("b.lit", site{err: errors.New("nobody")})
		}})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if l, err := a.open(ctx, pair{"a.lit", "b.lit"}); err == nil {
				<-l.life.Done()
			}
		})
		q := next(t, ch)
		states[s](q)
		q.got = ""
		q.play(data, s)
		wg.Wait()
		romeo.trust(func(from stanza.JID) bool { return s == 3 && from.Domain() == "b.lit" })
	})
}

// outgoingStates bring a stream that was opened to the peer to where the bytes
// come. Before the second our header has not been read by then.
func outgoingStates(cert *tls.Certificate) []func(q *peer) {
	key := func(q *peer, features string) {
		q.takes("b.lit", cert, features)
		q.want("<db:result ")
		q.want("</db:result>")
	}
	return []func(q *peer){
		func(*peer) {},
		func(q *peer) {
			q.answer("b.lit", tlsFeature)
			q.want("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
			q.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
			q.secure(cert, false)
		},
		func(q *peer) { key(q, dbFeature) },
		func(q *peer) {
			key(q, dbFeature+"<bidi xmlns='urn:xmpp:features:bidi'/><sm xmlns='urn:xmpp:sm:3'/>")
			q.send("<db:result from='b.lit' to='a.lit' type='valid'/>")
			q.want("<enable xmlns='urn:xmpp:sm:3'/>")
		},
	}
}

// play sends bytes and the end, and reads what comes back. In a late state the
// header has come already.
func (p *peer) play(data []byte, state int) {
	p.t.Helper()
	go func() {
		p.nc.Write(data) // fails when the server has had enough
		p.nc.(interface{ CloseWrite() error }).CloseWrite()
	}()
	p.nc.SetReadDeadline(time.Now().Add(20 * time.Second))
	all, err := io.ReadAll(p.nc)
	var alert tls.AlertError
	if err != nil && !errors.As(err, &alert) && !errors.Is(err, io.ErrUnexpectedEOF) {
		p.t.Fatalf("%v\n%s", err, all)
	}
	p.nc.Close()
	for _, text := range strings.Split(string(all), "<?xml ") {
		// A stream may be cut where the other end was closed, and TLS may begin.
		text, _, _ = strings.Cut(text, "\x16\x03")
		if strings.HasPrefix(text, "version=") {
			text = "<?xml " + text
		} else if state > 1 {
			text = opening("a.lit", "b.lit") + text
		}
		checkPart(p.t, text)
	}
}

// checkPart reads one stream, which may be cut.
func checkPart(t testing.TB, text string) {
	t.Helper()
	sc := stanza.NewScanner(stanza.Limits{})
	for buf := []byte(text); len(buf) > 0; {
		tok, n, err := sc.Scan(buf, new(stanza.Stanza))
		if err != nil {
			t.Fatalf("not a stream: %v\n%s", err, text)
		}
		if tok == stanza.More {
			return
		}
		buf = buf[n:]
	}
}

// trust checks whom that is from which a user has got. A message of the user's
// own shows that the server goes on.
func (u *user) trust(may func(from stanza.JID) bool) {
	u.t.Helper()
	u.send("<message to='romeo@a.lit/x' type='headline' id='barrier'/>")
	for tag := range strings.SplitSeq(u.want("id='barrier'"), "<") {
		tag, _, _ = strings.Cut(tag, ">")
		_, rest, ok := strings.Cut(tag, " from='")
		name, _, _ := strings.Cut(rest, "'")
		stanzaTag := strings.HasPrefix(tag, "message") || strings.HasPrefix(tag, "presence") ||
			strings.HasPrefix(tag, "iq")
		if !ok || !stanzaTag {
			continue
		}
		if j, err := stanza.ParseJID(name); err != nil || name != "romeo@a.lit/x" && !may(j) {
			u.t.Errorf("forged: <%s>", tag)
		}
	}
}
