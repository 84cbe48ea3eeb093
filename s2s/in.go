package s2s

import (
	"context"
	"time"

	"parley/auth"
	"parley/stanza"
	"parley/stream"
)

const (
	nsBidi        = "urn:xmpp:bidi"          // XEP-0288
	nsBidiFeature = "urn:xmpp:features:bidi" // XEP-0288
)

// serveIn is the life of a connection that the peer has opened.
func (l *link) serveIn(ctx context.Context) {
	first, ok := l.accept(ctx)
	if !ok {
		l.drop()
		return
	}
	l.server.add(l)
	if first != nil {
		l.request(*first)
	}
	l.serve(ctx)
}

// accept negotiates until the peer has authenticated by SASL, or begins to use
// dialback: first is what it begins with. It is false if the connection has
// been closed.
func (l *link) accept(ctx context.Context) (first *dialback, ok bool) {
	s := l.server
	if l.conn.SetDeadline(time.Now().Add(s.config().S2S.ConnectTimeout)) != nil {
		return nil, false
	}
	peer := stream.Peer{Addr: l.conn.RemoteAddr().String()}
	if l.direct {
		stop := context.AfterFunc(ctx, func() { l.conn.Close() })
		err := l.conn.StartTLS(ctx, s.direct)
		stop()
		if err != nil {
			s.refused(peer, err)
			return nil, false
		}
		peer.TLS, peer.Secure, peer.PeerCert = l.conn.TLS(), true, l.conn.PeerCert()
	}
	n := stream.NewNegotiation(l.rules(&first), peer)
	if err := stream.Accept(ctx, l.conn, n, s.startTLS); err != nil {
		s.refused(peer, err)
		return nil, false
	}
	l.local, l.id = n.Peer.Domain, n.ID
	l.remote = claimed(l.conn.Header())
	if !n.JID.IsZero() {
		l.remote = n.JID.Domain()
		l.prove(pair{"", l.remote}, byExternal)
		l.mayReturn(pair{l.local, l.remote})
	}
	return first, true
}

// refused notes that a connection was none of a server that we talk to.
func (s *Server) refused(peer stream.Peer, err error) {
	s.Router.Metrics.Server(incoming.String(), "refused")
	s.Log.Debug("server not accepted", "addr", peer.Addr, "err", err)
}

// claimed is the domain that a stream header says it is from, "" if none.
func claimed(h *stanza.Header) string {
	if h == nil {
		return ""
	}
	j, err := stanza.ParseJID(h.From)
	if err != nil || !j.IsHost() {
		return ""
	}
	return j.Clone().Domain()
}

// rules are what is asked of a server that connects.
func (l *link) rules(first **dialback) *stream.Rules {
	s := l.server
	return &stream.Rules{
		ContentNS: stanza.NSServer,
		Serves:    func(domain string) bool { return s.Router.Host(domain) != nil },
		Default:   s.config().Domains[0],
		OfferTLS:  true,
		Requires:  l.requiresTLS,
		Auth:      external{l},
		Features:  l.features,
		// (XEP-0220 section 2.4.1, Traditional Dialback)
		Declare: map[string]string{"db": nsDialback},
		Other: func(_ context.Context, _ *stream.Negotiation, st *stanza.Stanza) (stream.Action, bool) {
			return l.early(st, first)
		},
	}
}

// requiresTLS says whether the peer that a header is from must use TLS.
func (l *link) requiresTLS(from string) bool {
	j, err := stanza.ParseJID(from)
	if err != nil {
		return l.server.config().S2S.RequireTLS
	}
	return l.server.config().Peering(j.Domain()).RequireTLS
}

// features are those beside TLS and SASL.
func (l *link) features(n *stream.Negotiation) string {
	c := l.server.config()
	var b stanza.Builder
	if n.JID.IsZero() {
		// What was asked for before TLS anybody may have put there (XEP-0288
		// section 2.1, Stream Feature).
		l.bidi, l.maxBytes = false, 0
		// (XEP-0220 section 2.4.2, Dialback with Error Handling)
		b.Start("dialback", nsDialbackFeatures).Start("errors", "").End().End()
		// (XEP-0288 section 2.1, Stream Feature)
		b.Start("bidi", nsBidiFeature).End()
	}
	if n.Peer.Secure || !l.requiresTLS(l.conn.Header().From) {
		// (XEP-0198 section 2, Stream Feature); here already because there are no
		// features after dialback.
		b.Start("sm", stanza.NSManagement).End()
	}
	return b.String() + stream.LimitsFeature(c.S2S.StanzaBytes, c.S2S.Idle)
}

// early takes what may come before the peer has proven anything.
func (l *link) early(st *stanza.Stanza, first **dialback) (stream.Action, bool) {
	if st.NS == nsBidi && st.Name == "bidi" {
		// (XEP-0288 section 2.2, Negotiation)
		l.bidi = true
		l.maxBytes = l.limit(st)
		return stream.Action{}, true
	}
	d, ok := parseDialback(st)
	if !ok || !d.request() {
		return stream.Action{}, false
	}
	*first = &d
	return stream.Action{Do: stream.Finish}, true
}

// external is SASL EXTERNAL for servers (XEP-0178 section 3, Server-to-Server
// Recommendation). It implements stream.Authenticator.
type external struct{ *link }

// Offer implements stream.Authenticator: EXTERNAL is offered where the
// certificate proves the domain that the header is from.
func (x external) Offer(p *stream.Peer) stream.Offer {
	if from := claimed(x.conn.Header()); from == "" || !p.Secure || x.check(from) != nil {
		return stream.Offer{}
	}
	return stream.Offer{Mechanisms: []string{"EXTERNAL"}}
}

// check says whether a domain may authenticate by its certificate.
func (x external) check(domain string) error {
	switch {
	case x.server.Router.Host(domain) != nil:
		return errOurs
	case !x.server.config().Federates(domain):
		return errRefused
	}
	return x.certificate(domain)
}

// Start implements stream.Authenticator.
func (x external) Start(_ context.Context, mechanism string, _ *stream.Peer) (stream.Exchange, error) {
	if mechanism != "EXTERNAL" {
		return nil, &stream.Failure{Condition: "invalid-mechanism"}
	}
	return &externalExchange{external: x}, nil
}

type externalExchange struct {
	external
	jid stanza.JID
}

// Step implements stream.Exchange. The authorization identity is the domain; if
// there is none, the header's from is meant.
func (x *externalExchange) Step(_ context.Context, data string, first bool) (string, bool, error) {
	if first && data == "" {
		return "", false, nil // (RFC 6120 section 6.4.2, Initiation)
	}
	authzid, err := auth.DecodeResponse(data)
	if err != nil {
		return "", false, &stream.Failure{Condition: "incorrect-encoding"}
	}
	from := claimed(x.conn.Header())
	name := string(authzid)
	if name == "" {
		name = from
	}
	j, err := stanza.ParseJID(name)
	if err != nil || !j.IsHost() || from != "" && from != j.Domain() {
		return "", false, &stream.Failure{Condition: "invalid-authzid"}
	}
	if err := x.check(j.Domain()); err != nil {
		x.server.note(j.Domain(), err)
		return "", false, &stream.Failure{Condition: "not-authorized", Text: err.Error()}
	}
	x.jid = j.Clone()
	return "", true, nil
}

// Identity implements stream.Exchange.
func (x *externalExchange) Identity() stanza.JID { return x.jid }
