package main

import "fmt"

// connectTimeout is what Parley is told; a peer that is not there has to be
// given up within it.
const connectTimeout = 6

// parleyConfig is parley.toml, with limits that this test does not reach.
func parleyConfig(s *server, cert pair) string {
	level := "info"
	if s.debug {
		level = "debug"
	}
	return fmt.Sprintf(`domains = [%q]
[tls]
cert = %q
key = %q
certbot = ""
[c2s]
listen = []
listen_tls = [%q]
[s2s]
listen = [%q]
listen_tls = [%q]
policy = %q
roots = %q
connect_timeout = "%ds"
[dns]
resolver = %q
[http]
listen = %q
listen_tls = []
[log]
level = %q
[limits]
stanza = "512 KiB"
rate = "64 MiB"
burst = "64 MiB"
queue = "64 MiB"
[messages]
offline = 20000
[[component]]
domain = %q
secret = %q
listen = %q
`, s.domain, cert.cert, cert.key, s.addr(s.c2s), s.addr(s.s2s), s.addr(s.s2sTLS), s.policy,
		s.lab.ca.root(), connectTimeout, s.lab.dns.full.Addr(), s.addr(s.http), level,
		"component."+s.domain, secret, s.addr(s.component))
}
