package c2s

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xdg-go/scram"
	msasl "mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
)

// nsSASL as an attribute.
const nsSASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"

// element sends base64 in an element of SASL.
func (p *peer) element(tag, data string) {
	p.t.Helper()
	name, _, _ := strings.Cut(tag, " ")
	p.send("<" + tag + " " + nsSASL + ">" + base64.StdEncoding.EncodeToString([]byte(data)) + "</" + name + ">")
}

// data waits for an element of SASL and decodes what is in it.
func (p *peer) data(name string) string {
	p.t.Helper()
	p.wantNext("<" + name + " " + nsSASL + ">")
	text, err := base64.StdEncoding.DecodeString(p.want("</" + name + ">"))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// scramClient is romeo's, with the iterations of testVerifier.
func scramClient(t *testing.T) *scram.Client {
	t.Helper()
	c, err := scram.SHA256.NewClient("romeo", "pencil", "")
	if err != nil {
		t.Fatal(err)
	}
	return c.WithMinIterations(1)
}

// scram goes through SCRAM-SHA-256 with an independent implementation.
func (p *peer) scram(mechanism string, c *scram.ClientConversation) {
	p.t.Helper()
	first, err := c.Step("")
	if err != nil {
		p.t.Fatal(err)
	}
	p.element("auth mechanism='"+mechanism+"'", first)
	final, err := c.Step(p.data("challenge"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.element("response", final)
	if _, err := c.Step(p.data("success")); err != nil || !c.Valid() {
		p.t.Fatalf("the server has not proved that it knows the password: %v", err)
	}
	p.send(hello + bind("x"))
	p.want("<jid>romeo@a.lit/x</jid>")
}

// TestSCRAM logs in with and without channel binding, with each version of TLS
// and on both kinds of listener.
func TestSCRAM(t *testing.T) {
	w := newWorld(t, setup{})
	client := scramClient(t)
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		for _, direct := range []bool{false, true} {
			for _, binding := range []string{"", "tls-exporter", "tls-server-end-point"} {
				t.Run(name+" "+binding, func(t *testing.T) {
					p := w.peer()
					p.t = t
					state := p.connect(w, version, direct)
					if binding == "" {
						p.scram("SCRAM-SHA-256", client.NewConversation())
						return
					}
					b, err := bindingFor(binding, state)
					if err != nil {
						t.Fatal(err)
					}
					p.scram("SCRAM-SHA-256-PLUS", client.NewConversationWithChannelBinding(b))
				})
			}
		}
	}
}

func bindingFor(name string, s *tls.ConnectionState) (scram.ChannelBinding, error) {
	if name == "tls-exporter" {
		return scram.NewTLSExporterBinding(s)
	}
	return scram.NewTLSServerEndpointBinding(s)
}

// connect goes up to the features under TLS of that version.
func (p *peer) connect(w *world, version uint16, direct bool) *tls.ConnectionState {
	p.t.Helper()
	addr := w.startTLS
	if direct {
		addr = w.direct
	}
	p.nc.Close()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.nc = nc
	if !direct {
		p.send(hello)
		p.want(features)
		p.send(starttls)
		p.wantNext(proceed)
	}
	c := clientTLS()
	c.MaxVersion = version
	tc := tls.Client(p.nc, c)
	if err := tc.Handshake(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { tc.Close() })
	p.nc = tc
	p.send(hello)
	p.want(features)
	s := tc.ConnectionState()
	return &s
}

// TestMellium logs in with a whole client library, by each mechanism it has.
func TestMellium(t *testing.T) {
	eachWay(t, setup{}, func(t *testing.T, w *world) {
		for _, m := range []msasl.Mechanism{msasl.ScramSha256Plus, msasl.ScramSha256, msasl.Plain} {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			nc, err := net.Dial("tcp", w.startTLS)
			if err != nil {
				t.Fatal(err)
			}
			s, err := xmpp.NewClientSession(ctx, jid.MustParse("romeo@a.lit/mellium"), nc,
				xmpp.StartTLS(clientTLS()), xmpp.SASL("", "pencil", m), xmpp.BindResource())
			if err != nil {
				t.Fatalf("%s: %v", m.Name, err)
			}
			// It asks for no resource, whatever it is told.
			if got := s.LocalAddr(); got.Bare().String() != "romeo@a.lit" || got.Resourcepart() == "" {
				t.Errorf("%s: bound %s", m.Name, got)
			}
			if err := s.Close(); err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
			nc.Close()
		}
	})
}

// TestSASLErrors are the conditions of RFC 6120 section 6.5 on the whole path.
func TestSASLErrors(t *testing.T) {
	w := newWorld(t, setup{config: "[login]\nmechanisms = ['SCRAM-SHA-256', 'PLAIN']\n"})
	plain64 := func(text string) string {
		return "<auth " + nsSASL + " mechanism='PLAIN'>" + text + "</auth>"
	}
	b64 := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	tests := []struct{ name, send, want string }{
		{"aborted", "<auth " + nsSASL + " mechanism='PLAIN'/><abort " + nsSASL + "/>",
			"<challenge " + nsSASL + "/><failure " + nsSASL + "><aborted/></failure>"},
		{"not base64", plain64("!!!!"), "<incorrect-encoding/>"},
		{"base64 with a line end", plain64(strings.Replace(b64("\x00romeo\x00pencil"), "A", "A\n", 1)),
			"<incorrect-encoding/>"},
		{"authzid of another", plain64(b64("juliet@a.lit\x00romeo\x00pencil")), "<invalid-authzid/>"},
		{"unknown mechanism", "<auth " + nsSASL + " mechanism='KERBEROS_V4'/>", "<invalid-mechanism/>"},
		{"not bound to anything", "<auth " + nsSASL + " mechanism='ANONYMOUS'/>", "<invalid-mechanism/>"},
		{"struck out", "<auth " + nsSASL + " mechanism='SCRAM-SHA-1'/>", "<mechanism-too-weak/>"},
		{"syntax error", plain64(b64("romeo\x00pencil")), "<malformed-request/>"},
		{"wrong password", plain64(b64("\x00romeo\x00pen")), "<not-authorized/>"},
		{"no such user", plain64(b64("\x00mercutio\x00pencil")), "<not-authorized/>"},
		{"empty response", "<auth " + nsSASL + " mechanism='PLAIN'>=</auth>", "<malformed-request/>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := w.peer()
			p.t = t
			p.secure()
			p.send(test.send)
			want := test.want
			if !strings.HasPrefix(want, "<challenge") {
				want = "<failure " + nsSASL + ">" + want
			}
			p.wantNext(want)
			p.want("")
			// The stream goes on.
			p.send(plain("romeo"))
			p.want(success)
		})
	}
}

// TestCounted: logins are counted by mechanism and outcome, and no client can
// invent a name.
func TestCounted(t *testing.T) {
	w := newWorld(t, setup{})
	p := w.peer()
	p.secure()
	p.send("<auth " + nsSASL + " mechanism='X-MADE-UP'/>")
	p.want("<invalid-mechanism/>")
	p.send(plain("nobody"))
	p.want("<not-authorized/>")
	p.send(plain("romeo"))
	p.want(success)
	var b strings.Builder
	w.metrics.Write(&b)
	for _, want := range []string{
		`parley_logins_total{mechanism="unknown",result="invalid-mechanism"} 1`,
		`parley_logins_total{mechanism="PLAIN",result="not-authorized"} 1`,
		`parley_logins_total{mechanism="PLAIN",result="success"} 1`,
		"parley_connections 1",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is not there", want)
		}
	}
	if strings.Contains(b.String(), "X-MADE-UP") {
		t.Error("a client's word is a label")
	}
}

