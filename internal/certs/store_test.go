package certs

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/conf"
)

var quiet = slog.New(slog.DiscardHandler)

// recorder is a connection that notes its certificate.
type recorder struct {
	net.Conn
	got *tls.Certificate
}

// RecordCertificate notes it.
func (r *recorder) RecordCertificate(c *tls.Certificate) { r.got = c }

// shake does a TLS handshake with the store, asking for a name, and returns
// what the client saw and what the server noted.
func shake(t *testing.T, s *Store, name string) (seen string, noted *tls.Certificate) {
	t.Helper()
	here, there := net.Pipe()
	server := &recorder{Conn: there}
	done := make(chan error, 1)
	go func() {
		config := &tls.Config{GetCertificate: s.GetCertificate}
		done <- tls.Server(server, config).HandshakeContext(t.Context())
	}()
	client := tls.Client(here, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err := client.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	leaf := client.ConnectionState().PeerCertificates[0]
	if !leaf.Equal(server.got.Leaf) {
		t.Errorf("%s: the certificate noted is not the one given", name)
	}
	_ = here.Close()
	return leaf.DNSNames[0], server.got
}

func TestGetCertificate(t *testing.T) {
	ca := newAuthority(t, "root", nil)
	c := config(t, `
		domains = ["a.example", "b.example", "münchen.example"]
		services = ["conference"]`)
	c.TLS.Cert, c.TLS.Key = ca.sign(t.TempDir(), "b.crt", "b.key", inDays(60), nil,
		"b.example", "*.b.example")
	c.Host = map[string]conf.HostTLS{}
	for _, host := range []string{"a.example", "conference.a.example", "münchen.example"} {
		cert, key := ca.sign(t.TempDir(), "x.crt", "x.key", inDays(60), nil, ASCII(host))
		c.Host[host] = conf.HostTLS{Cert: cert, Key: key}
	}
	s, err := Open(c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a.example":              "a.example",
		"A.Example":              "a.example",
		"conference.a.example":   "conference.a.example",
		"b.example":              "b.example",
		"conference.b.example":   "b.example",
		"xmpp.b.example":         "b.example", // none of our names, but the wildcard covers it
		"deep.xmpp.b.example":    "a.example", // a wildcard is for one label only
		"xn--mnchen-3ya.example": "xn--mnchen-3ya.example",
		"unknown.example":        "a.example",
		"":                       "a.example",
	} {
		if got, _ := shake(t, s, name); got != want {
			t.Errorf("%q: got the certificate of %s, want %s", name, got, want)
		}
	}
	if s.Certificate("münchen.example") == nil || s.Certificate("unknown.example") != nil {
		t.Error("Certificate must know our names and no other")
	}
}

// TestReload holds that a new certificate is used as soon as it is read, that
// a broken one does not replace the old one, and that connections keep theirs.
func TestReload(t *testing.T) {
	ca := newAuthority(t, "root", nil)
	dir := t.TempDir()
	c := config(t, `domains = ["a.example"]`)
	c.TLS.Cert, c.TLS.Key = ca.sign(dir, "a.crt", "a.key", inDays(10), nil, "a.example")
	s, err := Open(c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	_, first := shake(t, s, "a.example")
	s.look()
	if _, again := shake(t, s, "a.example"); again != first {
		t.Error("reloaded although nothing changed")
	}

	put(t, c.TLS.Key, []byte("half a key"), 0o600)
	s.look()
	if err := s.Reload(c); err == nil {
		t.Error("no error for a broken key")
	}
	if _, again := shake(t, s, "a.example"); again != first {
		t.Error("the old certificate is gone")
	}

	ca.sign(dir, "a.crt", "a.key", inDays(60), nil, "a.example", "new.example")
	s.look()
	_, now := shake(t, s, "a.example")
	if now == first || !slices.Contains(now.Leaf.DNSNames, "new.example") {
		t.Error("the new certificate is not used")
	}
}

// TestCertbotAppears holds that a certificate of certbot replaces the
// self-made one without a restart.
func TestCertbotAppears(t *testing.T) {
	c := config(t, `domains = ["a.example"]`)
	s, err := Open(c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Sources()[0].Origin; got != SelfMade {
		t.Fatalf("origin %s, want self-made", got)
	}
	ca := newAuthority(t, "root", nil)
	ca.sign(filepath.Join(c.TLS.Certbot, "a.example"), "fullchain.pem", "privkey.pem", inDays(60), nil,
		"a.example")
	s.look()
	if got := s.Sources()[0].Origin; got != Certbot {
		t.Errorf("origin %s, want certbot", got)
	}
}

// TestSelfMadeEnds holds that Watch sees when a self-made certificate is near
// its end although no file changes.
func TestSelfMadeEnds(t *testing.T) {
	c := config(t, `domains = ["a.example"]`)
	s, err := Open(c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	for days, want := range map[int]bool{0: false, 790: false, 800: true} {
		if got := s.ending(s.Sources(), inDays(days)); got != want {
			t.Errorf("after %d days: %v, want %v", days, got, want)
		}
	}
}

func TestOpenFails(t *testing.T) {
	c := config(t, `domains = ["a.example"]`)
	c.TLS.Cert, c.TLS.Key = "/none.crt", "/none.key"
	_, err := Open(c, quiet)
	if err == nil || !strings.HasPrefix(err.Error(), "certificate of a.example: load certificate: ") {
		t.Errorf("got %v", err)
	}
	c = config(t, `domains = ["a.example"]`)
	file := filepath.Join(c.Data, "certs")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(c, quiet); err == nil {
		t.Error("no error where the folder cannot be made")
	}
}

func TestWatch(t *testing.T) {
	c := config(t, `domains = ["a.example"]`)
	s, err := Open(c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	first := s.Certificate("a.example")
	cert, _ := SelfMadeFiles(c.Data, "a.example")
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		s.Watch(ctx, time.Millisecond)
		close(done)
	}()
	defer func() {
		cancel()
		<-done
	}()
	deadline := time.After(20 * time.Second)
	for s.Certificate("a.example") == first {
		select {
		case <-deadline:
			t.Fatal("the removed certificate was not made anew")
		case <-time.After(time.Millisecond):
		}
	}
}
