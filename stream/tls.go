package stream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// TLSOptions of ServerTLS.
type TLSOptions struct {
	// Certificate is asked for each connection for the certificate of a
	// domain; name is "" if the peer named none.
	Certificate func(name string) (*tls.Certificate, error)

	// Protocol is the ALPN protocol of a listener that is TLS from the start,
	// "" for STARTTLS. A peer that offers only others is refused, one that
	// offers none is not (XEP-0368 section 3, Requirements).
	Protocol string

	// AskCert asks for a client certificate without checking it: whoever uses
	// it verifies it (XEP-0178).
	AskCert bool
}

// ServerTLS makes the configuration of the receiving entity (RFC 7590 section
// 3, Recommendations). One serves all connections; Conn.Cert tells which
// certificate each was given.
func ServerTLS(o TLSOptions) *tls.Config {
	c := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: o.certificate,
		// A resumed session would not tell which certificate it was made with,
		// which channel binding needs (RFC 5929 section 4.1, Description).
		SessionTicketsDisabled: true,
		// Output comes in large pieces: small records would only cost more.
		DynamicRecordSizingDisabled: true,
	}
	if o.Protocol != "" {
		c.NextProtos = []string{o.Protocol}
	}
	if o.AskCert {
		c.ClientAuth = tls.RequestClientCert
	}
	return c
}

// certificate chooses by server name, or by the stream's 'to' for a client that
// sends none (RFC 6120 section 5.3.6, TLS Extensions).
func (o TLSOptions) certificate(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := h.ServerName
	s, ours := h.Conn.(socket)
	if ours && name == "" {
		name = s.note().domain
	}
	cert, err := o.Certificate(name)
	if ours && err == nil {
		s.note().cert = cert
	}
	return cert, err
}

// SetDomain notes which domain the peer wants, for StartTLS.
func (c *Conn) SetDomain(domain string) { c.sock.note().domain = domain }

// StartTLS does the handshake (RFC 6120 section 5.4.3, TLS Negotiation). What
// was read before is forgotten: it came unprotected, and must not be taken for
// something sent under TLS (section 5.4.3.3, TLS Success). What the system has
// received and we have not read goes into the handshake and fails it. Then a
// new stream header is expected.
func (c *Conn) StartTLS(ctx context.Context, config *tls.Config) error {
	return c.handshake(ctx, tls.Server(c.sock, config))
}

// StartClientTLS is StartTLS for who has opened the connection.
func (c *Conn) StartClientTLS(ctx context.Context, config *tls.Config) error {
	return c.handshake(ctx, tls.Client(c.sock, config))
}

func (c *Conn) handshake(ctx context.Context, t *tls.Conn) error {
	c.in.drop()
	c.scan.Reset()
	if err := t.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	c.tls = t
	return nil
}

// TLS is the state of the TLS layer, nil before TLS.
func (c *Conn) TLS() *tls.ConnectionState {
	if c.tls == nil {
		return nil
	}
	s := c.tls.ConnectionState()
	return &s
}

// Cert is the certificate that the peer was given, nil before TLS.
func (c *Conn) Cert() *tls.Certificate { return c.sock.note().cert }

// PeerCert is the certificate that the peer has shown, nil if none. Nobody has
// verified it.
func (c *Conn) PeerCert() *x509.Certificate {
	if s := c.TLS(); s != nil && len(s.PeerCertificates) > 0 {
		return s.PeerCertificates[0]
	}
	return nil
}
