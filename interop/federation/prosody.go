package main

import "fmt"

// prosodyConfig is Prosody's. Without dialback, a server that shows no valid
// certificate is refused.
func prosodyConfig(s *server, cert pair) string {
	more, secure, level := `"dialback";`, false, "info"
	if s.policy == "certificate" {
		more, secure = "", true
	}
	if s.debug {
		level, more = "debug", more+` "stanza_debug";`
	}
	return fmt.Sprintf(`run_as_root = true
data_path = %[1]q
pidfile = %[2]q
log = { %[3]s = %[4]q }
interfaces = { %[5]q }
c2s_ports = { }
c2s_direct_tls_ports = { %[6]d }
s2s_ports = { %[7]d }
s2s_direct_tls_ports = { %[8]d }
component_ports = { %[9]d }
component_interfaces = { %[5]q }
http_ports = { }
https_ports = { }
modules_enabled = {
	"roster"; "saslauth"; "tls"; "disco"; "version"; "ping"; "register"; "offline"; "smacks";
	"s2s_bidi"; "time"; %[10]s
}
allow_registration = true
s2s_require_encryption = true
s2s_secure_auth = %[11]v
s2s_stanza_size_limit = %[20]d
c2s_stanza_size_limit = 1048576
authentication = "internal_hashed"
storage = "internal"
unbound = {
	resolvconf = false; hoststxt = false; forward = %[12]q;
	options = { ["do-not-query-localhost:"] = "no"; ["module-config:"] = "iterator" };
}
ssl = { certificate = %[13]q; key = %[14]q; cafile = %[15]q }
c2s_direct_tls_ssl = ssl
s2s_direct_tls_ssl = ssl
VirtualHost %[16]q
Component %[17]q
	component_secret = %[18]q
Component %[19]q "muc"
	modules_enabled = { "muc_mam" }
`, s.file("data"), s.file("prosody.pid"), level, s.file("prosody.log"), s.ip, s.c2s, s.s2s,
		s.s2sTLS, s.component, more, secure, atPort(s.lab.dns.full.Addr()), cert.cert, cert.key,
		s.lab.ca.root(),
		s.domain, "component."+s.domain, secret, "conference."+s.domain, peerLimit)
}
