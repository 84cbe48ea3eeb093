package c2s

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"parley/auth"
	"parley/conf"
	"parley/stanza"
	"parley/stream"
)

// sasl is what package auth needs to know of one connection. It implements
// stream.Authenticator.
type sasl struct {
	client *client
	conf   *conf.Config

	secure bool // what info is true for
	info   auth.ConnInfo
}

var _ stream.Authenticator = (*sasl)(nil)

// Offer implements stream.Authenticator.
func (l *sasl) Offer(p *stream.Peer) stream.Offer {
	info := l.conn(p)
	o := stream.Offer{Mechanisms: auth.Offered(info, l.policy(p.Domain))}
	plus := func(name string) bool { return strings.HasSuffix(name, "-PLUS") }
	if slices.ContainsFunc(o.Mechanisms, plus) {
		o.Bindings = info.Bindings.Types()
	}
	return o
}

// Start implements stream.Authenticator.
func (l *sasl) Start(_ context.Context, mechanism string, p *stream.Peer) (stream.Exchange, error) {
	x, err := l.client.server.Auth.Start(mechanism, l.conn(p), l.policy(p.Domain))
	if err != nil {
		return nil, l.failed(mechanism, stanza.JID{}, err)
	}
	return &exchange{sasl: l, mechanism: mechanism, x: x}, nil
}

// conn is the connection as package auth sees it, computed once before and once
// after TLS.
func (l *sasl) conn(p *stream.Peer) auth.ConnInfo {
	if l.info.Domain != "" && l.secure == p.Secure {
		return l.info
	}
	l.secure = p.Secure
	l.info = auth.ConnInfo{Domain: p.Domain, Secure: p.Secure}
	if p.TLS != nil {
		l.info.Bindings = auth.NewChannelBindings(p.TLS, p.Cert)
		l.info.ClientCert = verified(p, l.conf, l.client.server.Log)
	}
	return l.info
}

// policy is what the configuration allows in a domain.
func (l *sasl) policy(domain string) auth.Policy {
	c := l.conf.Login
	p := auth.Policy{Mechanisms: slices.Clone(c.Mechanisms), Iterations: c.Iterations}
	if c.External {
		p.Mechanisms = append(p.Mechanisms, "EXTERNAL")
		p.MapCertificate = mapCertificate(c.ExternalMap)
	}
	if slices.Contains(c.Anonymous, domain) {
		p.Mechanisms = append(p.Mechanisms, "ANONYMOUS")
	}
	return p
}

// exchange adapts an exchange of package auth: it decodes and encodes what is in
// the XML, slows down guessing, and counts.
type exchange struct {
	*sasl
	mechanism string
	x         auth.Exchange
}

var _ stream.Exchange = (*exchange)(nil)

// Identity implements stream.Exchange.
func (e *exchange) Identity() stanza.JID { return e.x.Result().JID }

// Step implements stream.Exchange.
func (e *exchange) Step(ctx context.Context, data string, first bool) (string, bool, error) {
	decode := auth.DecodeResponse
	if first {
		decode = auth.DecodeInitial
	}
	response, err := decode(data)
	if err != nil {
		return "", false, e.failed(e.mechanism, e.x.Account(), err)
	}
	answer, done, err := e.x.Step(ctx, response)
	if err == nil && !done {
		return auth.EncodeChallenge(answer), false, nil
	}
	// Counted before it waits: who tries on many connections at once waits too.
	d := e.client.server.Limiter.Delay(e.x.Account(), e.client.addr)
	if err != nil {
		err = e.failed(e.mechanism, e.x.Account(), err)
	} else {
		e.succeeded()
	}
	wait(ctx, d)
	return auth.EncodeSuccess(answer), err == nil, err
}

// wait holds back the last answer to one who has failed often.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (e *exchange) succeeded() {
	s := e.client.server
	e.client.mechanism, e.client.anonymous = e.x.Result().Mechanism, e.x.Result().Anonymous
	s.Limiter.Succeeded(e.x.Account(), e.client.addr)
	s.Router.Metrics.Login(e.mechanism, "success")
}

// failed notes a failure and translates it.
func (l *sasl) failed(mechanism string, account stanza.JID, err error) error {
	s := l.client.server
	var f *auth.Failure
	if !errors.As(err, &f) {
		f = &auth.Failure{Condition: auth.TemporaryAuthFailure.Condition, Cause: err}
	}
	if f.IsGuess() {
		s.Limiter.Failed(account, l.client.addr)
	}
	if !slices.Contains(auth.Implemented(), mechanism) && !auth.IsTokenMechanism(mechanism) {
		mechanism = "unknown" // what a client sends is no metric's name
	}
	s.Router.Metrics.Login(mechanism, string(f.Condition))
	s.Log.Info("login failed", "addr", l.client.Addr(), "account", account.String(),
		"mechanism", mechanism, "condition", string(f.Condition), "cause", f.Cause)
	return &stream.Failure{Condition: string(f.Condition), Text: f.Text, Cause: f.Cause,
		NoGuess: errors.Is(f, auth.ErrBinding)}
}
