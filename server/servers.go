package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"parley/conf"
	"parley/internal/control"
)

// errNoServers is what is said where there is nothing to do with others.
var errNoServers = errors.New("this server does not talk to others: s2s.enabled is false")

// listServers lists the streams to and from other servers, and the domains
// that could not be reached.
func (s *Server) listServers(_ context.Context, a control.ServersArgs) ([]control.Peer, error) {
	if s.servers == nil {
		return nil, errNoServers
	}
	domain := a.Domain
	if domain != "" {
		var err error
		if domain, err = conf.Domain(domain); err != nil {
			return nil, err
		}
	}
	list := []control.Peer{}
	for _, i := range s.servers.List() {
		if domain != "" && i.Remote != domain {
			continue
		}
		list = append(list, control.Peer{Local: i.Local, Remote: i.Remote, Address: i.Addr,
			Direction: i.Direction, Proof: i.Proof, TLS: i.TLS, Cipher: i.Cipher, Since: i.Since,
			Queued: i.Queued, Unconfirmed: i.Unconfirmed, State: i.State, Error: i.LastError})
	}
	return list, nil
}

// probeServer connects to a domain's server and says what each step found.
func (s *Server) probeServer(ctx context.Context, a control.ProbeArgs) ([]control.Step, error) {
	if s.servers == nil {
		return nil, errNoServers
	}
	domain, err := conf.Domain(a.Domain)
	if err != nil {
		return nil, err
	}
	if s.router.Host(domain) != nil {
		return nil, errors.New(domain + " is this server itself")
	}
	var steps []control.Step
	s.servers.Check(ctx, domain, func(name, result string, ok bool) {
		step := control.Step{Name: name, Result: result, OK: ok}
		if !ok {
			step.Mend = mend(s.router.Config(), domain, name)
		}
		steps = append(steps, step)
	})
	return steps, nil
}

// mend is what an admin can do about a step that went wrong; "" where its
// result says so itself.
func mend(c *conf.Config, domain, step string) string {
	peer := fmt.Sprintf("[peer.%q] ", domain)
	only := c.Peering(domain).CertificateOnly
	switch {
	case step == "policy":
		return "take " + domain + " out of s2s.deny, or put it into s2s.allow"
	case step == "DNS":
		return "see what DNS says of " + domain + ", and dns.resolver or /etc/resolv.conf"
	case step == "TLS":
		return peer + `tls = "required" refuses it`
	case step == "certificate" && only:
		return "have its admin get a certificate of a known authority, put the authority into " +
			"s2s.roots, or set " + peer + `policy = "dialback"`
	case step == "certificate":
		return "nothing has to be done here: dialback proves who it is; with the authority in " +
			"s2s.roots the certificate would"
	case step == "EXTERNAL":
		return "get a certificate of a known authority for our domain: parley check"
	case strings.Contains(step, " port "):
		return "see that no firewall is between, and that its server runs"
	}
	return ""
}
