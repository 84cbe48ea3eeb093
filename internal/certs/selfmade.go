package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"parley/conf"
)

const (
	// validity of a certificate that we make; more than 825 days are refused
	// by some clients even of a certificate they trust.
	validity = 825 * 24 * time.Hour
	// renewBefore is when one that we made is made anew.
	renewBefore = 30 * 24 * time.Hour
)

// SelfMadeFiles are where the self-made certificate and key of a domain lie.
func SelfMadeFiles(data, domain string) (cert, key string) {
	base := filepath.Join(data, "certs", ASCII(domain))
	return base + ".crt", base + ".key"
}

// MakeSelfSigned makes a key and a certificate for the names, in PEM. Names
// that are IP addresses become such. It has no xmppAddr (RFC 6120 section
// 13.7.1.4, XmppAddr Identifier Type), although that would be allowed: ejabberd
// 23.01 crashes on a peer whose certificate has one.
func MakeSelfSigned(names []string, now time.Time) (cert, key []byte, err error) {
	if len(names) == 0 {
		return nil, nil, errors.New("make certificate: no names")
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	template, err := template(names, now)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, fmt.Errorf("make certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), nil
}

// template is what the certificate says.
func template(names []string, now time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: commonName(names[0])},
		NotBefore:             now.Add(-time.Hour), // for peers whose clock is behind
		NotAfter:              now.Add(validity - time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
			continue
		}
		t.DNSNames = append(t.DNSNames, ASCII(name))
	}
	return t, nil
}

// commonName is a name within the 64 characters that X.520 allows.
func commonName(name string) string {
	if a := ASCII(name); len(a) <= 64 {
		return a
	}
	return "xmpp"
}

// selfMadeNames are the names that the self-made certificate of a domain has.
func selfMadeNames(list []Source, domain string) []string {
	var names []string
	for _, s := range list {
		if s.Domain == domain && s.Origin == SelfMade && !slices.Contains(names, s.Host) {
			names = append(names, s.Host)
		}
	}
	if domain == "localhost" {
		names = append(names, "127.0.0.1", "::1")
	}
	return names
}

// MakeMissing makes the self-made certificates that Sources asks for, where
// there is none, where the one there is near its end, or lacks a name.
func MakeMissing(c *conf.Config, now time.Time) (made []string, err error) {
	list := Sources(c)
	var done []string
	for _, s := range list {
		if s.Origin != SelfMade || slices.Contains(done, s.Domain) {
			continue
		}
		done = append(done, s.Domain)
		names := selfMadeNames(list, s.Domain)
		if pair, err := Load(s.Cert, s.Key); err == nil && goodEnough(pair, names, now) {
			continue
		}
		if err := write(s, names, now); err != nil {
			return made, err
		}
		made = append(made, s.Cert)
	}
	return made, nil
}

// goodEnough says whether a self-made certificate need not be made anew.
func goodEnough(pair *tls.Certificate, names []string, now time.Time) bool {
	if pair.Leaf == nil || now.Add(renewBefore).After(pair.Leaf.NotAfter) ||
		now.Before(pair.Leaf.NotBefore) {
		return false
	}
	for _, name := range names {
		if !Covers(pair, name) {
			return false
		}
	}
	return true
}

// write makes a certificate and puts it into its files.
func write(s Source, names []string, now time.Time) error {
	cert, key, err := MakeSelfSigned(names, now)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.Cert), 0o700); err != nil {
		return fmt.Errorf("make folder for certificate: %w", err)
	}
	if err := replace(s.Key, key, 0o600); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	if err := replace(s.Cert, cert, 0o644); err != nil {
		return fmt.Errorf("write certificate: %w", err)
	}
	return nil
}

// replace writes a file under another name first, so that it is whole at any
// time.
func replace(file string, data []byte, mode os.FileMode) error {
	next := file + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(next, data, mode); err != nil {
		return err
	}
	return os.Rename(next, file)
}