// authority signs clients' certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	path string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotAfter: time.Unix(1<<32, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, path: filepath.Join(t.TempDir(), "ca.pem")}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authority) issue(t *testing.T, name string, usage x509.ExtKeyUsage) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Unix(1<<32, 0),
		ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestExternal logs in by a certificate that the configuration maps to an
// account (XEP-0178 section 2, Client-to-Server Recommendation).
func TestExternal(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	romeo := a.issue(t, "Romeo", x509.ExtKeyUsageClientAuth)
	juliet := a.issue(t, "Juliet", x509.ExtKeyUsageClientAuth)
	digest := sha256.Sum256(juliet.Certificate[0])
	w := newWorld(t, setup{config: "[login]\nexternal = true\nexternal_ca = '" + a.path + "'\n" +
		"[login.external_map]\n'CN=Romeo' = 'romeo@a.lit'\n'sha256:" +
		strings.ToUpper(hex.EncodeToString(digest[:])) + "' = 'juliet@a.lit'\n"})
	tests := []struct {
		name string
		cert tls.Certificate
		want string // account, "" if EXTERNAL is not offered
	}{
		{"by subject", romeo, "romeo@a.lit"},
		{"by fingerprint", juliet, "juliet@a.lit"},
		{"unknown name", a.issue(t, "Tybalt", x509.ExtKeyUsageClientAuth), ""},
		{"for a server", a.issue(t, "Romeo", x509.ExtKeyUsageServerAuth), ""},
		{"unknown authority", stranger.issue(t, "Romeo", x509.ExtKeyUsageClientAuth), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := w.peer()
			p.t = t
			p.send(hello)
			p.want(features)
			p.send(starttls)
			p.want(proceed)
			c := clientTLS()
			c.Certificates = []tls.Certificate{test.cert}
			p.nc = tls.Client(p.nc, c)
			p.send(hello)
			offer := strings.Contains(p.want(features), "<mechanism>EXTERNAL</mechanism>")
			if offer != (test.want != "") {
				t.Errorf("offered: %v", offer)
			}
			p.send("<auth " + nsSASL + " mechanism='EXTERNAL'>=</auth>")
			if test.want == "" {
				p.want("<invalid-mechanism/>")
				return
			}
			p.want(success)
			p.send(hello + bind("x"))
			p.want("<jid>" + test.want + "/x</jid>")
		})
	}
}

