package s2s

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"parley/s2s/resolve"
	"parley/stanza"
)

// Step is told what one step of Check has found: its name, the result in words,
// and whether it is as it should be.
type Step func(name, result string, ok bool)

// pingFor is how long Check waits for the answer to its ping.
const pingFor = 10 * time.Second

// Check connects to a domain's server and tells each step. The connection is
// made for this, and is closed at the end.
func (s *Server) Check(ctx context.Context, domain string, step Step) {
	j, err := stanza.ParseJID(domain)
	switch {
	case err != nil || !j.IsHost():
		step("domain", domain+" is no domain", false)
		return
	case !s.config().Federates(j.Domain()):
		step("policy", errRefused.Error(), false)
		return
	}
	pr := pair{s.config().Domains[0], j.Clone().Domain()}
	ctx, cancel := context.WithTimeout(ctx, s.config().S2S.ConnectTimeout+pingFor)
	defer cancel()
	targets, err := s.Resolver.Lookup(ctx, pr.remote)
	if err != nil {
		text := err.Error()
		if errors.Is(err, resolve.ErrNotFound) {
			text += ": the domain needs SRV records _xmpp-server._tcp, or an address"
		}
		step("DNS", text, false)
		return
	}
	for _, t := range targets {
		step("DNS", place(t), true)
	}
	for n, t := range targets {
		l, err := s.checked(ctx, pr, t, len(targets)-n, step)
		if err != nil {
			step(place(t), err.Error(), false)
			continue
		}
		s.checkPing(ctx, l, step)
		l.close(nil)
		return
	}
	step("result", "no server of "+pr.remote+" can be reached", false)
}

// place names a target.
func place(t resolve.Target) string {
	kind := "STARTTLS"
	if t.Direct {
		kind = "direct TLS"
	}
	return fmt.Sprintf("%s port %d (%s)", t.Host, t.Port, kind)
}

// checked opens a stream to one place and tells what it is like.
func (s *Server) checked(ctx context.Context, pr pair, t resolve.Target, parts int, step Step) (
	*link, error) {
	return s.try(ctx, pr, t, carry, parts, func(ctx context.Context, l *link) error {
		step("TCP", "connected to "+l.conn.RemoteAddr().String(), true)
		if state := l.conn.TLS(); state != nil {
			step("TLS", tls.VersionName(state.Version)+", "+tls.CipherSuiteName(state.CipherSuite), true)
		} else {
			step("TLS", errNoTLS.Error()+", which s2s.require_tls allows", false)
		}
		if err := l.certificate(pr.remote); err != nil {
			step("certificate", err.Error(), false)
		} else {
			step("certificate", "proves "+pr.remote, true)
		}
		return l.checkProof(ctx, pr, step)
	})
}

// checkProof tells how we prove who we are.
func (l *link) checkProof(ctx context.Context, pr pair, step Step) error {
	if l.sasl {
		step("EXTERNAL", "the peer accepts our certificate for "+pr.local, true)
	} else {
		step("EXTERNAL", "the peer does not accept our certificate for "+pr.local+
			": dialback is needed", false)
	}
	err := l.introduce(ctx, pr)
	if err == nil && !l.sasl {
		step("dialback", "the peer has asked our server about the key", true)
	}
	return err
}

// checkPing asks the remote host for a sign of life (XEP-0199 section 4.3,
// Server-To-Server Pings).
func (s *Server) checkPing(ctx context.Context, l *link, step Step) {
	ctx, cancel := context.WithTimeout(ctx, pingFor)
	defer cancel()
	began := time.Now()
	answered := make(chan *stanza.Stanza, 1)
	ping, id := l.ping()
	s.Router.Await(ctx, stanza.MustJID(l.remote), stanza.MustJID(l.local), id,
		func(st *stanza.Stanza) { answered <- st })
	l.say([]byte(ping))
	switch st := <-answered; {
	case st == nil:
		step("ping", "no answer: the peer may not be able to connect to us; check our SRV "+
			"records and the firewall", false)
	case st.Type == "error":
		step("ping", "the peer answers with an error, but it answers", true)
	default:
		step("ping", "answered after "+time.Since(began).Round(time.Millisecond).String(), true)
	}
}
