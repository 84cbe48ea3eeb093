package c2s

import (
	"context"
	"errors"
	"slices"

	"parley/auth"
	"parley/router"
	"parley/stanza"
	"parley/stream"
)

// inline is what a client can have with its login (XEP-0388). It implements
// stream.Inline.
type inline struct {
	*sasl
	fast  []string // mechanisms that take tokens
	token *token   // the client logs in with one, or has
}

var _ stream.Inline = (*inline)(nil)

// Offer implements stream.Inline: binding, with what can go with it (XEP-0386
// section 3.1, Discovering support), and resumption (XEP-0198 section 9.2, Inline
// Stream Resumption).
func (l *inline) Offer(n *stream.Negotiation) string {
	var b stanza.Builder
	b.Start("bind", nsBind2).Start("inline", "")
	for _, f := range l.client.server.Router.Host(n.Peer.Domain).InlineFeatures() {
		b.Start("feature", "", "var", f).End()
	}
	for _, f := range []string{nsState, stanza.NSManagement} {
		b.Start("feature", "", "var", f).End()
	}
	b.End().End()
	b.Raw(managementFeature)
	if l.fast = l.tokenMechanisms(&n.Peer); len(l.fast) > 0 {
		b.Raw(fastFeature(l.fast))
	}
	return b.String()
}

// tokenMechanisms are those that take tokens on this connection.
func (l *inline) tokenMechanisms(p *stream.Peer) []string {
	if l.conf.Login.TokenDays == 0 || l.client.server.Tokens == nil {
		return nil
	}
	return auth.TokenMechanisms(l.conn(p))
}

// Start implements stream.Inline. The mechanisms that take tokens are for those who
// say that they have one (XEP-0484 section 3.4, Client authenticates using FAST).
func (l *inline) Start(ctx context.Context, n *stream.Negotiation, mechanism string,
	request *stanza.Element) (stream.Exchange, error) {
	l.token = nil
	if !auth.IsTokenMechanism(mechanism) {
		return l.sasl.Start(ctx, mechanism, &n.Peer)
	}
	s := l.client.server
	fast := request.Child(nsFAST, "fast")
	if fast == nil || !slices.Contains(l.fast, mechanism) {
		return nil, l.failed(mechanism, stanza.JID{}, auth.InvalidMechanism)
	}
	l.token = &token{all: s.Tokens, agent: agentID(request), fast: fast}
	x, err := s.Auth.StartToken(mechanism, l.conn(&n.Peer), l.policy(n.Peer.Domain), l.token)
	if err != nil {
		return nil, l.failed(mechanism, stanza.JID{}, err)
	}
	return &exchange{sasl: l.sasl, mechanism: mechanism, x: x}, nil
}

// Perform implements stream.Inline. Who has its session back needs no other, and
// who has not gets another (XEP-0386 section 3.2, Performing the bind).
func (l *inline) Perform(ctx context.Context, n *stream.Negotiation, request *stanza.Element) (
	o stream.Outcome, wrong *stanza.StreamError) {
	c := l.client
	if e := request.Child(stanza.NSManagement, "resume"); e != nil {
		session, answer, err := c.resume(ctx, n.JID, e.Attr)
		if errors.As(err, &wrong) {
			return o, wrong
		}
		if o.XML = answer; session != nil {
			// A session that is resumed has a resource bound, so that its
			// full address is the one (XEP-0388 section 2.6.1, Success).
			c.takes(session)
			o.JID, o.Resumed = session.JID, true
			o.XML += l.newToken(ctx, n.JID, request)
			return o, nil
		}
	}
	jid, bound := l.bind(ctx, n, request)
	o.JID, o.XML = jid, o.XML+bound+l.newToken(ctx, n.JID, request)
	return o, nil
}

// bind binds a resource if that is asked for.
func (l *inline) bind(ctx context.Context, n *stream.Negotiation, request *stanza.Element) (
	jid stanza.JID, answer string) {
	c := l.client
	e := request.Child(nsBind2, "bind")
	if e == nil {
		return jid, ""
	}
	session, answer, err := c.bind2(ctx, n.JID, agentID(request), e)
	if err != nil {
		// There is no answer for it: the client sees that it has no resource,
		// and can bind one in the other way.
		c.server.Log.Info("bind with login", "jid", n.JID.String(), "err", c.stanzaError(n, err))
		return jid, ""
	}
	c.takes(session)
	return session.JID, answer
}

// takes notes the session that came with the login.
func (c *client) takes(s *router.Session) {
	c.inlined = s
	c.conn.SetLimits(stanza.Limits{Bytes: c.server.config().Limits.Stanza})
}
