package c2s

import (
	"crypto/tls"
	"time"

	"parley/router"
)

// Info is what an administrator may want to know of a client's connection.
type Info struct {
	TLS       string    // version and cipher, "" without TLS
	Mechanism string    // of SASL
	Heard     time.Time // when something last came
}

// Secure says whether nobody on the way can read what the client sends: package
// xep asks before it takes a password (XEP-0077 section 11, Security
// Considerations).
func (c *client) Secure() bool { return c.conn.TLS() != nil || c.addr.IsLoopback() }

// Describe tells of the connection of a session; ok is false for a session
// that is no client's.
func Describe(s *router.Session) (i Info, ok bool) {
	c, ok := s.Stream().(*client)
	if !ok {
		return Info{}, false
	}
	i = Info{Mechanism: c.mechanism, Heard: c.conn.Heard()}
	if t := c.conn.TLS(); t != nil {
		i.TLS = tls.VersionName(t.Version) + " " + tls.CipherSuiteName(t.CipherSuite)
	}
	return i, true
}
