package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// serverKeys are made once: an RSA key takes long.
var serverKeys = sync.OnceValue(func() map[string]crypto.Signer {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return map[string]crypto.Signer{"ecdsa": ec, "rsa": rs, "ed25519": ed}
})

// serverCert makes a certificate for example.com, signed by its own key.
func serverCert(t testing.TB, key string, algorithm x509.SignatureAlgorithm) tls.Certificate {
	t.Helper()
	signer := serverKeys()[key]
	template := &x509.Certificate{
		SerialNumber:       big.NewInt(1),
		NotAfter:           time.Now().Add(time.Hour),
		DNSNames:           []string{testDomain},
		SignatureAlgorithm: algorithm,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: signer}
}

// handshake connects a client to a server and gives what each sees, the server
// first. Tickets would block on a pipe that nobody reads.
func handshake(t testing.TB, cert tls.Certificate, version uint16) (
	server, client tls.ConnectionState) {
	t.Helper()
	sc := &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true}
	cc := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}
	s, c := net.Pipe()
	defer s.Close()
	defer c.Close()
	serverSide, clientSide := tls.Server(s, sc), tls.Client(c, cc)
	served := make(chan error, 1)
	go func() { served <- serverSide.HandshakeContext(t.Context()) }()
	if err := clientSide.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	return serverSide.ConnectionState(), clientSide.ConnectionState()
}
