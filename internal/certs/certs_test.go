package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/conf"
)

// authority signs certificates for tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority makes a root, or what its parent signed.
func newAuthority(t *testing.T, name string, parent *authority) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t, nil, key}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-365 * 24 * time.Hour), NotAfter: time.Now().Add(3650 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	signer := a
	a.cert = template
	if parent != nil {
		signer = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, key.Public(), signer.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

// pool is the authority as the only root.
func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// sign writes a certificate for the names, with the chain behind it, into two
// files of a folder.
func (a *authority) sign(dir, certFile, keyFile string, end time.Time, chain []*authority,
	names ...string) (cert, key string) {
	a.t.Helper()
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: names,
		NotBefore: end.Add(-90 * 24 * time.Hour), NotAfter: end,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, leafKey.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for _, c := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})...)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		a.t.Fatal(err)
	}
	keyText := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	cert, key = filepath.Join(dir, certFile), filepath.Join(dir, keyFile)
	put(a.t, cert, text, 0o644)
	put(a.t, key, keyText, 0o600)
	return cert, key
}

// put writes a file and its folders.
func put(t *testing.T, file string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, mode); err != nil {
		t.Fatal(err)
	}
}

// config is a configuration with a data folder and a certbot folder of its
// own.
func config(t *testing.T, text string) *conf.Config {
	t.Helper()
	c, err := conf.Parse("parley.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	c.Data = t.TempDir()
	c.TLS.Certbot = t.TempDir()
	return c
}

// inDays is a time from now.
func inDays(n int) time.Time { return time.Now().Add(time.Duration(n) * 24 * time.Hour) }

// describe is a line for each source.
func describe(sources []Source, dirs ...string) string {
	var lines []string
	for _, s := range sources {
		file := s.Cert
		for _, dir := range dirs {
			file = strings.TrimPrefix(file, dir+"/")
		}
		lines = append(lines, s.Host+" "+string(s.Origin)+" "+file)
	}
	return strings.Join(lines, "\n")
}

const twoDomains = `
	domains = ["a.example", "b.example"]
	services = ["conference"]
	[[component]]
	domain = "sms.b.example"
	secret = "x"
	[[component]]
	domain = "gateway.example"
	secret = "x"
`

func TestSources(t *testing.T) {
	ca := newAuthority(t, "root", nil)
	dir := t.TempDir()
	wide, wideKey := ca.sign(dir, "wide.crt", "wide.key", inDays(60), nil, "b.example", "*.b.example")
	own, ownKey := ca.sign(dir, "own.crt", "own.key", inDays(60), nil, "b.example")

	c := config(t, twoDomains)
	check := func(name, want string) {
		t.Helper()
		if got := describe(Sources(c), dir, c.Data, c.TLS.Certbot); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
	check("none", `a.example self-made certs/a.example.crt
conference.a.example self-made certs/a.example.crt
b.example self-made certs/b.example.crt
conference.b.example self-made certs/b.example.crt
sms.b.example self-made certs/b.example.crt
gateway.example self-made certs/a.example.crt`)

	live := filepath.Join(c.TLS.Certbot, "a.example")
	ca.sign(live, "fullchain.pem", "privkey.pem", inDays(60), nil, "a.example")
	live = filepath.Join(c.TLS.Certbot, "conference.a.example")
	ca.sign(live, "fullchain.pem", "privkey.pem", inDays(60), nil, "conference.a.example")
	check("certbot", `a.example certbot a.example/fullchain.pem
conference.a.example certbot conference.a.example/fullchain.pem
b.example self-made certs/b.example.crt
conference.b.example self-made certs/b.example.crt
sms.b.example self-made certs/b.example.crt
gateway.example certbot a.example/fullchain.pem`)

	c.TLS.Cert, c.TLS.Key = wide, wideKey
	c.Host = map[string]conf.HostTLS{"b.example": {Cert: own, Key: ownKey}}
	check("configured", `a.example certbot a.example/fullchain.pem
conference.a.example certbot conference.a.example/fullchain.pem
b.example configuration own.crt
conference.b.example configuration wide.crt
sms.b.example configuration wide.crt
gateway.example configuration wide.crt`)
}

func TestCertbotOff(t *testing.T) {
	c := config(t, `domains = ["a.example"]`)
	ca := newAuthority(t, "root", nil)
	ca.sign(filepath.Join(c.TLS.Certbot, "a.example"), "fullchain.pem", "privkey.pem", inDays(60), nil,
		"a.example")
	c.TLS.Certbot = ""
	if s := Sources(c)[0]; s.Origin != SelfMade {
		t.Errorf("got %+v, want self-made", s)
	}
}
