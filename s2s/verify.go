package s2s

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"slices"
	"time"
)

// errNoCertificate is a peer that showed none.
var errNoCertificate = errors.New("the peer shows no certificate")

// verifyChain checks the certificates that a peer showed, its own first, as
// proof that it is the domain (RFC 6120 section 13.7.2.1, Server Certificates).
// The error says what an admin, mostly the peer's, has to mend. roots nil are
// the system's.
//
// The same is done for both directions, by ourselves and not by crypto/tls:
// public authorities make certificates for servers only, and crypto/tls wants
// clientAuth from whoever connects to us, and would end the handshake before
// dialback could be tried (XEP-0178 section 3, Server-to-Server Recommendation).
func verifyChain(certs []*x509.Certificate, roots *x509.CertPool, domain string,
	now time.Time) error {
	if len(certs) == 0 {
		return errNoCertificate
	}
	leaf := withoutKnown(certs[0])
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return chainError(certs, domain, now, err)
	}
	n := names(leaf)
	if n.dnsProve(domain) {
		return nil
	}
	if !n.othersProve(domain) {
		return fmt.Errorf("its certificate is for %s, not for %s", n, domain)
	}
	if !slices.ContainsFunc(chains, unconstrained) {
		return fmt.Errorf("its certificate has %s as a name for XMPP only, and its authority "+
			"may not vouch for such names; it needs %[1]s as a DNS name", domain)
	}
	return nil
}

// withoutKnown is the certificate without subjectAltName among what is not
// understood: crypto/x509 does not know the names for XMPP, so a critical
// extension that has no others seems strange to it.
func withoutKnown(cert *x509.Certificate) *x509.Certificate {
	c := *cert
	c.UnhandledCriticalExtensions = nil
	for _, id := range cert.UnhandledCriticalExtensions {
		if !id.Equal(oidSubjectAltName()) {
			c.UnhandledCriticalExtensions = append(c.UnhandledCriticalExtensions, id)
		}
	}
	return &c
}

// unconstrained says whether no authority of a chain is limited to certain
// names. crypto/x509 checks DNS names against such limits, but no otherName, so
// an authority for its own domain could make an xmppAddr for any.
func unconstrained(chain []*x509.Certificate) bool {
	return !slices.ContainsFunc(chain[1:], func(c *x509.Certificate) bool {
		return slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool {
			return e.Id.Equal([]int{2, 5, 29, 30}) // nameConstraints
		})
	})
}

// chainError says in words what is wrong with a chain.
func chainError(certs []*x509.Certificate, domain string, now time.Time, err error) error {
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		whose := "its certificate"
		if !invalid.Cert.Equal(certs[0]) {
			whose = "the certificate of its authority " + issuer(invalid.Cert.Subject.String())
		}
		if now.Before(invalid.Cert.NotBefore) {
			return fmt.Errorf("%s begins on %s only: %w", whose, day(invalid.Cert.NotBefore), err)
		}
		return fmt.Errorf("%s ended on %s: %w", whose, day(invalid.Cert.NotAfter), err)
	case errors.As(err, &unknown) && selfSigned(certs[0]):
		return fmt.Errorf("its certificate (for %s) is self-signed: %w", names(certs[0]), err)
	case errors.As(err, &unknown) && len(certs) == 1:
		return fmt.Errorf("the authority %s of its certificate is not trusted here, or the peer "+
			"does not send the certificates between: %w", issuer(certs[0].Issuer.String()), err)
	case errors.As(err, &unknown):
		return fmt.Errorf("the authority %s of its certificate is not trusted here: %w",
			issuer(certs[len(certs)-1].Issuer.String()), err)
	}
	return fmt.Errorf("its certificate is not good for %s: %w", domain, err)
}

// selfSigned says whether a certificate vouches for itself.
func selfSigned(c *x509.Certificate) bool {
	return c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// issuer quotes the name of an authority, which may be anything.
func issuer(name string) string { return fmt.Sprintf("%.100q", name) }
