package s2s

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The attacks of this file have all worked against some server. What they have
// in common is that a domain is taken for proven that is not.

const (
	bidiRequest = "<bidi xmlns='urn:xmpp:bidi'/>"
	dbFeature   = "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"
)

// verdictOf is the authoritative server's answer to a question of a.lit.
func verdictOf(domain, id, typ string) string {
	return "<db:verify from='" + domain + "' to='a.lit' id='" + id + "' type='" + typ + "'/>"
}

// before is what has come to p up to now, by a question that is answered at
// once.
func (p *peer) before() string {
	p.t.Helper()
	p.send("<db:verify from='b.lit' to='a.lit' id='now'>x</db:verify>")
	return p.want("<db:verify from='a.lit' to='b.lit' id='now' type='invalid'/>")
}

// TestForgedVerdict: the answer to a question about a key counts on the stream
// on which it was asked and nowhere else, also on one that goes both ways
// (CVE-2012-3525; XEP-0220 section 3.1, Unsolicited Dialback; XEP-0288 section 4,
// Security Considerations).
func TestForgedVerdict(t *testing.T) {
	receiver(t, "", func(a *server, p *peer, id string, ask chan *peer) {
		// A second attacker helps the first.
		helper := a.connect()
		helper.startTLS("b.lit", "a.lit", nil)
		helper.want("</stream:features>")
		helper.send(bidiRequest + "<db:verify from='b.lit' to='a.lit' id='x'>y</db:verify>")
		helper.want("type='invalid'/>")
		p.send(bidiRequest + dbRequest)
		q := asked(t, ask, a, id)
		for _, attacker := range []*peer{p, helper} {
			attacker.send(verdictOf("b.lit", id, dbValid))
			attacker.send("<db:result from='b.lit' to='a.lit' type='valid'/>")
			if got := attacker.before(); got != "" {
				t.Errorf("the answer to a forged verdict is %s", got)
			}
		}
		q.send(verdictOf("b.lit", id, dbInvalid))
		p.want("<db:result from='a.lit' to='b.lit' type='invalid'/></stream:stream>")
		helper.send("<message from='juliet@b.lit' to='romeo@a.lit'/>")
		helper.want(streamErrorOf("not-authorized"))
		helper.nc.Close()
		q.nc.Close()
	})
}

// TestForgedResult: that our key is valid counts where we have sent it, for the
// pair that it is for (CVE-2012-3525). Else what is for one server goes to
// another.
func TestForgedResult(t *testing.T) {
	initiator(t, dbFeature, func(a *server, romeo *user, q *peer) {
		q.want("<db:result from='a.lit' to='b.lit'>")
		evil := a.connect()
		evil.startTLS("b.lit", "a.lit", nil)
		evil.want("</stream:features>")
		evil.send(bidiRequest)
		evil.before()
		evil.send("<db:result from='b.lit' to='a.lit' type='valid'/>")
		if got := evil.before(); got != "" {
			t.Errorf("the forger gets %s", got)
		}
		evil.nc.Close()
		for _, forged := range []string{
			"<db:result from='c.lit' to='a.lit' type='valid'/>",
			"<db:result from='b.lit' to='rooms.a.lit' type='valid'/>",
			"<db:verify from='b.lit' to='a.lit' id='id of b.lit' type='valid'/>",
		} {
			q.send(forged)
		}
		q.send("<db:result from='b.lit' to='a.lit' type='invalid'/>")
		if got := q.want("</stream:stream>"); strings.Contains(got, "<message") {
			t.Errorf("sent without authorization: %s", got)
		}
		romeo.want("type='error'")
	})
}

