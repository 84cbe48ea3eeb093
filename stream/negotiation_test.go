package stream

import (
	"context"
	"errors"
	"strings"
	"testing"

	"parley/stanza"
)

// machine feeds text to a negotiation as Accept does, without a connection.
type machine struct {
	t    *testing.T
	n    *Negotiation
	scan *stanza.Scanner
}

// fakeAuth takes the text "right" for romeo after one challenge, and knows
// nothing but the mechanism TEST.
type fakeAuth struct{}

func (fakeAuth) Offer(*Peer) Offer {
	return Offer{Mechanisms: []string{"TEST"}, Bindings: []string{"tls-exporter"}}
}

func (fakeAuth) Start(_ context.Context, mechanism string, _ *Peer) (Exchange, error) {
	if mechanism != "TEST" {
		return nil, &Failure{Condition: "invalid-mechanism"}
	}
	return &fakeExchange{}, nil
}

type fakeExchange struct{}

func (*fakeExchange) Identity() stanza.JID { return stanza.MustJID("romeo@a.lit") }

func (*fakeExchange) Step(_ context.Context, data string, first bool) (string, bool, error) {
	switch {
	case first && data == "":
		return "", false, nil
	case data == "right":
		return "ok", true, nil
	case data == "unbound":
		return "", false, &Failure{Condition: "not-authorized", NoGuess: true}
	case data == "broken":
		return "", false, errors.New("disk on fire")
	case data == "more":
		return "go on", false, nil
	}
	return "", false, &Failure{Condition: "not-authorized", Text: "no & no"}
}

func testRules() *Rules {
	return &Rules{
		ContentNS:  stanza.NSClient,
		Serves:     func(d string) bool { return d == "a.lit" || d == "b.lit" },
		Default:    "a.lit",
		OfferTLS:   true,
		RequireTLS: true,
		Attempts:   3,
		Auth:       fakeAuth{},
		Features: func(n *Negotiation) string {
			if n.JID.IsZero() {
				return ""
			}
			return "<bind/>"
		},
		Before: func(_ context.Context, _ *Negotiation, st *stanza.Stanza) (string, bool) {
			return "<iq type='result'/>", st.Has("jabber:iq:register", "query")
		},
	}
}

func newMachine(t *testing.T, change func(*Rules)) *machine {
	r := testRules()
	if change != nil {
		change(r)
	}
	return &machine{t: t, n: NewNegotiation(r, Peer{Addr: "test"}), scan: stanza.NewScanner(stanza.Limits{})}
}

// feed returns everything that was written and the last thing to do.
func (m *machine) feed(text string) (written string, last Action) {
	m.t.Helper()
	buf := []byte(text)
	for len(buf) > 0 {
		var st stanza.Stanza
		tok, used, err := m.scan.Scan(buf, &st)
		var a Action
		var wrong *stanza.StreamError
		switch {
		case errors.As(err, &wrong):
			a = m.n.Failed(wrong)
		case tok == stanza.More:
			m.t.Fatalf("incomplete: %s", buf)
		case tok == stanza.Opened:
			a = m.n.Opened(m.scan.Header())
		case tok == stanza.Found:
			a = m.n.Element(context.Background(), &st)
		case tok == stanza.Closed:
			a = m.n.Closed()
		}
		buf = buf[used:]
		written += string(a.Write)
		last = a
		switch a.Do {
		case StartTLS:
			m.n.Secured(Peer{})
			m.scan.Reset()
			buf = nil
		case Restart:
			m.scan.Reset()
		case Close, Finish:
			return written, last
		}
	}
	return written, last
}

const (
	open = "<?xml version='1.0'?><stream:stream to='a.lit' version='1.0' " +
		"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
	start  = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
	nsSASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
	right  = "<auth " + nsSASL + " mechanism='TEST'>right</auth>"
	wrong  = "<auth " + nsSASL + " mechanism='TEST'>wrong</auth>"
	ask    = "<auth " + nsSASL + " mechanism='TEST'/>"
)

// secured are the steps up to the features under TLS.
var secured = []string{open, start, open}

// header makes an opening tag of other attributes.
func opening(attrs string) string {
	return "<stream:stream xmlns='jabber:client' " +
		"xmlns:stream='http://etherx.jabber.org/streams' " + attrs + ">"
}

// streamError is a stream error and the end.
func streamError(condition string) string {
	return "<" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
}

func failure(condition string) string {
	return "<failure " + nsSASL + "><" + condition + "/></failure>"
}

