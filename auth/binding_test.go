package auth

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"testing"
)

func TestChannelBindingsTLS13(t *testing.T) {
	cert := serverCert(t, "ecdsa", x509.ECDSAWithSHA256)
	server, client := handshake(t, cert, tls.VersionTLS13)
	bindings := NewChannelBindings(&server, &cert)
	if got := bindings.Types(); !slices.Equal(got, []string{tlsExporter, tlsServerEndPoint}) {
		t.Fatalf("types %q", got)
	}
	want, err := client.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	if err != nil || !bytes.Equal(bindings[0].Data, want) || bindings[0].also != nil {
		t.Errorf("server exports %x, client %x (%v)", bindings[0].Data, want, err)
	}
	digest := sha256.Sum256(client.PeerCertificates[0].Raw)
	if !bytes.Equal(bindings[1].Data, digest[:]) {
		t.Errorf("end point %x, want %x", bindings[1].Data, digest)
	}
	another, _ := handshake(t, cert, tls.VersionTLS13)
	if other := NewChannelBindings(&another, &cert); bytes.Equal(other[0].Data, want) {
		t.Error("two connections export the same")
	}
}

func TestChannelBindingsTLS12(t *testing.T) {
	cert := serverCert(t, "ecdsa", x509.ECDSAWithSHA256)
	server, client := handshake(t, cert, tls.VersionTLS12)
	bindings := NewChannelBindings(&server, &cert)
	all := []string{tlsExporter, tlsUnique, tlsServerEndPoint}
	if got := bindings.Types(); !slices.Equal(got, all) {
		t.Fatalf("types %q", got)
	}
	want, err := client.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
	if err != nil || !bytes.Equal(bindings[0].Data, want) {
		t.Errorf("server exports %x, client %x (%v)", bindings[0].Data, want, err)
	}
	want, err = client.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	if err != nil || !bytes.Equal(bindings[0].also, want) || bytes.Equal(want, bindings[0].Data) {
		t.Errorf("without a context: server %x, client %x (%v)", bindings[0].also, want, err)
	}
	if !bytes.Equal(bindings[1].Data, client.TLSUnique) {
		t.Errorf("unique: server %x, client %x", bindings[1].Data, client.TLSUnique)
	}
}

// TestChannelBindingsWithoutExtendedMasterSecret: a TLS 1.2 master secret that
// two connections may share binds nothing but the certificate.
func TestChannelBindingsWithoutExtendedMasterSecret(t *testing.T) {
	cert := serverCert(t, "ecdsa", x509.ECDSAWithSHA256)
	for _, extended := range []bool{true, false} {
		s, c := net.Pipe()
		server := tls.Server(s, &tls.Config{Certificates: []tls.Certificate{cert}})
		served := make(chan error, 1)
		go func() { served <- server.HandshakeContext(t.Context()) }()
		if err := oldHandshake(c, extended); err != nil {
			t.Fatalf("extended master secret %v: %v", extended, err)
		}
		if err := <-served; err != nil {
			t.Fatalf("extended master secret %v: %v", extended, err)
		}
		state := server.ConnectionState()
		want := []string{tlsServerEndPoint}
		if extended {
			want = []string{tlsExporter, tlsUnique, tlsServerEndPoint}
		}
		got := NewChannelBindings(&state, &cert).Types()
		if !slices.Equal(got, want) {
			t.Errorf("extended master secret %v: types %q, want %q", extended, got, want)
		}
		s.Close()
		c.Close()
	}
}

// TestChannelBindingsOfResumedConnection: no certificate was sent in it.
func TestChannelBindingsOfResumedConnection(t *testing.T) {
	cert := serverCert(t, "ecdsa", x509.ECDSAWithSHA256)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		sc := &tls.Config{Certificates: []tls.Certificate{cert}}
		cc := &tls.Config{ServerName: testDomain, InsecureSkipVerify: true,
			MinVersion: version, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		for _, resumed := range []bool{false, true} {
			state := loopback(t, sc, cc)
			if state.DidResume != resumed {
				t.Fatalf("%x: resumed %v, want %v", version, state.DidResume, resumed)
			}
			types := NewChannelBindings(&state, &cert).Types()
			if slices.Contains(types, tlsServerEndPoint) == resumed || types[0] != tlsExporter {
				t.Errorf("%x, resumed %v: types %q", version, resumed, types)
			}
		}
	}
}

