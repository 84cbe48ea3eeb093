package c2s

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"log/slog"
	"os"
	"strings"

	"parley/conf"
	"parley/stream"
)

// verified is the client's certificate if an authority that the configuration
// names has signed it (XEP-0178 section 2, Client-to-Server Recommendation),
// else nil: the client may still log in in another way.
func verified(p *stream.Peer, c *conf.Config, log *slog.Logger) *x509.Certificate {
	if p.PeerCert == nil || !c.Login.External || c.Login.ExternalCA == "" {
		return nil
	}
	roots, err := readPool(c.Login.ExternalCA)
	if err != nil {
		log.Error("read external_ca", "err", err)
		return nil
	}
	rest := x509.NewCertPool()
	for _, cert := range p.TLS.PeerCertificates[1:] {
		rest.AddCert(cert)
	}
	_, err = p.PeerCert.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: rest,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		log.Debug("client certificate", "addr", p.Addr, "err", err)
		return nil
	}
	return p.PeerCert
}

// readPool reads the authorities. It is done for each login by certificate, so
// that a changed file is seen.
func readPool(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool, nil
}

// mapCertificate finds the addresses that the configuration gives to a
// certificate: by subject ("CN=Alice") or by fingerprint ("sha256:…").
func mapCertificate(table map[string]string) func(*x509.Certificate) []string {
	return func(cert *x509.Certificate) []string {
		sum := sha256.Sum256(cert.Raw)
		var found []string
		for key, jid := range table {
			digest, ok := strings.CutPrefix(key, "sha256:")
			digest = strings.ReplaceAll(digest, ":", "")
			if ok && strings.EqualFold(digest, hex.EncodeToString(sum[:])) ||
				!ok && key == cert.Subject.String() {
				found = append(found, jid)
			}
		}
		return found
	}
}
