package s2s

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// leafDay is the time at which the certificates of these tests are looked at.
var leafDay = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// authority makes certificates. A nil one makes self-signed ones.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// leafTemplate is a certificate for servers only, as public authorities make
// them now.
func leafTemplate(dnsNames ...string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: leafDay.Add(-time.Hour), NotAfter: leafDay.Add(time.Hour),
		DNSNames: dnsNames, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

// caTemplate is a certificate of an authority.
func caTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: leafDay.Add(-2 * time.Hour), NotAfter: leafDay.Add(2 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
}

// newAuthority makes an authority that stands for itself.
func newAuthority(t testing.TB, name string) *authority {
	return newSigned(t, nil, caTemplate(name))
}

// under makes an authority that a vouches for.
func (a *authority) under(template *x509.Certificate) *authority {
	return newSigned(a.t, a, template)
}

// sign makes a certificate of a template.
func (a *authority) sign(template *x509.Certificate) *x509.Certificate {
	return newSigned(a.t, a, template).cert
}

// pool holds a's certificate.
func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// newSigned makes a key and a certificate for it, signed by another or itself.
func newSigned(t testing.TB, by *authority, template *x509.Certificate) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{t, cert, key}
}

// otherNames is a subjectAltName extension of otherNames: pairs of an
// identifier and a value with its tag.
func otherNames(t testing.TB, critical bool, list ...otherName) pkix.Extension {
	t.Helper()
	context0 := cbasn1.Tag(0).ContextSpecific().Constructed()
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, o := range list {
			b.AddASN1(context0, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(o.id)
				b.AddASN1(context0, func(b *cryptobyte.Builder) {
					b.AddASN1(o.tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(o.value)) })
				})
			})
		}
	})
	der, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: oidSubjectAltName(), Critical: critical, Value: der}
}

// otherName is one name of a kind that crypto/x509 does not know.
type otherName struct {
	id    asn1.ObjectIdentifier
	tag   cbasn1.Tag
	value string
}

// xmppAddr and srvName are the kinds of RFC 6120 section 13.7.1.4, XmppAddr
// Identifier Type, and of RFC 4985.
func xmppAddr(s string) otherName { return otherName{oidXMPPAddr(), cbasn1.UTF8String, s} }
func srvName(s string) otherName  { return otherName{oidSRVName(), cbasn1.IA5String, s} }

// pair is the certificate with its key.
func (a *authority) pair() *tls.Certificate {
	return &tls.Certificate{Certificate: [][]byte{a.cert.Raw}, PrivateKey: a.key, Leaf: a.cert}
}