// TestNegotiation goes through what a peer can send, and looks at the answer
// to the last of it.
func TestNegotiation(t *testing.T) {
	to := "to='a.lit' version='1.0'"
	tests := []struct {
		name  string
		rules func(*Rules)
		send  []string
		want  string // the answer ends with it; "…" stands for anything
		do    Do
	}{
		// RFC 6120 section 4.7, Stream Attributes
		{name: "features", send: []string{open}, do: Read,
			want: "from='a.lit' version='1.0' xml:lang='en'><stream:features><starttls " +
				"xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"},
		{name: "to is prepared", send: []string{opening("to='A.Lit' version='1.0'")}, do: Read,
			want: "from='a.lit' version='1.0' xml:lang='en'><stream:features>…</stream:features>"},
		{name: "from comes back", send: []string{opening(to + " from='Romeo@a.lit'")}, do: Read,
			want: "from='a.lit' to='romeo@a.lit' version='1.0' xml:lang='en'>…</stream:features>"},
		{name: "from comes back escaped", do: Read,
			send: []string{opening(to + ` from="romeo@a.lit/x' y='&lt;"`)},
			want: "from='a.lit' to='romeo@a.lit/x&apos; y=&apos;&lt;' version='1.0' xml:lang='en'>…</stream:features>"},
		{name: "from that is no address is ignored", send: []string{opening(to + " from='@@'")},
			want: "from='a.lit' version='1.0' xml:lang='en'>…</stream:features>"},
		{name: "no to", send: []string{opening("version='1.0'")}, do: Close,
			want: "from='a.lit' version='1.0' xml:lang='en'><stream:error>" + streamError("host-unknown")},
		{name: "unknown host", send: []string{opening("to='c.lit' version='1.0'")}, do: Close,
			want: "from='a.lit' version='1.0' xml:lang='en'><stream:error>" + streamError("host-unknown")},
		{name: "to a user", send: []string{opening("to='romeo@a.lit' version='1.0'")}, do: Close,
			want: "<stream:error>" + streamError("host-unknown")},
		{name: "no version", send: []string{opening("to='a.lit'")}, do: Close,
			want: "from='a.lit' xml:lang='en'><stream:error>" + streamError("unsupported-version")},
		{name: "version 0.9", send: []string{opening("to='a.lit' version='0.9'")}, do: Close,
			want: "<stream:error>" + streamError("unsupported-version")},
		{name: "version nonsense", send: []string{opening("to='a.lit' version='one'")}, do: Close,
			want: "version='1.0' xml:lang='en'><stream:error>" + streamError("unsupported-version")},
		{name: "version 2.11", send: []string{opening("to='a.lit' version='2.11'")}, do: Read,
			want: "version='1.0' xml:lang='en'><stream:features>…</stream:features>"},
		{name: "version 01.00", send: []string{opening("to='a.lit' version='01.00'")}, do: Read,
			want: "version='1.0' xml:lang='en'><stream:features>…</stream:features>"},

		// RFC 6120 section 4.8, XML Namespaces
		{name: "other content namespace", do: Close,
			send: []string{strings.Replace(open, "jabber:client", "jabber:server", 1)},
			want: "<invalid-namespace xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>…</stream:stream>"},
		{name: "other stream namespace", do: Close,
			send: []string{strings.Replace(open, "etherx.jabber.org", "example.org", 1)},
			want: "xml:lang='en'><stream:error><invalid-namespace …</stream:stream>"},
		{name: "not a stream", do: Close,
			send: []string{strings.Replace(open, "stream:stream", "stream:flow", 1)},
			want: "xml:lang='en'><stream:error><bad-format …</stream:stream>"},

		// RFC 6120 section 4.9.1.2, Stream Errors Can Occur During Setup
		{name: "not XML", send: []string{"GET / HTTP/1.1\r\n"}, do: Close,
			want: "<?xml version='1.0'?><stream:stream …from='a.lit' version='1.0' xml:lang='en'>" +
				"<stream:error><not-well-formed …</stream:stream>"},
		{name: "not XML later", send: []string{open, "<a></b>"}, do: Close,
			want: "<stream:error><not-well-formed …</stream:stream>"},
		{name: "comment", send: []string{open, "<!-- -->"}, do: Close,
			want: "<stream:error><restricted-xml …</stream:stream>"},
		{name: "closed at once", send: []string{open, "</stream:stream>"}, do: Close, want: "</stream:stream>"},

		// RFC 6120 section 5, STARTTLS Negotiation
		{name: "proceed", send: []string{open, start}, do: StartTLS,
			want: "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
		{name: "features under TLS", send: secured, do: Read,
			want: "<stream:features><mechanisms " + nsSASL + "><mechanism>TEST</mechanism></mechanisms>" +
				"<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/>" +
				"</sasl-channel-binding></stream:features>"},
		{name: "TLS in TLS", send: append(secured, start), do: Close,
			want: "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"},
		{name: "TLS not offered", rules: func(r *Rules) { r.OfferTLS = false }, send: []string{open, start},
			do: Close, want: "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"},
		{name: "unknown element of TLS", send: []string{open, "<abort xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
			do: Close, want: "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"},
		{name: "TLS during SASL", rules: func(r *Rules) { r.RequireTLS = false }, send: []string{open, ask, start},
			do: Close, want: "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"},
		{name: "TLS optional", rules: func(r *Rules) { r.RequireTLS = false }, send: []string{open}, do: Read,
			want: "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" +
				"<mechanisms …</stream:features>"},
		{name: "SASL without TLS", rules: func(r *Rules) { r.RequireTLS = false }, send: []string{open, right},
			do: Restart, want: "<success " + nsSASL + ">ok</success>"},
		{name: "the host changes", do: Close,
			send: []string{open, start, strings.Replace(open, "a.lit", "b.lit", 1)},
			want: "from='a.lit' version='1.0' xml:lang='en'><stream:error><not-authorized …</stream:stream>"},

		// RFC 6120 section 6, SASL Negotiation
		{name: "SASL before required TLS", send: []string{open, right}, do: Read, want: failure("encryption-required")},
		{name: "challenge", send: append(secured, ask), do: Read, want: "<challenge " + nsSASL + "/>"},
		{name: "response", send: append(secured, ask, "<response "+nsSASL+">right</response>"), do: Restart,
			want: "<success " + nsSASL + ">ok</success>"},
		{name: "text in entities", send: append(secured,
			"<auth "+nsSASL+" mechanism='TEST'>r&#x69;<![CDATA[ght]]></auth>"),
			do: Restart, want: "<success " + nsSASL + ">ok</success>"},
		{name: "wrong", send: append(secured, wrong), do: Read,
			want: "<failure " + nsSASL + "><not-authorized/><text xml:lang='en'>no &amp; no</text></failure>"},
		{name: "wrong, then right", send: append(secured, wrong, right), do: Restart,
			want: "<success " + nsSASL + ">ok</success>"},
		{name: "three times wrong", send: append(secured, wrong, wrong, wrong), do: Close,
			want: "</failure><stream:error><policy-violation …</stream:stream>"},
		{name: "aborted", send: append(secured, ask, "<abort "+nsSASL+"/>"), do: Read, want: failure("aborted")},
		{name: "our own fault", send: append(secured, "<auth "+nsSASL+" mechanism='TEST'>broken</auth>"), do: Read,
			want: failure("temporary-auth-failure")},
		{name: "response to nothing", send: append(secured, "<response "+nsSASL+">right</response>"), do: Read,
			want: failure("malformed-request")},
		{name: "auth in an exchange", send: append(secured, ask, right), do: Restart,
			want: "<success " + nsSASL + ">ok</success>"},
		{name: "auth in an exchange again and again", send: append(secured, ask+ask+ask+ask+ask+ask+ask+wrong),
			do: Close, want: "</failure><stream:error><policy-violation …</stream:stream>"},
		{name: "elements in auth", send: append(secured, "<auth "+nsSASL+" mechanism='TEST'>right<x/></auth>"),
			do: Read, want: failure("malformed-request")},
		{name: "unknown mechanism", send: append(secured, "<auth "+nsSASL+" mechanism='X'/>"), do: Read,
			want: failure("invalid-mechanism")},
		{name: "no mechanism", send: append(secured, "<auth "+nsSASL+"/>"), do: Read,
			want: failure("invalid-mechanism")},
		{name: "unknown element of SASL", send: append(secured, "<challenge "+nsSASL+"/>"), do: Close,
			want: "<stream:error>" + streamError("not-authorized")},
		{name: "authenticated", send: append(secured, right, open), do: Finish,
			want: "<stream:features><bind/></stream:features>"},
		{name: "authenticated, from is one's own", do: Finish,
			send: append(secured, right, opening(to+" from='Romeo@a.lit'")),
			want: "to='romeo@a.lit' version='1.0' xml:lang='en'>…</stream:features>"},
		{name: "authenticated, from another", do: Close,
			send: append(secured, right, opening(to+" from='juliet@a.lit'")),
			want: "<stream:error>" + streamError("invalid-from")},
		{name: "authenticated, another host", do: Close,
			send: append(secured, right, opening("to='b.lit' version='1.0'")),
			want: "from='a.lit' version='1.0' xml:lang='en'><stream:error><not-authorized …</stream:stream>"},

		// RFC 6120 section 4.9.3.12, not-authorized
		{name: "message before authentication", send: append(secured, "<message to='a@a.lit'/>"), do: Close,
			want: "<stream:error>" + streamError("not-authorized")},
		{name: "element of a foreign namespace", send: append(secured, "<x xmlns='urn:x'/>"), do: Close,
			want: "<stream:error>" + streamError("not-authorized")},
		{name: "what may come before", do: Read,
			send: append(secured, "<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>"),
			want: "<iq type='result'/>"},
		// RFC 6120 section 4.9.3.24, unsupported-stanza-type
		{name: "unknown stanza", send: append(secured, "<pubsub/>"), do: Close,
			want: "<stream:error>" + streamError("unsupported-stanza-type")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t, test.rules)
			var got string
			var last Action
			for _, text := range test.send {
				got, last = m.feed(text)
			}
			if !matches(got, test.want) {
				t.Errorf("sent: %s\ngot:  %s\nwant: %s", strings.Join(test.send, "\n      "), got, test.want)
			}
			if last.Do != test.do {
				t.Errorf("does %d, not %d", last.Do, test.do)
			}
			if isError := strings.Contains(got, "<stream:error>"); isError != (last.Err != nil) {
				t.Errorf("Action.Err is %v", last.Err)
			}
		})
	}
}

