package s2s

import (
	"crypto/x509"
	"encoding/asn1"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"parley/s2s/resolve"
	"parley/stanza"
)

// certNames are the names in a certificate by which an XMPP server is known
// (RFC 6120 section 13.7.1.2, Server Certificates). The common name is none of
// them.
type certNames struct {
	dns  []string     // dNSName: A-labels, the first may be "*"
	srv  []string     // SRVName for _xmpp-server, without that: A-labels
	xmpp []string     // xmppAddr: domains as addresses have them
	ips  []netip.Addr // iPAddress
}

// serverService is how an SRVName for servers begins.
const serverService = "_xmpp-server."

// names reads the names of a certificate.
func names(cert *x509.Certificate) certNames {
	var n certNames
	for _, name := range cert.DNSNames {
		n.dns = append(n.dns, strings.ToLower(name))
	}
	for _, ip := range cert.IPAddresses {
		if a, ok := netip.AddrFromSlice(ip); ok {
			n.ips = append(n.ips, a.Unmap())
		}
	}
	for _, ext := range cert.Extensions {
		if ext.Id.Equal(oidSubjectAltName()) {
			n.other(ext.Value)
		}
	}
	return n
}

// proves says whether a certificate is for an XMPP domain, which is as the
// domainpart of an address. Only that one is looked at: never the target of an
// SRV record, which anybody may have put into DNS (RFC 6120 section 13.7.2.1,
// Server Certificates).
func proves(cert *x509.Certificate, domain string) bool {
	n := names(cert)
	return n.dnsProve(domain) || n.othersProve(domain)
}

// dnsProve says whether one of the names that every program understands, and
// that name constraints are about, is the domain.
func (n certNames) dnsProve(domain string) bool {
	if ip, ok := resolve.IP(domain); ok {
		// Octets are compared (RFC 9525 section 6.4, Matching an IP Address
		// Portion), so no wildcard stands for a part of them.
		return slices.Contains(n.ips, ip)
	}
	host, ok := asciiName(domain)
	return ok && slices.ContainsFunc(n.dns, func(name string) bool { return matches(name, host) })
}

// othersProve says whether one of the names for XMPP is the domain. What an
// SRVName says of its service is part of it (RFC 9525 section 6.5, Matching the
// Application Service Type Portion): a certificate for clients' connections
// proves nothing here.
func (n certNames) othersProve(domain string) bool {
	if slices.Contains(n.xmpp, domain) {
		return true
	}
	host, ok := asciiName(domain)
	return ok && slices.ContainsFunc(n.srv, func(name string) bool { return matches(name, host) })
}

// matches compares a name of a certificate with a host name, both of A-labels.
// A wildcard is the whole left-most label and stands for exactly one label (RFC
// 9525 section 6.3, Matching the DNS Domain Name Portion).
func matches(name, host string) bool {
	parent, wild := strings.CutPrefix(name, "*.")
	if !wild {
		return name == host && name != ""
	}
	label, rest, _ := strings.Cut(host, ".")
	return label != "" && rest == parent && rest != ""
}

// asciiName is a domainpart as certificates and DNS have it (A-labels, lower
// case), false for what is no domain name.
func asciiName(domain string) (string, bool) { return resolve.ASCII(domain) }

// The object identifiers of what is read here: subjectAltName, id-on-xmppAddr
// (RFC 6120 section 13.7.1.4, XmppAddr Identifier Type) and id-on-dnsSRV of
// RFC 4985.
func oidSubjectAltName() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 29, 17} }
func oidXMPPAddr() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 5}
}
func oidSRVName() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 7}
}

// other adds the otherNames of a subjectAltName extension. What is not well
// formed ends it: crypto/x509 has refused such a certificate before, or the
// name is none that is known here.
func (n *certNames) other(der []byte) {
	ext := cryptobyte.String(der)
	var list cryptobyte.String
	if !ext.ReadASN1(&list, cbasn1.SEQUENCE) {
		return
	}
	for !list.Empty() {
		var name cryptobyte.String
		var tag cbasn1.Tag
		if !list.ReadAnyASN1(&name, &tag) {
			return
		}
		if tag == cbasn1.Tag(0).ContextSpecific().Constructed() {
			n.addOther(name)
		}
	}
}

// addOther reads one otherName: an identifier and [0] EXPLICIT a value.
func (n *certNames) addOther(name cryptobyte.String) {
	var id asn1.ObjectIdentifier
	var inner, value cryptobyte.String
	var tag cbasn1.Tag
	if !name.ReadASN1ObjectIdentifier(&id) ||
		!name.ReadASN1(&inner, cbasn1.Tag(0).ContextSpecific().Constructed()) ||
		!inner.ReadAnyASN1(&value, &tag) || !inner.Empty() || !name.Empty() {
		return
	}
	switch {
	case id.Equal(oidXMPPAddr()) && tag == cbasn1.UTF8String:
		// An address with a localpart is that of a person, not of the server.
		if j, err := stanza.ParseJID(string(value)); err == nil && j.IsHost() {
			n.xmpp = append(n.xmpp, j.Domain())
		}
	case id.Equal(oidSRVName()) && tag == cbasn1.IA5String:
		// The name of the service is compared without regard to case (RFC 9525
		// section 6.5, Matching the Application Service Type Portion).
		if host, ok := strings.CutPrefix(strings.ToLower(string(value)), serverService); ok {
			n.srv = append(n.srv, host)
		}
	}
}

// String lists the names for an admin.
func (n certNames) String() string {
	list := slices.Clone(n.dns)
	for _, ip := range n.ips {
		list = append(list, ip.String())
	}
	list = append(append(list, n.srv...), n.xmpp...)
	slices.Sort(list)
	list = slices.Compact(list)
	const most = 8
	switch {
	case len(list) == 0:
		return "no name"
	case len(list) > most:
		return strings.Join(list[:most], ", ") + ", …"
	}
	return strings.Join(list, ", ")
}
