package c2s

import (
	"context"
	"errors"

	"parley/router"
	"parley/stanza"
	"parley/stream"
)

// inline is what a client can have with its login (XEP-0388). It implements
// stream.Inline.
type inline struct{ *sasl }

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
	return b.String() + managementFeature
}

// Start implements stream.Inline.
func (l *inline) Start(ctx context.Context, n *stream.Negotiation, mechanism string,
	_ *stanza.Element) (stream.Exchange, error) {
	return l.sasl.Start(ctx, mechanism, &n.Peer)
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
			return o, nil
		}
	}
	if e := request.Child(nsBind2, "bind"); e != nil {
		session, answer, err := c.bind2(ctx, n.JID, agentID(request), e)
		if err != nil {
			// There is no answer for it: the client sees that it has no resource,
			// and can bind one in the other way.
			c.server.Log.Info("bind with login", "jid", n.JID.String(), "err", c.stanzaError(n, err))
			return o, nil
		}
		c.takes(session)
		o.JID, o.XML = session.JID, o.XML+answer
	}
	return o, nil
}

// takes notes the session that came with the login.
func (c *client) takes(s *router.Session) {
	c.inlined = s
	c.conn.SetLimits(stanza.Limits{Bytes: c.server.config().Limits.Stanza})
}
