package s2s

import (
	"testing"
)

// TestServerCertificates: two servers whose certificates are for servers only, as
// public authorities make them, federate by EXTERNAL both ways (XEP-0178 section
// 3, Server-to-Server Recommendation).
func TestServerCertificates(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a, b := n.server(setup{domain: "a.lit"}), n.server(setup{domain: "b.lit"})
		defer a.stop()
		defer b.stop()
		romeo, juliet := a.login("romeo@a.lit/x"), b.login("juliet@b.lit/y")
		romeo.send("<message to='juliet@b.lit/y' id='1'><body>hi</body></message>")
		juliet.want("from='romeo@a.lit/x'")
		juliet.send("<message to='romeo@a.lit/x' id='2'><body>ho</body></message>")
		romeo.want("<body>ho</body>")
		for _, l := range a.list() {
			if l.proof != byExternal || l.conn.TLS() == nil {
				t.Errorf("%s: proven by %s", l.dir, l.proof)
			}
		}
	})
}

// TestDialback: two servers with self-signed certificates.
func TestDialback(t *testing.T) {
	bubble(t, func(t *testing.T, n *net0) {
		a := n.server(setup{domain: "a.lit", selfSigned: true})
		b := n.server(setup{domain: "b.lit", selfSigned: true})
		defer a.stop()
		defer b.stop()
		romeo, juliet := a.login("romeo@a.lit/x"), b.login("juliet@b.lit/y")
		romeo.send("<message to='juliet@b.lit/y' id='1'><body>hi</body></message>")
		juliet.want("from='romeo@a.lit/x'")
		juliet.send("<message to='romeo@a.lit/x' id='2'><body>ho</body></message>")
		romeo.want("<body>ho</body>")
		for _, l := range a.list() {
			if l.proof != byDialback && l.proof != "" { // that is for a question

				t.Errorf("%s: proven by %s", l.dir, l.proof)
			}
		}
	})
}