// TestCertificateNotAskedFor: without EXTERNAL no client is asked for a
// certificate, which some would ask their user about.
func TestCertificateNotAskedFor(t *testing.T) {
	w := newWorld(t, setup{})
	c := clientTLS()
	asked := false
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked = true
		return new(tls.Certificate), nil
	}
	nc, err := tls.Dial("tcp", w.direct, c)
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	if asked {
		t.Error("asked for a certificate")
	}
}

// TestCertificatePerConnection: channel binding uses the certificate that this
// connection was given, also when another has taken its place.
func TestCertificatePerConnection(t *testing.T) {
	certs := []*tls.Certificate{testPair(), otherPair(t)}
	n := 0
	w := newWorld(t, setup{options: func(o *Options) {
		o.Certificate = func(string) (*tls.Certificate, error) { n++; return certs[n%2], nil }
	}})
	client := scramClient(t)
	var states []*tls.ConnectionState
	var peers []*peer
	for range 2 {
		p := w.peer()
		peers = append(peers, p)
		states = append(states, p.connect(w, tls.VersionTLS13, false))
	}
	if bytes.Equal(states[0].PeerCertificates[0].Raw, states[1].PeerCertificates[0].Raw) {
		t.Fatal("both have the same certificate")
	}
	for i, p := range peers {
		b, err := scram.NewTLSServerEndpointBinding(states[i])
		if err != nil {
			t.Fatal(err)
		}
		p.scram("SCRAM-SHA-256-PLUS", client.NewConversationWithChannelBinding(b))
	}
}

func otherPair(t *testing.T) *tls.Certificate {
	c := newAuthority(t).issue(t, "a.lit", x509.ExtKeyUsageServerAuth)
	return &c
}
