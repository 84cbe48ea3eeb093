package stream

import (
	"context"
	"strings"
	"testing"

	"parley/stanza"
)

// fakeInline offers <x/> and does what it is told by the request's <x do='…'/>.
type fakeInline struct{ performed *int }

func (fakeInline) Offer(*Negotiation) string { return "<x/>" }

func (fakeInline) Start(ctx context.Context, n *Negotiation, mechanism string, _ *stanza.Element) (
	Exchange, error) {
	if mechanism == "EMPTY" {
		return emptyExchange{}, nil
	}
	return n.Rules.Auth.Start(ctx, mechanism, &n.Peer)
}

func (f fakeInline) Perform(_ context.Context, n *Negotiation, request *stanza.Element) (
	o Outcome, _ *stanza.StreamError) {
	*f.performed++
	switch request.Child("x", "x").Attr("do") {
	case "bind":
		o.JID, _ = n.JID.WithResource("r")
		o.XML = "<bound/>"
	case "resume":
		o.XML, o.Resumed = "<resumed/>", true
	case "end":
		return o, stanza.StreamUndefinedCondition
	}
	return o, nil
}

// emptyExchange wants an empty initial response and answers with empty data.
type emptyExchange struct{}

func (emptyExchange) Identity() stanza.JID { return stanza.MustJID("romeo@a.lit") }
func (emptyExchange) Step(_ context.Context, data string, first bool) (string, bool, error) {
	if data != "=" || !first {
		return "", false, &Failure{Condition: "malformed-request"}
	}
	return "=", true, nil
}

const ns2 = "xmlns='urn:xmpp:sasl:2'"

// authenticate2 is a request with that initial response.
func authenticate2(data, wishes string) string {
	return "<authenticate " + ns2 + " mechanism='TEST'><initial-response>" + data +
		"</initial-response>" + wishes + "</authenticate>"
}

func failure2(condition string) string {
	return "<failure " + ns2 + "><" + condition + " " + nsSASL + "/>"
}

// TestExtended goes through what a peer can send under XEP-0388, and looks at the
// answer to the last of it.
func TestExtended(t *testing.T) {
	const (
		identity = "<authorization-identifier>romeo@a.lit"
		done     = "<success " + ns2 + "><additional-data>ok</additional-data>" + identity
		bindings = "<stream:features><bind/></stream:features>"
	)
	for _, tc := range []struct {
		name string
		send []string
		want string // the answer ends with it; "…" stands for anything
		do   Do
		done int // requests that were performed
	}{
		{name: "nothing asked for", send: []string{authenticate2("right", "")}, do: Finish, done: 1,
			want: done + "</authorization-identifier></success>" + bindings},
		{name: "bound", send: []string{authenticate2("right", "<x xmlns='x' do='bind'/>")}, do: Finish,
			want: done + "/r</authorization-identifier><bound/></success>" + bindings, done: 1},
		{name: "resumed", send: []string{authenticate2("right", "<x xmlns='x' do='resume'/>")},
			want: done + "</authorization-identifier><resumed/></success>", do: Finish, done: 1},
		{name: "wish that ends the stream", do: Close, done: 1,
			send: []string{authenticate2("right", "<x xmlns='x' do='end'/>")},
			want: "<stream:error><undefined-condition …</stream:stream>"},
		{name: "in steps", do: Finish, done: 1,
			send: []string{authenticate2("more", "<x xmlns='x' do='bind'/>"),
				"<response " + ns2 + ">right</response>"},
			want: done + "/r</authorization-identifier><bound/></success>" + bindings},
		{name: "challenge", send: []string{authenticate2("more", "")}, want: "<challenge " + ns2 + ">go on</challenge>"},
		{name: "no initial response", send: []string{"<authenticate " + ns2 + " mechanism='TEST'/>"},
			want: "<challenge " + ns2 + "/>"},
		{name: "empty data", do: Finish, done: 1,
			send: []string{"<authenticate " + ns2 + " mechanism='EMPTY'><initial-response/></authenticate>"},
			want: "<success " + ns2 + "><additional-data/>" + identity + "</authorization-identifier></success>…"},
		{name: "none is not empty", send: []string{"<authenticate " + ns2 + " mechanism='EMPTY'/>"},
			want: failure2("malformed-request") + "</failure>"},
		{name: "wrong", send: []string{authenticate2("wrong", "<x xmlns='x' do='bind'/>")},
			want: failure2("not-authorized") + "<text xml:lang='en'>no &amp; no</text></failure>"},
		{name: "our fault", send: []string{authenticate2("broken", "")},
			want: failure2("temporary-auth-failure") + "</failure>"},
		{name: "again after a failure", send: []string{authenticate2("wrong", ""), authenticate2("right", "")},
			want: done + "…", do: Finish, done: 1},
		{name: "unknown mechanism", send: []string{"<authenticate " + ns2 + " mechanism='NONE'/>"},
			want: failure2("invalid-mechanism") + "</failure>"},
		{name: "element in the response", send: []string{authenticate2("<a/>", "")},
			want: failure2("malformed-request") + "</failure>"},
		{name: "abort", send: []string{authenticate2("more", ""), "<abort " + ns2 + "/>"},
			want: failure2("aborted") + "</failure>"},
		{name: "response to nothing", send: []string{"<response " + ns2 + ">right</response>"},
			want: failure2("malformed-request") + "</failure>"},
		{name: "again inside", send: []string{authenticate2("more", ""), authenticate2("right", "")},
			want: "<stream:error>" + streamError("not-authorized"), do: Close},
		{name: "the other profile inside", send: []string{authenticate2("more", ""), right},
			want: "<stream:error>" + streamError("not-authorized"), do: Close},
		{name: "inside the other profile", send: []string{"<auth " + nsSASL + " mechanism='TEST'>more</auth>",
			authenticate2("right", "")}, want: "<stream:error>" + streamError("not-authorized"), do: Close},
		{name: "registration inside", do: Close,
			send: []string{authenticate2("more", ""), "<iq type='get'><query xmlns='jabber:iq:register'/></iq>"},
			want: "<stream:error>" + streamError("not-authorized")},
		{name: "next, without a task", send: []string{"<next " + ns2 + " task='X'/>"},
			want: "<stream:error>" + streamError("not-authorized"), do: Close},
		{name: "the other profile afterwards", send: []string{authenticate2("wrong", ""), right},
			want: "<success " + nsSASL + ">ok</success>", do: Restart},
		{name: "limits are shared", send: []string{authenticate2("wrong", ""), wrong, authenticate2("wrong", "")},
			want: failure2("not-authorized") + "…<policy-violation …</stream:stream>", do: Close},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, performed := newExtended(t, secured...)
			var got string
			var last Action
			for _, s := range tc.send {
				got, last = m.feed(s)
			}
			if !matches(got, tc.want) || last.Do != tc.do {
				t.Errorf("do %d, %s\nwant %d, %s", last.Do, got, tc.do, tc.want)
			}
			if *performed != tc.done {
				t.Errorf("performed %d times", *performed)
			}
		})
	}
}

