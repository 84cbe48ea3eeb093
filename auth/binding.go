package auth

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
)

// The channel binding types, as "p=" and XEP-0440 name them.
const (
	tlsExporter       = "tls-exporter"
	tlsUnique         = "tls-unique"
	tlsServerEndPoint = "tls-server-end-point"
)

// ChannelBinding ties an exchange to the TLS connection it runs in.
type ChannelBinding struct {
	Type string
	Data []byte

	also []byte // a second value that clients compute for the same channel
}

// ChannelBindings are those of one connection, the strongest first.
type ChannelBindings []ChannelBinding

// Types lists the names for <sasl-channel-binding/> (XEP-0440 section 2,
// Announcing the SASL Channel-Binding Type Capability).
func (b ChannelBindings) Types() []string {
	types := make([]string, len(b))
	for i := range b {
		types[i] = b[i].Type
	}
	return types
}

// find gives the binding of a type.
func (b ChannelBindings) find(name string) (ChannelBinding, bool) {
	for _, binding := range b {
		if binding.Type == name {
			return binding, true
		}
	}
	return ChannelBinding{}, false
}

// matches compares what a client put into c= with a header and this binding.
func (b ChannelBinding) matches(header string, input []byte) bool {
	ok := subtle.ConstantTimeCompare(input, append([]byte(header), b.Data...))
	if b.also != nil {
		ok |= subtle.ConstantTimeCompare(input, append([]byte(header), b.also...))
	}
	return ok == 1
}

// NewChannelBindings computes what a connection can be bound by: state after
// the handshake, and the certificate that this connection was given (nil when
// not known). crypto/tls does not tell the server later, so the caller notes it
// in GetCertificate.
//
//   - tls-exporter (RFC 9266) on TLS 1.3, and on TLS 1.2 with an extended master
//     secret, without which crypto/tls refuses to export.
//   - tls-unique (RFC 5929 section 3) on TLS 1.2 under the same condition:
//     clients that do not know XEP-0440 take it as the default there, and
//     RFC 5802 section 6.1, Default Channel Binding, makes it a MUST. Without an
//     extended master secret it does not bind (RFC 7677 section 4, Security
//     Considerations), and on TLS 1.3 it is not defined.
//   - tls-server-end-point (RFC 5929 section 4; XEP-0440 section 3, Business
//     Rules, makes it a MUST), but not on a resumed connection, in which no
//     certificate was sent.
func NewChannelBindings(state *tls.ConnectionState, cert *tls.Certificate) ChannelBindings {
	var bindings ChannelBindings
	if exporter, err := exporterBinding(state); err == nil {
		bindings = append(bindings, exporter)
		if state.TLSUnique != nil { // as it is on TLS 1.3
			bindings = append(bindings, ChannelBinding{Type: tlsUnique, Data: state.TLSUnique})
		}
	}
	if digest := endPointDigest(cert); digest != nil && !state.DidResume {
		bindings = append(bindings, ChannelBinding{Type: tlsServerEndPoint, Data: digest})
	}
	return bindings
}

// exporterBinding exports keying material (RFC 9266 section 2, The
// 'tls-exporter' Channel Binding Type): that label, 32 bytes, a context of
// length zero. COMPAT: on TLS 1.2 no context is not the same as an empty one,
// and GnuTLS, mellium and xdg-go clients give none; either value proves the
// same channel.
func exporterBinding(state *tls.ConnectionState) (ChannelBinding, error) {
	const label, length = "EXPORTER-Channel-Binding", 32
	data, err := state.ExportKeyingMaterial(label, []byte{}, length)
	if err != nil {
		return ChannelBinding{}, err
	}
	binding := ChannelBinding{Type: tlsExporter, Data: data}
	if state.Version < tls.VersionTLS13 {
		binding.also, err = state.ExportKeyingMaterial(label, nil, length)
	}
	return binding, err
}

// endPointDigest hashes a certificate as it was sent (RFC 5929 section 4.1,
// Description): with the hash of its signature, but SHA-256 in place of MD5 and
// SHA-1. A signature that names no hash or more than one leaves the binding
// undefined: of those that crypto/tls serves that is Ed25519, which has no hash
// to choose (its inner SHA-512 is part of the scheme). RSA-PSS has one: crypto/
// x509 knows only the parameters that use the same hash twice.
func endPointDigest(pair *tls.Certificate) []byte {
	cert := leafOf(pair)
	if cert == nil {
		return nil
	}
	leaf := cert.Raw
	switch cert.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.ECDSAWithSHA256, x509.SHA256WithRSAPSS:
		digest := sha256.Sum256(leaf)
		return digest[:]
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		digest := sha512.Sum384(leaf)
		return digest[:]
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		digest := sha512.Sum512(leaf)
		return digest[:]
	}
	return nil
}

// leafOf is the parsed certificate, nil if there is none.
func leafOf(pair *tls.Certificate) *x509.Certificate {
	switch {
	case pair == nil || len(pair.Certificate) == 0:
		return nil
	case pair.Leaf != nil:
		return pair.Leaf
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil
	}
	return cert
}