// TestStreamID: a key that is good for one stream proves nothing on another, and
// which stream is asked about is not the peer's to say (XEP-0220 section 2.1.2,
// Receiving Server Generates Outbound Request for Verification of Initiating
// Server by Authoritative Server).
func TestStreamID(t *testing.T) {
	receiver(t, "", func(a *server, p *peer, id string, ask chan *peer) {
		p.send("<db:result from='b.lit' to='a.lit' id='another'>key</db:result>")
		q := asked(t, ask, a, id)
		q.send(verdictOf("b.lit", id, dbValid))
		p.want("type='valid'/>")
		q.nc.Close()
		again := a.connect()
		id2 := again.startTLS("b.lit", "a.lit", nil)
		again.want("</stream:features>")
		if id2 == id || len(id2) < 16 {
			t.Errorf("stream ids %q and %q", id, id2)
		}
		again.send(dbRequest)
		q = asked(t, ask, a, id2)
		q.send(verdictOf("b.lit", id, dbValid)) // of the other stream
		q.send(verdictOf("b.lit", id2, dbInvalid))
		again.want("type='invalid'/></stream:stream>")
		again.nc.Close()
		q.nc.Close()
	})
}

// TestKeyParts: no two sets of domains and stream id have the same key, however
// an attacker chooses them (CVE-2016-0756, where "evil.example" ended in a
// domain of another).
func TestKeyParts(t *testing.T) {
	secret := []byte("s")
	seen := map[string]string{}
	for _, parts := range [][3]string{
		{"b.lit", "a.lit", "1"}, {"b.li", "ta.lit", "1"}, {"b.lit", "a.lit1", ""}, {"b.lita.lit", "", "1"},
		{"a.lit", "b.lit", "1"}, {"b.lit", "a.li", "t1"}, {"", "b.lita.lit", "1"},
	} {
		key := dialbackKey(secret, parts[0], parts[1], parts[2])
		if seen[key] != "" {
			t.Errorf("%q has the key of %s", parts, seen[key])
		}
		seen[key] = strings.Join(parts[:], "|")
	}
}

// TestSpaces: what stands between the parts of a key can be in none of them but
// the last.
func TestSpaces(t *testing.T) {
	for _, domain := range []string{"b.lit a.lit", "b.lit&#x20;a.lit", "b.lit&#xa0;a.lit", "b.lit&#x9;a.lit"} {
		if d, ok := parseDialback(onStream(t, "<db:verify id='1' to='a.lit' from='"+domain+"'>k</db:verify>")); ok {
			t.Errorf("%q is the domain %q", domain, d.from)
		}
	}
}

// TestPiggyback: who has proven one domain has to prove each other one as well,
// and the certificate of the first proves nothing for the second
// (CVE-2021-32919).
func TestPiggyback(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		ask := n.accepts("c.lit")
		romeo := a.login("romeo@a.lit/x")
		p := a.external("b.lit")
		p.send("<db:result from='c.lit' to='a.lit'>key</db:result>")
		q := next(t, ask)
		q.takes("c.lit", n.cert(nil, "c.lit"), dbFeature)
		q.want("<db:verify from='a.lit' to='c.lit' id='")
		id := q.want("'>key</db:verify>")
		if got := p.before(); got != "" {
			t.Errorf("before it is proven: %s", got)
		}
		q.send(verdictOf("c.lit", id, dbInvalid))
		p.want("<db:result from='a.lit' to='c.lit' type='error'><error type='cancel'><forbidden ")
		p.send("<message from='juliet@b.lit' to='romeo@a.lit/x' id='true'/>")
		p.send("<message from='mallory@c.lit' to='romeo@a.lit/x' id='false'/>")
		p.want(streamErrorOf("invalid-from"))
		if got := romeo.want("id='true'"); strings.Contains(got, "mallory") {
			t.Errorf("romeo got %s", got)
		}
		p.nc.Close()
		q.nc.Close()
	})
}

// TestOtherDomainsCertificate: a good certificate of another domain does not
// spare the question, and where only certificates count it is refused
// (CVE-2021-32919).
func TestOtherDomainsCertificate(t *testing.T) {
	for _, policy := range []string{"dialback", "certificate"} {
		bubble(t, func(t *testing.T, n *net0) {
			a := n.server(setup{domain: "a.lit", config: "s2s.policy = '" + policy + "'"})
			defer a.stop()
			ask := n.accepts("b.lit")
			p := a.connect()
			id := p.startTLS("b.lit", "a.lit", n.cert(n.ca, "evil.lit"))
			if got := p.want("</stream:features>"); strings.Contains(got, "EXTERNAL") {
				t.Errorf("offered: %s", got)
			}
			p.send(dbRequest)
			if policy == "certificate" {
				p.want("type='error'><error type='cancel'><not-authorized ")
			} else {
				q := asked(t, ask, a, id)
				q.send(verdictOf("b.lit", id, dbInvalid))
				p.want("type='invalid'/></stream:stream>")
				q.nc.Close()
			}
			p.nc.Close()
		})
	}
}

