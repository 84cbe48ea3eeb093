package stream

import (
	"context"

	"parley/stanza"
)

// Inline is what a peer may ask for in the request with which it authenticates
// (XEP-0388 section 2.3, Initiation).
type Inline interface {
	// Offer is XML for <inline/>, "" for none.
	Offer(n *Negotiation) string

	// Start begins an exchange as Authenticator.Start does, also with a
	// mechanism that is offered nowhere but in <inline/>.
	Start(ctx context.Context, n *Negotiation, mechanism string, request *stanza.Element) (
		Exchange, error)

	// Perform does what the peer has asked for, now that it has authenticated.
	// An error ends the stream.
	Perform(ctx context.Context, n *Negotiation, request *stanza.Element) (
		Outcome, *stanza.StreamError)
}

// Outcome is what came of the wishes in an <authenticate/>.
type Outcome struct {
	XML     string     // for <success/>
	JID     stanza.JID // with a resource if one was bound, zero for none
	Resumed bool       // the peer has a former stream back, whose features it knows
}

// profile is how an exchange is written.
type profile uint8

const (
	classic  profile = iota // RFC 6120 section 6, SASL Negotiation
	extended                // XEP-0388
)

// ns is the namespace of a profile's elements.
func (p profile) ns() string {
	if p == extended {
		return stanza.NSSASL2
	}
	return stanza.NSSASL
}

// conditionNS is the namespace of an error's condition where it is another
// (XEP-0388 section 2.6.2, Failure).
func (p profile) conditionNS() string {
	if p == extended {
		return stanza.NSSASL
	}
	return ""
}

// initiation is the name of the element that begins an exchange.
func (p profile) initiation() string {
	if p == extended {
		return "authenticate"
	}
	return "auth"
}

// extends says whether XEP-0388 is possible on this stream, which it is under
// TLS only (XEP-0388 section 3, Security Considerations).
func (n *Negotiation) extends() bool { return n.Rules.Inline != nil && n.Peer.Secure }

// authenticationFeature offers the mechanisms in the other profile as well
// (XEP-0388 section 2.1, SASL mechanism negotiation).
func authenticationFeature(o Offer, inline string) string {
	if len(o.Mechanisms) == 0 {
		return ""
	}
	var b stanza.Builder
	b.Start("authentication", stanza.NSSASL2)
	for _, name := range o.Mechanisms {
		b.Elem("mechanism", "", name)
	}
	if inline != "" {
		b.Start("inline", "").Raw(inline).End()
	}
	return b.End().String()
}

// initialResponse is what stands for the character data of <auth/>. None is no
// child, and an empty one has no character for it (XEP-0388 section 2.2, SASL
// Data Encoding).
func initialResponse(request *stanza.Element) *stanza.Element {
	e := request.Child(stanza.NSSASL2, "initial-response")
	switch {
	case e == nil:
		return &stanza.Element{}
	case e.Text == "":
		return &stanza.Element{Children: e.Children, Text: "="}
	}
	return e
}

// succeed does what was asked for and opens what the stream is for; there is no
// new header (XEP-0388 section 2.6.1, Success).
func (n *Negotiation) succeed(ctx context.Context, answer string) Action {
	jid, request := n.exchange.Identity(), n.request
	// No header follows whose from could be held against it. XEP-0388 section
	// 4.4, Non-Empty Authorization Strings, asks for this where one is given;
	// RFC 6120 section 4.9.3.9, invalid-from, wherever there is a from.
	if from, err := stanza.ParseJID(n.claim); err == nil && n.claim != "" && from.Bare() != jid {
		return n.refuse(&Failure{Condition: "invalid-authzid"})
	}
	n.JID = jid
	n.exchange, n.request, n.state = nil, nil, negotiated
	o, wrong := n.Rules.Inline.Perform(ctx, n, request)
	if wrong != nil {
		return n.failAfter(nil, wrong)
	}
	if !o.JID.IsZero() {
		jid = o.JID
	}
	var b stanza.Builder
	b.Start("success", stanza.NSSASL2)
	if answer == "=" {
		answer = ""
		b.Start("additional-data", "").End()
	}
	if answer != "" {
		b.Elem("additional-data", "", answer)
	}
	b.Elem("authorization-identifier", "", jid.String()).Raw(o.XML)
	out := []byte(b.End().String())
	if !o.Resumed {
		// (XEP-0198 section 9.2, Inline Stream Resumption: no features there)
		out = append(out, "<stream:features>"+n.more()+"</stream:features>"...)
	}
	return Action{Write: out, Do: Finish}
}
