package s2s

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/s2s/resolve"
	"parley/stanza"
)

// What keeps servers apart, in words that an admin can act on.
var (
	errNoTLS      = errors.New("there is no TLS")
	errRefused    = errors.New("the configuration refuses this domain (s2s.allow, s2s.deny)")
	errOurs       = errors.New("the peer says that it is a domain that this server serves itself")
	errTLSNeeded  = errors.New("the peer offers no STARTTLS, and TLS is required (s2s.require_tls)")
	errInvalidKey = errors.New("the peer says that our dialback key is invalid: its server asked " +
		"another one than this for our domain; check the SRV records of our domain")
	errNoWay = errors.New("the peer offers neither EXTERNAL nor dialback: it may not accept our " +
		"certificate")
	errGone = errors.New("the peer closed the stream without an answer")
)

// dialbackError is an answer of type error.
type dialbackError struct{ name, domain, condition string }

func (e *dialbackError) Error() string {
	if e.name == dbVerify {
		return fmt.Sprintf("%s answers our question about a dialback key with %s", e.domain, e.condition)
	}
	return fmt.Sprintf("%s answers our dialback key with %s", e.domain, e.condition)
}

// failure is why a domain could not be reached, or was refused.
type failure struct {
	at  time.Time
	err error
}

// mostFailures is of how many domains the last failure is remembered.
const mostFailures = 10_000

// note remembers a failure for the admin.
func (s *Server) note(domain string, err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.failed[domain]; known || len(s.failed) < mostFailures {
		s.failed[domain] = failure{time.Now(), err}
	}
}

// notFound says whether a domain has no server (RFC 6120 section 8.3.3.16,
// remote-server-not-found): by DNS, or by the word of the server that DNS names.
func notFound(err error) bool {
	var peer *peerError
	return errors.Is(err, resolve.ErrNotFound) || errors.As(err, &peer) &&
		(peer.condition == "host-unknown" || peer.condition == "host-gone")
}

// stanzaError is what the senders are told (RFC 6120 section 10.4.3, Error
// Handling). It does not say more than they have to know.
func stanzaError(err error) *stanza.Error {
	switch {
	case notFound(err):
		return stanza.RemoteServerNotFound
	case errors.Is(err, errInvalidKey):
		// (XEP-0220 section 2.1.1, Initiating Server Generates Outbound Request for
		// Authorization by Receiving Server)
		return stanza.InternalServerError.WithText("its server does not believe who we are")
	case errors.Is(err, context.DeadlineExceeded):
		return stanza.RemoteServerTimeout.WithText("its server does not answer")
	}
	// RFC 6120 section 8.3.3.17, remote-server-timeout, names TLS, SASL and
	// dialback.
	return stanza.RemoteServerTimeout.WithText("no stream to its server could be established")
}