// TestUntrustedCertificate: nobody is believed by a certificate that is
// self-signed, over, or the like (CVE-2014-3451; RFC 6120 section 13.7.2.1,
// Server Certificates).
func TestUntrustedCertificate(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		over := leafTemplate("b.lit")
		over.NotBefore, over.NotAfter = time.Unix(0, 0), time.Unix(1, 0)
		own := newAuthority(t, "evil")
		for name, cert := range map[string]*authority{
			"self-signed":       newSigned(t, nil, leafTemplate("b.lit")),
			"over":              newSigned(t, n.ca, over),
			"another authority": newSigned(t, own, leafTemplate("b.lit")),
			"longer name":       newSigned(t, n.ca, leafTemplate("b.lit.evil.lit")),
		} {
			p := a.connect()
			p.startTLS("b.lit", "a.lit", cert.pair())
			if got := p.want("</stream:features>"); strings.Contains(got, "EXTERNAL") {
				t.Errorf("%s: offered: %s", name, got)
			}
			p.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>")
			p.want("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/>")
			p.send("<message from='juliet@b.lit' to='romeo@a.lit'/>")
			p.want(streamErrorOf("not-authorized"))
			p.nc.Close()
		}
	})
}

// TestNewName: the stream header after authentication gives nobody a new name.
func TestNewName(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		p := a.connect()
		p.startTLS("b.lit", "a.lit", n.cert(n.ca, "b.lit"))
		p.want("</stream:features>")
		p.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>")
		p.want("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
		p.open("c.lit", "a.lit")
		p.want(streamErrorOf("invalid-from"))
		p.nc.Close()
	})
}

// TestOurName: nobody else is one of our own domains, not even who has a
// certificate with a wildcard that fits.
func TestOurName(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		p := a.connect()
		p.startTLS("rooms.a.lit", "a.lit", n.cert(n.ca, "a.lit"))
		if got := p.want("</stream:features>"); strings.Contains(got, "EXTERNAL") {
			t.Errorf("offered: %s", got)
		}
		p.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>")
		p.want("<not-authorized/>")
		p.send("<db:result from='rooms.a.lit' to='a.lit'>key</db:result>")
		p.want("<db:result from='a.lit' to='rooms.a.lit' type='error'>")
		p.send("<message from='room@rooms.a.lit' to='romeo@a.lit'/>")
		p.want(streamErrorOf("not-authorized"))
		p.nc.Close()
	})
}

// TestTooEarly: what comes between the key and the verdict is not taken, and ends
// the stream and the question (XEP-0220 section 2.1.1: stanzas must wait).
func TestTooEarly(t *testing.T) {
	receiver(t, "", func(a *server, p *peer, id string, ask chan *peer) {
		romeo := a.login("romeo@a.lit/x")
		p.send(dbRequest + "<message from='juliet@b.lit' to='romeo@a.lit/x'/>")
		p.want(streamErrorOf("not-authorized"))
		p.nc.Close()
		synctest.Wait()
		select {
		case q := <-ask:
			q.nc.Close()
		default:
		}
		time.Sleep(time.Minute)
		romeo.mu.Lock()
		defer romeo.mu.Unlock()
		if romeo.text != "" {
			t.Errorf("romeo got %s", romeo.text)
		}
	})
}