func newExtended(t *testing.T, send ...string) (*machine, *int) {
	performed := new(int)
	m := newMachine(t, func(r *Rules) { r.Inline = fakeInline{performed} })
	for _, s := range send {
		m.feed(s)
	}
	return m, performed
}

// TestExtendedFrom: the address of the header is that of who authenticates, if it
// is one.
func TestExtendedFrom(t *testing.T) {
	for from, want := range map[string]string{
		"Romeo@a.lit": "<success", "romeo@a.lit/x": "<success", "@@": "<success",
		"juliet@a.lit": failure2("invalid-authzid"), "romeo@b.lit": failure2("invalid-authzid"),
	} {
		m, _ := newExtended(t, open, start, opening("to='a.lit' version='1.0' from='"+from+"'"))
		if got, _ := m.feed(authenticate2("right", "")); !strings.HasPrefix(got, want) {
			t.Errorf("from %s: %s", from, got)
		}
	}
}

// TestExtendedOffer: it is offered, and taken, under TLS only, and where there is
// anything inline at all (XEP-0388 section 3, Security Considerations).
func TestExtendedOffer(t *testing.T) {
	const offer = "<authentication " + ns2 + "><mechanism>TEST</mechanism><inline><x/></inline></authentication>"
	m, _ := newExtended(t, open, start)
	if got, _ := m.feed(open); strings.Count(got, offer) != 1 {
		t.Errorf("under TLS: %s", got)
	}
	m, _ = newExtended(t)
	m.n.Rules.RequireTLS = false
	if got, _ := m.feed(open); strings.Contains(got, "<authentication") || !strings.Contains(got, "<mechanisms") {
		t.Errorf("without TLS: %s", got)
	}
	if got, _ := m.feed(authenticate2("right", "")); got != failure2("encryption-required")+"</failure>" {
		t.Errorf("without TLS: %s", got)
	}
	m = newMachine(t, nil)
	for _, s := range secured {
		m.feed(s)
	}
	if got, last := m.feed(authenticate2("right", "")); last.Do != Close {
		t.Errorf("where there is nothing inline: %s", got)
	}
	if got := authenticationFeature(Offer{}, "<x/>"); got != "" {
		t.Errorf("without a mechanism: %s", got)
	}
}