// matches says whether got ends with want, in which "…" is anything.
func matches(got, want string) bool {
	parts := strings.Split(want, "…")
	last := parts[len(parts)-1]
	if !strings.HasSuffix(got, last) {
		return false
	}
	got = got[:len(got)-len(last)]
	for _, part := range parts[:len(parts)-1] {
		_, after, ok := strings.Cut(got, part)
		if !ok {
			return false
		}
		got = after
	}
	return true
}

// TestIDs: each response header has an id of its own (RFC 6120 section 4.7.3,
// id).
func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	m := newMachine(t, nil)
	for _, text := range append(secured, right, open) {
		got, _ := m.feed(text)
		_, after, ok := strings.Cut(got, " id='")
		if !ok {
			continue
		}
		id, _, _ := strings.Cut(after, "'")
		if len(id) < 20 || seen[id] || id != m.n.ID {
			t.Errorf("id %q (Negotiation.ID %q)", id, m.n.ID)
		}
		seen[id] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d headers", len(seen))
	}
}

// TestPipelined: what comes behind <auth/> belongs to the new stream, what
// comes behind <starttls/> to nothing.
func TestPipelined(t *testing.T) {
	m := newMachine(t, nil)
	got, _ := m.feed(open + start + right + open)
	if !strings.HasSuffix(got, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") {
		t.Fatalf("behind <starttls/>: %s", got)
	}
	got, last := m.feed(open + right + open)
	if last.Do != Finish || m.n.JID.String() != "romeo@a.lit" {
		t.Fatalf("behind <auth/>: %s", got)
	}
}