// TestNothingBack: on a stream that goes both ways nothing goes back before the
// peer has proven its domain: what is for the domain goes to where DNS says it is
// (XEP-0288 section 2.2, Negotiation).
func TestNothingBack(t *testing.T) {
	receiver(t, "", func(a *server, p *peer, id string, ask chan *peer) {
		p.send(bidiRequest + dbRequest)
		q := asked(t, ask, a, id)
		romeo := a.login("romeo@a.lit/x")
		romeo.send("<message to='juliet@b.lit' id='secret'/>")
		r := next(t, ask)
		r.takes("b.lit", a.net.cert(nil, "b.lit"), dbFeature)
		r.want("<db:result from='a.lit' to='b.lit'>")
		r.send("<db:result from='b.lit' to='a.lit' type='valid'/>")
		r.want("id='secret'")
		if got := p.before(); got != "" {
			t.Errorf("the peer got %s", got)
		}
		r.nc.Close()
		q.nc.Close()
	})
}

// TestOwnWitness: whether a key is good is not asked on the stream that it came
// on, though that leads to the authoritative server (XEP-0288 section 2.2,
// Negotiation).
func TestOwnWitness(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		ch := n.accepts("b.lit")
		a.login("romeo@a.lit/x").send("<message to='juliet@b.lit' id='m'/>")
		l := next(t, ch)
		l.takes("b.lit", n.cert(nil, "b.lit"), dbFeature+"<bidi xmlns='urn:xmpp:features:bidi'/>")
		l.want("<bidi ")
		l.want("<db:result from='a.lit' to='b.lit'>")
		l.send("<db:result from='b.lit' to='a.lit' type='valid'/>")
		l.want("id='m'")
		l.send("<db:result from='b.lit' to='rooms.a.lit'>key</db:result>")
		q := next(t, ch)
		q.takes("b.lit", n.cert(nil, "b.lit"), dbFeature)
		q.want("<db:verify from='rooms.a.lit' to='b.lit' id='id of b.lit'>key</db:verify>")
		if got := l.before(); strings.Contains(got, "<db:verify") {
			t.Errorf("asked on the stream itself: %s", got)
		}
		l.nc.Close()
		q.nc.Close()
	})
}

// TestBeforeTLS: what somebody puts into the stream before TLS counts for
// nothing after it (RFC 6120 section 5.4.3.3, TLS Success; XEP-0288 section 2.1,
// Stream Feature: TLS comes first).
func TestBeforeTLS(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit"})
		defer a.stop()
		ch := n.accepts("b.lit")
		p := a.connect()
		p.open("b.lit", "a.lit")
		p.want("</stream:features>")
		p.send(bidiRequest + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
		p.want("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
		p.secure(n.cert(n.ca, "b.lit"), true)
		p.open("b.lit", "a.lit")
		p.want("</stream:features>")
		p.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>")
		p.want("<success ")
		p.open("b.lit", "a.lit")
		p.want("</stream:features>")
		a.login("romeo@a.lit/x").send("<message to='juliet@b.lit' id='m'/>")
		q := next(t, ch) // the peer did not ask for stanzas on its own stream
		if got := p.before(); got != "" {
			t.Errorf("the peer got %s", got)
		}
		p.nc.Close()
		q.nc.Close()
	})
}

// TestNameless: a peer whose stream header has no from, or that of another, is
// known by what it proves, also where something is asked of it.
func TestNameless(t *testing.T) {
	for _, from := range []string{"", "c.lit", "@"} {
		bubble(t, func(t *testing.T, n *net0) {
			a := n.server(setup{domain: "a.lit"})
			defer a.stop()
			ask := n.accepts("b.lit")
			p := a.connect()
			id := p.startTLS(from, "a.lit", nil)
			p.want("</stream:features>")
			p.send(bidiRequest + dbRequest)
			q := asked(t, ask, a, id)
			q.send(verdictOf("b.lit", id, dbValid))
			p.want("<db:result from='a.lit' to='b.lit' type='valid'/>")
			for _, i := range a.List() {
				if i.Direction == "both" && i.Remote != "b.lit" {
					t.Errorf("from %q: an admin sees %+v", from, i)
				}
			}
			a.login("romeo@a.lit/x").send("<message to='juliet@b.lit' id='m'/>")
			p.want("id='m'")
			p.want("<iq type='get' id='") // whether it has come
			if got := p.want("<ping "); !strings.Contains(got, "from='a.lit' to='b.lit'") {
				t.Errorf("from %q: the ping is %s", from, got)
			}
			p.nc.Close()
			q.nc.Close()
		})
	}
}
