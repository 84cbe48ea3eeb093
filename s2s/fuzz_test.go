package s2s

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"parley/internal/memconn"
	"parley/stanza"
)

// FuzzStream: whatever another server sends, before and after TLS and
// authentication, what comes back is a well-formed stream, and nobody but the
// proven domain has sent anything.
func FuzzStream(f *testing.F) {
	const stages = 3 // in clear, under TLS, authenticated
	for _, seed := range []string{
		opening("b.lit", "a.lit"), "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "</stream:stream>",
		"<message from='juliet@b.lit' to='romeo@a.lit/x'/>", "<bidi xmlns='urn:xmpp:bidi'/>" + dbRequest,
		"<db:verify from='b.lit' to='a.lit' id='x'>k</db:verify>", "<db:result from='b.lit' to='a.lit' type='valid'/>",
		"<enable xmlns='urn:xmpp:sm:3'/><r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='1'/>",
		"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>", "<a b='", "<!--",
	} {
		for stage := range byte(stages) {
			f.Add([]byte(seed), stage)
		}
	}
	n := newNet(f)
	v := n.server(setup{domain: "a.lit", config: "limits.before_login = 10000", quiet: true})
	cert := n.cert(n.ca, "b.lit")
	f.Cleanup(v.stop)
	f.Fuzz(func(t *testing.T, data []byte, stage byte) {
		n.set("b.lit", site{err: errors.New("nobody")})
		ours, theirs := memconn.Pipe()
		if err := v.ServeConn(theirs, false); err != nil {
			t.Fatal(err)
		}
		p := &peer{t: t, nc: ours}
		defer ours.Close()
		switch stage % stages {
		case 1:
			p.startTLS("b.lit", "a.lit", cert)
			p.want("</stream:features>")
		case 2:
			p.external("b.lit", "a.lit", cert)
		}
		p.send(string(data))
		p.nc.(interface{ CloseWrite() error }).CloseWrite()
		p.nc.SetReadDeadline(time.Now().Add(10 * time.Second))
		all, err := io.ReadAll(p.nc)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		checkStream(t, p.got+string(all), stage%stages > 0)
	})
}

// checkStream reads what came back with our own scanner. It may be cut: under TLS
// the end of a stream is not.
func checkStream(t *testing.T, text string, opened bool) {
	if opened {
		text = opening("a.lit", "b.lit") + text
	}
	sc := stanza.NewScanner(stanza.Limits{})
	for buf := []byte(text); len(buf) > 0; {
		var st stanza.Stanza
		tok, n, err := sc.Scan(buf, &st)
		if err != nil || tok == stanza.More {
			t.Fatalf("not a stream: %v\n%s", err, text)
		}
		if tok == stanza.Found && st.NS == stanza.NSTLS {
			return // what follows is for TLS
		}
		if tok == stanza.Found && st.NS == stanza.NSSASL && st.Name == "success" {
			sc.Reset()
		}
		buf = buf[n:]
	}
}
