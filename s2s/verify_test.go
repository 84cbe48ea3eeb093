package s2s

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestVerifyChain: who is believed, and what the admin reads otherwise (RFC
// 6120 section 13.7.2.1, Server Certificates).
func TestVerifyChain(t *testing.T) {
	root := newAuthority(t, "Root")
	between := root.under(caTemplate("Between"))
	stranger := newAuthority(t, "Stranger")
	good := leafTemplate("example.net")
	change := func(f func(*x509.Certificate)) *x509.Certificate {
		c := leafTemplate("example.net")
		f(c)
		return c
	}
	extension := func(critical bool, list ...otherName) *x509.Certificate {
		c := leafTemplate()
		c.ExtraExtensions = []pkix.Extension{otherNames(t, critical, list...)}
		return c
	}
	limitedTemplate := caTemplate("Limited")
	limitedTemplate.PermittedDNSDomains = []string{"example.org"}
	limitedTemplate.PermittedDNSDomainsCritical = true
	limited := root.under(limitedTemplate)
	oldTemplate := caTemplate("Old")
	oldTemplate.NotAfter = leafDay.Add(-time.Minute)
	old := root.under(oldTemplate)
	unknown := change(func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
	})
	type certs = []*x509.Certificate
	for _, c := range []struct {
		name  string
		certs certs
		want  string // "" for proven
	}{
		{"for servers only", certs{root.sign(good)}, ""},
		{"for clients only", certs{root.sign(change(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}))}, ""},
		{"no usage", certs{root.sign(change(func(c *x509.Certificate) { c.ExtKeyUsage = nil }))}, ""},
		{"for signing programs", certs{root.sign(change(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}))}, "its certificate is not good for example.net"},
		{"chain", certs{between.sign(good), between.cert}, ""},
		{"chain and more", certs{between.sign(good), stranger.cert, between.cert, root.cert}, ""},
		{"chain with a hole", certs{between.sign(good)},
			`the authority "CN=Between" of its certificate is not trusted here, or the peer does not send`},
		{"nobody knows", certs{stranger.sign(good), stranger.cert},
			`the authority "CN=Stranger" of its certificate is not trusted here: `},
		{"self-signed", certs{newSigned(t, nil, good).cert},
			"its certificate (for example.net) is self-signed"},
		{"none", nil, "the peer shows no certificate"},
		{"another domain", certs{root.sign(leafTemplate("a.example", "*.b.example"))},
			"its certificate is for *.b.example, a.example, not for example.net"},
		{"over", certs{root.sign(change(func(c *x509.Certificate) { c.NotAfter = leafDay.Add(-time.Second) }))},
			"its certificate ended on 2026-11-20"},
		{"not yet", certs{root.sign(change(func(c *x509.Certificate) { c.NotBefore = leafDay.Add(time.Second) }))},
			"its certificate begins on 2026-11-20 only"},
		{"authority over", certs{old.sign(good), old.cert},
			`the certificate of its authority "CN=Old" ended on 2026-11-20`},
		{"leaf as authority", certs{newSigned(t, newSigned(t, root, good), good).cert, root.sign(good)},
			"of its certificate is not trusted here"},
		{"xmppAddr", certs{root.sign(extension(false, xmppAddr("example.net")))}, ""},
		{"critical xmppAddr", certs{root.sign(extension(true, xmppAddr("example.net")))}, ""},
		{"critical, unknown", certs{root.sign(unknown)}, "its certificate is not good for example.net"},
		{"limited authority", certs{limited.sign(good), limited.cert},
			"its certificate is not good for example.net"},
		{"limited authority, xmppAddr", certs{limited.sign(extension(false, xmppAddr("example.net"))),
			limited.cert}, "its certificate has example.net as a name for XMPP only"},
		{"limited authority, SRVName", certs{limited.sign(extension(false,
			srvName("_xmpp-server.example.net"))), limited.cert},
			"its certificate has example.net as a name for XMPP only"},
	} {
		err := verifyChain(c.certs, root.pool(), "example.net", leafDay)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if err := verifyChain(nil, nil, "example.net", leafDay); !errors.Is(err, errNoCertificate) {
		t.Errorf("none: %v", err)
	}
}

// TestVerifyLimitedAuthority: one that may only make names of its own domain
// proves those.
func TestVerifyLimitedAuthority(t *testing.T) {
	root := newAuthority(t, "Root")
	template := caTemplate("Limited")
	template.PermittedDNSDomains = []string{"example.net"}
	limited := root.under(template)
	leaf := limited.sign(leafTemplate("chat.example.net"))
	err := verifyChain([]*x509.Certificate{leaf, limited.cert}, root.pool(), "chat.example.net", leafDay)
	if err != nil {
		t.Error(err)
	}
}
