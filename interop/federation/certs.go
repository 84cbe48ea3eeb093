package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// authority is a private certificate authority, with the files of what it has
// signed.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority makes one, with its certificate in ca.pem.
func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key of the authority: %w", err)
	}
	t := template("Interop CA")
	t.IsCA = true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("certificate of the authority: %w", err)
	}
	a := &authority{dir: dir, key: key}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("certificate of the authority: %w", err)
	}
	return a, writePEM(a.root(), "CERTIFICATE", der)
}

// root is the file with the authority's own certificate.
func (a *authority) root() string { return filepath.Join(a.dir, "ca.pem") }

// proof says what a certificate shows.
type proof string

const (
	signed     proof = "signed"  // by the authority
	expired    proof = "expired" // signed, and too old
	selfSigned proof = "self"    // by itself: nothing is shown, dialback has to
)

// pair is the files of a certificate, its key, and both in one.
type pair struct{ cert, key, both string }

// issue makes a certificate for a domain and what is below it. Those of public
// authorities are for servers only now; ejabberd wants those that connect to it
// to have one for clients too.
func (a *authority) issue(domain string, p proof, clients bool) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("key for %s: %w", domain, err)
	}
	t := template(domain)
	t.DNSNames = []string{domain, "*." + domain}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if clients {
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	if p == expired {
		t.NotBefore, t.NotAfter = t.NotBefore.AddDate(-1, 0, 0), t.NotBefore
	}
	parent, signer := a.cert, a.key
	if p == selfSigned {
		parent, signer = t, key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
	if err != nil {
		return pair{}, fmt.Errorf("certificate for %s: %w", domain, err)
	}
	return a.write(domain+"-"+string(p), der, key)
}

func (a *authority) write(name string, der []byte, key *ecdsa.PrivateKey) (pair, error) {
	file := func(end string) string { return filepath.Join(a.dir, name+end) }
	p := pair{cert: file(".crt"), key: file(".key"), both: file(".pem")}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return p, fmt.Errorf("write %s: %w", name, err)
	}
	if err := writePEM(p.cert, "CERTIFICATE", der); err != nil {
		return p, err
	}
	if err := writePEM(p.key, "PRIVATE KEY", secret); err != nil {
		return p, err
	}
	both := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	both = append(both, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	return p, os.WriteFile(p.both, both, 0o600)
}

// template is what all certificates share.
func template(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62)) // crypto/rand does not fail
	return &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(0, 1, 0),
		BasicConstraintsValid: true,
	}
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
