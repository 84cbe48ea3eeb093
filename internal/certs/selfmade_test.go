package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// make1 makes a certificate and parses it.
func make1(t *testing.T, now time.Time, names ...string) *x509.Certificate {
	t.Helper()
	cert, key, err := MakeSelfSigned(names, now)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func TestMakeSelfSigned(t *testing.T) {
	now := time.Now()
	leaf := make1(t, now, "münchen.example", "conference.münchen.example", "127.0.0.1", "::1")
	want := []string{"xn--mnchen-3ya.example", "conference.xn--mnchen-3ya.example"}
	if !slices.Equal(leaf.DNSNames, want) {
		t.Errorf("names %q, want %q", leaf.DNSNames, want)
	}
	if len(leaf.IPAddresses) != 2 {
		t.Errorf("addresses %v, want two", leaf.IPAddresses)
	}
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || key.Params().BitSize != 256 {
		t.Errorf("key %T, want ECDSA P-256", leaf.PublicKey)
	}
	if days := leaf.NotAfter.Sub(leaf.NotBefore).Hours() / 24; days > 825 || days < 824 {
		t.Errorf("valid for %.1f days, want 825", days)
	}
	if now.Before(leaf.NotBefore) {
		t.Errorf("not valid before %v, now is %v", leaf.NotBefore, now)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: want[1]}); err != nil {
		t.Errorf("a client that trusts it refuses it: %v", err)
	}
	if _, _, err := MakeSelfSigned(nil, now); err == nil {
		t.Error("no error without names")
	}
}

// TestNoXMPPAddr holds that a certificate that we make has no xmppAddr name
// (OID 1.3.6.1.5.5.7.8.5): ejabberd 23.01 crashes on one.
func TestNoXMPPAddr(t *testing.T) {
	leaf := make1(t, time.Now(), "localhost")
	xmppAddr := []byte{0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x05}
	if bytes.Contains(leaf.Raw, xmppAddr) {
		t.Error("the certificate has an xmppAddr")
	}
}

func TestLongName(t *testing.T) {
	long := "a-domain-name-whose-length-is-more-than-the-sixty-four-characters." +
		"of-a.common-name.example"
	leaf := make1(t, time.Now(), long)
	if leaf.Subject.CommonName != "xmpp" || leaf.VerifyHostname(long) != nil {
		t.Errorf("subject %v, names %q", leaf.Subject, leaf.DNSNames)
	}
}

func TestMakeMissing(t *testing.T) {
	c := config(t, `domains = ["localhost", "a.example"]`)
	now := time.Now()
	made, err := MakeMissing(c, now)
	if err != nil || len(made) != 2 {
		t.Fatalf("made %q, %v; want two", made, err)
	}
	cert, key := SelfMadeFiles(c.Data, "localhost")
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v, %v; want mode 0600", info, err)
	}
	if info, err := os.Stat(filepath.Dir(key)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v; want mode 0700", info, err)
	}
	pair, err := Load(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "conference.localhost"} {
		if pair.Leaf.VerifyHostname(name) != nil {
			t.Errorf("not for %s", name)
		}
	}

	again := func(why string, want int, at time.Time) {
		t.Helper()
		if made, err := MakeMissing(c, at); err != nil || len(made) != want {
			t.Errorf("%s: made %q, %v; want %d", why, made, err, want)
		}
	}
	again("nothing changed", 0, now)
	again("a month before the end", 0, now.Add(validity-renewBefore-2*time.Hour))
	again("near its end", 2, now.Add(validity-renewBefore))
	again("the clock was wrong", 2, now)
	c.Services = append(c.Services, "proxy")
	again("a new service host", 2, now)
	c.Domains = append(c.Domains, "b.example")
	again("a new domain", 1, now)
	put(t, key, []byte("not a key"), 0o600)
	again("a broken key", 1, now)
}

func TestMakeMissingKeepsOthers(t *testing.T) {
	c := config(t, `domains = ["a.example"]`)
	ca := newAuthority(t, "root", nil)
	c.TLS.Cert, c.TLS.Key = ca.sign(t.TempDir(), "a.crt", "a.key", inDays(-1), nil, "other.example")
	before, err := os.ReadFile(c.TLS.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if made, err := MakeMissing(c, time.Now()); err != nil || len(made) != 0 {
		t.Errorf("made %q, %v although a certificate is configured", made, err)
	}
	after, err := os.ReadFile(c.TLS.Cert)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the configured certificate was changed: %v", err)
	}
	if block, _ := pem.Decode(after); block == nil {
		t.Error("no PEM")
	}
}
