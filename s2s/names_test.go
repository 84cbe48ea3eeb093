package s2s

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"testing"
)

// TestProves: the names of RFC 6120 section 13.7.1.2.1, Rules, compared as RFC
// 9525 says.
func TestProves(t *testing.T) {
	dns := func(names ...string) *x509.Certificate { return leafTemplate(names...) }
	other := func(list ...otherName) *x509.Certificate {
		c := leafTemplate()
		c.ExtraExtensions = []pkix.Extension{otherNames(t, false, list...)}
		return c
	}
	common := leafTemplate("other.example")
	common.Subject.CommonName = "example.net"
	address := leafTemplate()
	address.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1), net.ParseIP("2001:db8::1")}
	utf8SRV, ia5Addr := srvName("_xmpp-server.example.net"), xmppAddr("example.net")
	utf8SRV.tag, ia5Addr.tag = ia5Addr.tag, utf8SRV.tag
	for _, c := range []struct {
		name   string
		cert   *x509.Certificate
		domain string
		want   bool
	}{
		{"dNSName", dns("other.example", "example.net"), "example.net", true},
		{"another dNSName", dns("other.example"), "example.net", false},
		{"capitals", dns("Example.NET"), "example.net", true},
		{"parent", dns("example.net"), "chat.example.net", false},
		{"child", dns("chat.example.net"), "example.net", false},
		{"end of a label", dns("ample.net"), "example.net", false},
		{"wildcard", dns("*.example.net"), "chat.example.net", true},
		{"wildcard, parent", dns("*.example.net"), "example.net", false},
		{"wildcard, two labels", dns("*.example.net"), "a.chat.example.net", false},
		{"wildcard, U-label", dns("*.example.net"), "bücher.example.net", true},
		{"part of a label", dns("c*.example.net"), "chat.example.net", false},
		{"wildcard further right", dns("chat.*.net"), "chat.example.net", false},
		{"wildcard alone", dns("*"), "localhost", false},
		{"A-label", dns("xn--bcher-kva.example"), "bücher.example", true},
		{"common name", common, "example.net", false},
		{"IPv4", address, "192.0.2.1", true},
		{"another IPv4", address, "192.0.2.2", false},
		{"IPv6", address, "[2001:db8::1]", true},
		{"IPv4 as dNSName", dns("192.0.2.1"), "192.0.2.1", false},
		{"wildcard for IPv4", dns("*.0.2.1"), "192.0.2.1", false},
		{"SRVName", other(srvName("_XMPP-server.Example.net")), "example.net", true},
		{"SRVName, A-label", other(srvName("_xmpp-server.xn--bcher-kva.example")), "bücher.example", true},
		{"SRVName, wildcard", other(srvName("_xmpp-server.*.example.net")), "chat.example.net", true},
		{"SRVName for clients", other(srvName("_xmpp-client.example.net")), "example.net", false},
		{"SRVName of another", other(srvName("_xmpp-server.other.example")), "example.net", false},
		{"SRVName without name", other(srvName("_xmpp-server.")), "", false},
		{"SRVName of another type", other(utf8SRV), "example.net", false},
		{"xmppAddr", other(xmppAddr("Example.net")), "example.net", true},
		{"xmppAddr, U-label", other(xmppAddr("bücher.example")), "bücher.example", true},
		{"xmppAddr of a person", other(xmppAddr("juliet@example.net")), "example.net", false},
		{"xmppAddr with resource", other(xmppAddr("example.net/x")), "example.net", false},
		{"xmppAddr, wildcard", other(xmppAddr("*.example.net")), "chat.example.net", false},
		{"xmppAddr of another type", other(ia5Addr), "example.net", false},
		{"second xmppAddr", other(srvName("_a.b.example"), xmppAddr("example.net")), "example.net", true},
		{"no name", dns(), "example.net", false},
		{"empty domain", dns("example.net"), "", false},
		{"domain that is a wildcard", dns("*.example.net"), "*.example.net", false},
	} {
		cert := newSigned(t, nil, c.cert).cert
		if got := proves(cert, c.domain); got != c.want {
			t.Errorf("%s: %s proves %q: %v", c.name, names(cert), c.domain, got)
		}
	}
}

// TestNamesText: an admin reads the names of a certificate.
func TestNamesText(t *testing.T) {
	for _, c := range []struct {
		names certNames
		want  string
	}{
		{certNames{}, "no name"},
		{certNames{dns: []string{"b.example", "a.example"}, xmpp: []string{"a.example"}}, "a.example, b.example"},
		{certNames{dns: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}}, "1, 2, 3, 4, 5, 6, 7, 8, …"},
	} {
		if got := c.names.String(); got != c.want {
			t.Errorf("%+v is %q, want %q", c.names, got, c.want)
		}
	}
}

// FuzzOtherNames: any bytes as subjectAltName are read without harm, and what
// is found is a name that could prove something.
func FuzzOtherNames(f *testing.F) {
	f.Add(otherNames(f, false, xmppAddr("example.net"), srvName("_xmpp-server.example.net")).Value)
	f.Add([]byte{0x30, 0x80, 0xa0})
	f.Fuzz(func(t *testing.T, der []byte) {
		var n certNames
		n.other(der)
		for _, name := range n.xmpp {
			if !n.othersProve(name) {
				t.Fatalf("%q proves nothing", name)
			}
		}
		if n.dns != nil || n.dnsProve("example.net") {
			t.Fatal("an otherName became a DNS name")
		}
	})
}
