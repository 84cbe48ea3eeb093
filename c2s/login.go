package c2s

import (
	"context"
	"runtime"
	"time"

	"parley/conf"
	"parley/router"
	"parley/stanza"
	"parley/stream"
)

// login serves a new connection up to the bound resource and then starts the
// session on a fresh goroutine, so that none waits on the stack that TLS needs.
func (c *client) login(stop context.Context, direct bool) {
	growStack()
	session, result := c.authenticate(stop, direct)
	if session == nil {
		c.leave(true)
		return
	}
	c.begin(session, result)
}

// growStack makes room for a TLS handshake at once. Growing by doubling would
// copy the stack three or four times, deep inside cryptography.
//
//go:noinline
func growStack() {
	var room [24 << 10]byte
	runtime.KeepAlive(&room[0])
}

// authenticate negotiates and binds; the session is nil if the connection has
// been closed.
func (c *client) authenticate(stop context.Context, direct bool) (*router.Session, string) {
	s := c.server
	cfg := s.config()
	if c.conn.SetDeadline(time.Now().Add(cfg.C2S.LoginTimeout)) != nil {
		return nil, ""
	}
	defer context.AfterFunc(stop, func() { c.conn.Interrupt() })()
	peer := stream.Peer{Addr: c.Addr()}
	if direct {
		if err := c.conn.StartTLS(context.WithoutCancel(stop), s.direct[cfg.Login.External]); err != nil {
			s.Log.Debug("login", "addr", c.Addr(), "err", err)
			return nil, ""
		}
		peer = stream.Peer{
			Addr: c.Addr(), Secure: true,
			TLS: c.conn.TLS(), Cert: c.conn.Cert(), PeerCert: c.conn.PeerCert(),
		}
	}
	n := stream.NewNegotiation(c.rules(cfg), peer)
	err := stream.Accept(stop, c.conn, n, s.startTLS[cfg.Login.External])
	if err != nil {
		s.Log.Debug("login", "addr", c.Addr(), "stream", n.ID, "err", err)
	}
	if err != nil || c.inlined != nil {
		// A session whose client has not been told of it finds out that its
		// connection is closed, and waits for the client if it may.
		return c.inlined, ""
	}
	c.conn.SetLimits(stanza.Limits{Bytes: s.config().Limits.Stanza})
	return c.bind(stop, n)
}

// begin starts the session. The answer to binding or resuming it goes out before
// anything that the session has queued meanwhile, or holds.
func (c *client) begin(session *router.Session, result string) {
	c.bound.Store(session)
	session.Defer()
	c.conn.SetSource(c)
	c.conn.Park()
	if c.conn.SetDeadline(time.Time{}) != nil || c.conn.Write([]byte(result)) != nil {
		c.conn.Close() // reader and writer find out
	}
	go c.read()
	c.write()
}

// rules for a login under a configuration.
func (c *client) rules(cfg *conf.Config) *stream.Rules {
	s := c.server
	login := &sasl{client: c, conf: cfg}
	return &stream.Rules{
		ContentNS:  stanza.NSClient,
		Serves:     s.serves,
		Default:    s.defaultDomain(),
		OfferTLS:   true,
		RequireTLS: cfg.C2S.RequireTLS,
		Auth:       login,
		Inline:     &inline{sasl: login},
		Features:   c.features,
		Other:      beforeLogin,
		Before:     c.register,
	}
}

// serves says whether a domain has accounts to log in to.
func (s *Server) serves(domain string) bool {
	h := s.Router.Host(domain)
	return h != nil && h.Accounts
}

func (s *Server) defaultDomain() string {
	if d := s.config().Domains; len(d) > 0 {
		return d[0]
	}
	return ""
}

// features beyond TLS and SASL.
func (c *client) features(n *stream.Negotiation) string {
	s := c.server
	cfg := s.config()
	if n.JID.IsZero() {
		f := stream.LimitsFeature(cfg.Limits.BeforeLogin, 0)
		if c.mayRegister(n) && c.Secure() {
			f += s.Register.Feature(n.Peer.Domain)
		}
		return f
	}
	f := bindFeatures + managementFeature
	if c.inlined != nil {
		f = "" // what is to be bound and managed is
		if !c.inlined.Managed() {
			f = managementFeature
		}
	}
	return f + s.Router.Host(n.Peer.Domain).StreamFeatures() +
		stream.LimitsFeature(cfg.Limits.Stanza, cfg.C2S.PingAfter)
}

// mayRegister says whether requests for an account are answered on this stream:
// never without TLS where that is required. Where it is not, they are refused
// unless nobody can read them on the way.
func (c *client) mayRegister(n *stream.Negotiation) bool {
	return c.server.Register != nil && (n.Peer.Secure || !n.Rules.RequireTLS)
}

// register answers an iq before authentication (XEP-0077 section 3.1, Entity
// Registers with a Host).
func (c *client) register(ctx context.Context, n *stream.Negotiation, st *stanza.Stanza) (
	reply string, ok bool) {
	if st.Kind != stanza.IQ || !c.mayRegister(n) {
		return "", false
	}
	answer := c.server.Register.Handle(ctx, n.Peer.Domain, c.addr, c.Secure(), st)
	if answer == nil {
		return "", false
	}
	return string(answer.Append(nil, nil, c.Out())), true
}
