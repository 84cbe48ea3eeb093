package s2s

import (
	"strings"
	"time"

	"parley/conf"
	"parley/stanza"
)

// How a domain is proven.
const (
	byExternal = "EXTERNAL"
	byDialback = "dialback"
)

// proven is what is known of who the peer is, and what was asked about it.
// link.mu guards it.
type proven struct {
	proof     string           // how the first domain was proven
	disliked  bool             // the peer has refused our certificate, and knows dialback
	sasl      bool             // we have authenticated by EXTERNAL
	pairs     map[pair]bool    // the peer may send from remote to local; local "": to all
	verdict   map[string]error // of the peer's certificates, by domain
	questions map[dialback]chan dialback
	cause     error // why the link has ended
	errors    bool  // the peer knows dialback errors (XEP-0220 section 2.4.2)
	checks    int   // keys that are being verified
}

// most is how many domain pairs one link may carry, and checks how many keys
// are verified at a time.
const (
	mostPairs    = 1000
	mostChecks   = 20
	mostVerdicts = 100 // of certificates, to be remembered
)

func (p *proven) init() {
	p.pairs = map[pair]bool{}
	p.verdict = map[string]error{}
	p.questions = map[dialback]chan dialback{}
}

// prove lets the peer send from one domain to one of ours, or all ("").
func (l *link) prove(pr pair, how string) {
	l.mu.Lock()
	first := len(l.pairs) == 0
	if first && l.dir == incoming {
		// Until now the pair was what the header claims, which may be anything.
		l.remote = strings.Clone(pr.remote)
		if pr.local != "" {
			l.local = strings.Clone(pr.local)
		}
	}
	l.pairs[pair{strings.Clone(pr.local), strings.Clone(pr.remote)}] = true
	if l.proof == "" {
		l.proof = how
	}
	l.mu.Unlock()
	if first {
		l.established()
	}
	if l.dir == incoming {
		l.server.reachable(pr.remote)
	}
}

// established lifts the limits for those who have proven nothing.
func (l *link) established() {
	s := l.server
	s.Router.Metrics.Server(l.dir.String(), l.proof)
	_ = l.conn.SetDeadline(time.Time{}) // the reader finds out
	l.mu.Lock()
	l.raise = l.reading && l.dir == incoming
	raise := l.raise
	l.mu.Unlock()
	if raise {
		_ = l.conn.Interrupt() // limits are the reader's
	} else if l.dir == incoming {
		l.raiseLimits()
	}
	s.Log.Info("stream to server", "domain", l.local, "peer", l.remote, "dir", l.dir.String(),
		"proof", l.proof, "addr", l.conn.RemoteAddr().String())
}

// raiseLimits gives the peer the limits of those who have proven who they are.
// The reader calls it, or who has not started it yet.
func (l *link) raiseLimits() {
	l.conn.SetLimits(stanza.Limits{Bytes: l.server.config().S2S.StanzaBytes})
}

// anyProven says whether the peer has proven a domain.
func (l *link) anyProven() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pairs) > 0
}

// mayCome checks a stanza that came in (RFC 6120 section 8.1.2.2,
// Server-to-Server Streams, and 8.1.1.2, Server-to-Server Streams).
func (l *link) mayCome(st *stanza.Stanza) *stanza.StreamError {
	if st.BadTo || st.BadFrom || st.To.IsZero() || st.From.IsZero() {
		// (RFC 6120 section 4.9.3.7, improper-addressing)
		return stanza.StreamImproperAddressing
	}
	from, to := st.From.Domain(), st.To.Domain()
	l.mu.Lock()
	any := len(l.pairs) > 0
	all := l.pairs[pair{"", from}]
	ok := all || l.pairs[pair{to, from}]
	l.mu.Unlock()
	switch {
	case !l.server.config().Federates(from):
		return stanza.StreamPolicyViolation
	case !any:
		// (RFC 6120 section 4.9.3.12, not-authorized)
		return stanza.StreamNotAuthorized
	case l.server.Router.Host(to) == nil:
		// (RFC 6120 section 4.9.3.6, host-unknown)
		return stanza.StreamHostUnknown
	case !ok:
		// (RFC 6120 section 4.9.3.9, invalid-from)
		return stanza.StreamInvalidFrom
	}
	return nil
}

// certificate says why the peer's certificate is no proof of a domain, nil if
// it is.
func (l *link) certificate(domain string) error {
	state := l.conn.TLS()
	if state == nil {
		return errNoTLS
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	err, known := l.verdict[domain]
	if !known {
		err = verifyChain(state.PeerCertificates, l.server.Roots, domain, time.Now())
		if len(l.verdict) < mostVerdicts {
			l.verdict[strings.Clone(domain)] = err
		}
	}
	return err
}

// refused says whether the configuration has come to refuse a domain that the
// link is for.
func (l *link) refused(c *conf.Config) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for pr := range l.pairs {
		if !c.Federates(pr.remote) {
			return true
		}
	}
	return false
}
