package conf

import (
	"slices"
	"strings"
	"time"
)

// Other servers: whom to talk to, and what they may use of this one. Their
// domains are found by DNS; see also [peer."example.net"].
type S2S struct {
	// Whether there is anything to do with other servers. Where this is false
	// every other domain is one that is not found.
	Enabled bool `toml:"enabled" default:"true" reload:"restart"`

	// Where other servers connect and then switch to TLS by STARTTLS.
	Listen []string `toml:"listen" default:":5269" is:"addr" reload:"restart"`

	// Where other servers connect by TLS from the start (XEP-0368).
	ListenTLS []string `toml:"listen_tls" default:":5270" is:"addr" reload:"restart"`

	// Refuse servers that do not switch to TLS. Where this is false, what is
	// said to them travels readable if they cannot.
	RequireTLS bool `toml:"require_tls" default:"true"`

	// How other servers prove who they are. "certificate": by a valid one.
	// "dialback": by one, or else by being who the DNS says (XEP-0220).
	Policy string `toml:"policy" default:"dialback" enum:"certificate,dialback"`

	// The only domains to talk to. A domain stands for those below it too.
	// Empty: all.
	Allow []string `toml:"allow" is:"domain"`

	// Domains not to talk to, with those below them. It counts more than allow.
	Deny []string `toml:"deny" is:"domain"`

	// PEM file of authorities that sign servers' certificates, beside those
	// that the system trusts.
	Roots string `toml:"roots" is:"path" reload:"restart"`

	// A domain that cannot be reached and proven within this time is given up
	// for the time being: what waits for it goes back to the senders.
	ConnectTimeout time.Duration `toml:"connect_timeout" default:"30s" min:"1s" max:"10m"`

	// A stream on which nothing has gone either way for this long is closed.
	Idle time.Duration `toml:"idle" default:"30m" min:"1m" max:"24h"`

	// The biggest stanza another server may send. Room histories and files in
	// stanzas come from there, so that it is more than a client's.
	StanzaBytes int `toml:"stanza" default:"512 kB" min:"10000" max:"64 MiB" unit:"bytes"`

	// Bytes per second a stream may bring on average; a faster one is read
	// more slowly, not cut off.
	Rate int `toml:"rate" default:"4 MiB" min:"1 KiB" max:"1 GiB" unit:"bytes"`

	// Bytes a stream may bring at once above the rate.
	Burst int `toml:"burst" default:"16 MiB" min:"10000" max:"1 GiB" unit:"bytes"`

	// Connections at the same time from one address of the network.
	PerAddress int `toml:"per_address" default:"100" min:"1" max:"1000000"`

	// Bytes that may wait for one domain, while it is being connected to or
	// does not read. The senders of what is more get an error.
	Queue int `toml:"queue" default:"16 MiB" min:"64 KiB" max:"1 GiB" unit:"bytes"`

	// Messages and requests to one domain that it has not confirmed. They are
	// kept on disk, so that their senders hear of it when they are lost.
	Unconfirmed int `toml:"unconfirmed" default:"20000" min:"1" max:"1000000"`

	// Bytes of them.
	UnconfirmedBytes int `toml:"unconfirmed_bytes" default:"32 MiB" min:"64 KiB" max:"1 GiB" unit:"bytes"`
}

// What is other than by default for one domain and those below it, for
// example [peer."example.net"]. Of several that fit the longest counts.
type Peer struct {
	// How it proves who it is; empty: as s2s.policy says.
	Policy string `toml:"policy" enum:"certificate,dialback" example:"certificate"`

	// Whether it must use TLS, "required" or "optional"; empty: as
	// s2s.require_tls says.
	TLS string `toml:"tls" enum:"required,optional" example:"required"`
}

// Peering is what counts for the streams to and from one domain.
type Peering struct {
	// CertificateOnly says that dialback is no proof.
	CertificateOnly bool
	RequireTLS      bool
}

// Peering is what counts for a domain, in U-labels and lower case as addresses
// have it.
func (c *Config) Peering(domain string) Peering {
	policy, tls := c.S2S.Policy, c.S2S.RequireTLS
	best := -1
	for name, p := range c.Peer {
		if len(name) <= best || !within(domain, name) {
			continue
		}
		best = len(name)
		policy, tls = c.S2S.Policy, c.S2S.RequireTLS
		if p.Policy != "" {
			policy = p.Policy
		}
		if p.TLS != "" {
			tls = p.TLS == "required"
		}
	}
	return Peering{policy == "certificate", tls}
}

// Federates says whether there is anything to do with a domain.
func (c *Config) Federates(domain string) bool {
	in := func(name string) bool { return within(domain, name) }
	return c.S2S.Enabled && !slices.ContainsFunc(c.S2S.Deny, in) &&
		(len(c.S2S.Allow) == 0 || slices.ContainsFunc(c.S2S.Allow, in))
}

// within says whether a domain is the named one or below it.
func within(domain, name string) bool {
	rest, ok := strings.CutSuffix(domain, name)
	return ok && (rest == "" || strings.HasSuffix(rest, "."))
}
