package stream

import "crypto/tls"

// ClientTLSOptions of ClientTLS.
type ClientTLSOptions struct {
	// ServerName is the domain that the peer is to be, in A-labels.
	ServerName string

	// Protocol is the ALPN protocol of a connection that is TLS from the
	// start, "" for STARTTLS (XEP-0368 section 3, Requirements).
	Protocol string

	// Certificate gives the certificate that is shown to a peer that asks for
	// one.
	Certificate func() (*tls.Certificate, error)
}

// ClientTLS makes the configuration of the initiating entity (RFC 7590 section
// 3, Recommendations). The peer's certificate is not verified: whether it must
// be valid is policy, so the caller looks at Conn.TLS afterwards.
func ClientTLS(o ClientTLSOptions) *tls.Config {
	c := &tls.Config{
		MinVersion:                  tls.VersionTLS12,
		ServerName:                  o.ServerName,
		InsecureSkipVerify:          true,
		DynamicRecordSizingDisabled: true,
		// Whatever authorities the peer names: it may believe dialback all the
		// same, and shows by its features what it makes of ours.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return o.Certificate()
		},
	}
	if o.Protocol != "" {
		c.NextProtos = []string{o.Protocol}
	}
	return c
}
