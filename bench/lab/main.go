// Command lab is what two servers need to federate on one machine: an authority
// with a certificate for each domain, and DNS that says where their servers are.
// It serves DNS until it is interrupted.
//
//	lab -dir DIR -dns 127.0.0.1:25353 a.test=127.0.0.1:25269 b.test=127.0.0.1:25270
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"parley/internal/dnstest"
)

func main() {
	dir := flag.String("dir", ".", "`folder` for certificates and keys")
	addr := flag.String("dns", "127.0.0.1:25353", "`address` of the DNS server")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, *addr, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir, addr string, peers []string) error {
	dns, err := dnstest.New(addr)
	if err != nil {
		return err
	}
	defer dns.Close()
	ca, err := authority(dir)
	if err != nil {
		return err
	}
	for _, peer := range peers {
		domain, at, ok := strings.Cut(peer, "=")
		place, err := netip.ParseAddrPort(at)
		if !ok || err != nil {
			return errors.New("usage: lab [flags] DOMAIN=ADDRESS:PORT and so on")
		}
		dns.SetA(domain, place.Addr().String())
		dns.SetSRV("_xmpp-server._tcp."+domain, dnstest.SRV{Port: place.Port(), Target: domain})
		if err := ca.issue(dir, domain); err != nil {
			return fmt.Errorf("certificate of %s: %w", domain, err)
		}
	}
	fmt.Println("ready")
	<-ctx.Done()
	return nil
}

// signer is a certificate with its key.
type signer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// authority makes one, with its certificate in ca.crt.
func authority(dir string) (*signer, error) {
	t := template()
	t.IsCA, t.KeyUsage = true, x509.KeyUsageCertSign
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	self := &signer{t, key}
	return self, self.sign(dir, "ca", t, key)
}

// issue makes a certificate as public authorities do: for servers only.
func (a *signer) issue(dir, domain string) error {
	t := template()
	t.DNSNames, t.KeyUsage = []string{domain}, x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return a.sign(dir, domain, t, key)
}

func (a *signer) sign(dir, name string, t *x509.Certificate, key *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, name)
	return errors.Join(
		os.WriteFile(file+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(file+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}

func template() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(0, 0, 1),
		BasicConstraintsValid: true,
	}
}