// loopback shakes hands over TCP and sends one byte, with which the client gets
// its ticket.
func loopback(t *testing.T, sc, cc *tls.Config) tls.ConnectionState {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	states := make(chan tls.ConnectionState, 1)
	go func() {
		defer close(states)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		server := tls.Server(conn, sc)
		if _, err := server.Write([]byte{0}); err == nil {
			states <- server.ConnectionState()
		}
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := tls.Client(conn, cc)
	if _, err := client.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	state, ok := <-states
	if !ok {
		t.Fatal("the server saw no handshake")
	}
	return state
}

// TestEndPointDigest: which hash goes with which signature (RFC 5929 section
// 4.1, Description).
func TestEndPointDigest(t *testing.T) {
	sha256Of := func(b []byte) []byte { d := sha256.Sum256(b); return d[:] }
	sha384Of := func(b []byte) []byte { d := sha512.Sum384(b); return d[:] }
	sha512Of := func(b []byte) []byte { d := sha512.Sum512(b); return d[:] }
	undefined := func([]byte) []byte { return nil }
	for _, c := range []struct {
		key       string
		algorithm x509.SignatureAlgorithm
		want      func([]byte) []byte
	}{
		{"rsa", x509.SHA256WithRSA, sha256Of},
		{"rsa", x509.SHA384WithRSA, sha384Of},
		{"rsa", x509.SHA512WithRSA, sha512Of},
		{"rsa", x509.SHA256WithRSAPSS, sha256Of},
		{"rsa", x509.SHA384WithRSAPSS, sha384Of},
		{"rsa", x509.SHA512WithRSAPSS, sha512Of},
		{"ecdsa", x509.ECDSAWithSHA256, sha256Of},
		{"ecdsa", x509.ECDSAWithSHA384, sha384Of},
		{"ecdsa", x509.ECDSAWithSHA512, sha512Of},
		{"ed25519", x509.PureEd25519, undefined},
	} {
		der := serverCert(t, c.key, c.algorithm).Certificate[0]
		got, want := endPointDigest(&tls.Certificate{Certificate: [][]byte{der}}), c.want(der)
		if !bytes.Equal(got, want) {
			t.Errorf("%v: %x, want %x", c.algorithm, got, want)
		}
	}
}

// TestEndPointDigestOfOldHashes: crypto/x509 signs with them no more, so the
// algorithm is written over a certificate that it made.
func TestEndPointDigestOfOldHashes(t *testing.T) {
	old := map[string][2][]byte{ // the OIDs with SHA-256, and those to put in their place
		"sha1WithRSAEncryption": {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b},
			{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05}},
		"md5WithRSAEncryption": {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b},
			{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04}},
	}
	for name, oids := range old {
		der := serverCert(t, "rsa", x509.SHA256WithRSA).Certificate[0]
		der = bytes.ReplaceAll(der, oids[0], oids[1])
		want := sha256.Sum256(der)
		if got := endPointDigest(&tls.Certificate{Certificate: [][]byte{der}}); !bytes.Equal(got, want[:]) {
			t.Errorf("%s: %x, want SHA-256 %x", name, got, want)
		}
	}
}

func TestNoEndPointWithoutCertificate(t *testing.T) {
	cert := serverCert(t, "ed25519", x509.PureEd25519)
	server, _ := handshake(t, cert, tls.VersionTLS13)
	for name, given := range map[string]*tls.Certificate{
		"not known": nil, "broken": {Certificate: [][]byte{{0x30}}}, "Ed25519": &cert,
	} {
		got := NewChannelBindings(&server, given).Types()
		if !slices.Equal(got, []string{tlsExporter}) {
			t.Errorf("%s: types %q", name, got)
		}
	}
}