// TestUnbound: who fails without having tried a password may go on for longer,
// not for ever, and has no more guesses than others.
func TestUnbound(t *testing.T) {
	unbound := "<auth " + nsSASL + " mechanism='TEST'>unbound</auth>"
	for _, tc := range []struct {
		name  string
		tries string
		ends  bool
	}{
		{"five and then the right one", strings.Repeat(unbound, 5) + right, false},
		{"six", strings.Repeat(unbound, 6), true},
		{"two and two guesses", unbound + wrong + unbound + wrong, false},
		{"two and three guesses", unbound + wrong + unbound + wrong + wrong, true},
	} {
		m := newMachine(t, nil)
		for _, s := range secured {
			m.feed(s)
		}
		if _, last := m.feed(tc.tries); (last.Do == Close || last.Do == Finish) != tc.ends {
			t.Errorf("%s: the stream ends: %v", tc.name, !tc.ends)
		}
	}
}

// TestBeginAgain: an exchange that is begun inside another takes its place (RFC
// 6120 section 6.4.2, Initiation), but not for ever.
func TestBeginAgain(t *testing.T) {
	begin := "<auth " + nsSASL + " mechanism='TEST'>more</auth>"
	for _, tc := range []struct {
		begun int
		want  Do
	}{{6, Read}, {7, Close}} {
		m := newMachine(t, nil)
		for _, s := range secured {
			m.feed(s)
		}
		got, last := m.feed(strings.Repeat(begin, tc.begun))
		if last.Do != tc.want || (tc.want == Close) != strings.Contains(got, "<policy-violation") {
			t.Errorf("begun %d times: %s", tc.begun, got)
		}
	}
}
