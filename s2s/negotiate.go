package s2s

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"parley/stanza"
	"parley/stream"
)

// initiate negotiates up to where stanzas or dialback may follow (RFC 6120
// section 4.3.7, Flow Chart).
func (l *link) initiate(ctx context.Context, use purpose) error {
	stop := context.AfterFunc(ctx, func() { _ = l.conn.Interrupt() })
	defer stop()
	err := l.negotiate(ctx, use)
	var op *net.OpError
	alert := errors.As(err, &op) && op.Op == "remote error"
	silent := err != nil && l.conn.TLS() != nil && l.id == ""
	if (alert || silent) && use == carry {
		// A TLS alert: a peer that takes only certificates for clients, or none
		// that it cannot verify, ends the handshake over ours. In TLS 1.3 it is
		// over for us by then, and the alert may be lost with the connection.
		l.disliked = true
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", ctx.Err(), err)
	}
	return err
}

// takeLeave ends a negotiation that has failed: with the error if the peer's input
// is at fault (RFC 6120 section 4.9.1.1, Stream Errors Are Unrecoverable), without
// a word where TLS was begun (section 5.4.3.2, TLS Failure).
func (l *link) takeLeave(err error) {
	var wrong *stanza.StreamError
	errors.As(err, &wrong)
	if l.speaks && l.conn.SetDeadline(time.Now().Add(time.Second)) == nil {
		_ = l.conn.Write(stream.AppendError(nil, wrong)) // it may be gone
	}
	l.drop()
}

func (l *link) negotiate(ctx context.Context, use purpose) error {
	c := l.server.config()
	rules := c.Peering(l.remote)
	// A deadline beside the interruption, for writing.
	if err := l.conn.SetDeadline(time.Now().Add(c.S2S.ConnectTimeout)); err != nil {
		return err
	}
	if l.direct {
		if err := l.clientTLS(ctx, protocol, use); err != nil {
			return err
		}
	}
	f, err := l.header(ctx)
	if err != nil {
		return err
	}
	if !l.direct {
		if f, err = l.secure(ctx, f, rules.RequireTLS, use); err != nil {
			return err
		}
	}
	if err := l.certificate(l.remote); err != nil {
		if rules.CertificateOnly {
			return err
		}
		l.server.Log.Debug("certificate of server", "peer", l.remote, "err", err)
	}
	if use != verify {
		if err := l.authenticate(ctx, f, use); err != nil {
			return err
		}
	}
	return l.conn.SetDeadline(time.Time{})
}

// header opens a stream and reads the peer's header and features.
func (l *link) header(ctx context.Context) (*stanza.Stanza, error) {
	// (XEP-0220 section 2.4.1, Traditional Dialback)
	a := stream.Answer{ContentNS: stanza.NSServer, From: l.local, To: l.remote, Version: true,
		Declare: map[string]string{"db": nsDialback}}
	if err := l.conn.Write(a.Append(nil)); err != nil {
		return nil, err
	}
	l.speaks = true
	for {
		tok, _, err := l.conn.Next(ctx)
		switch {
		case err != nil:
			return nil, err
		case tok == stanza.Opened:
			h := l.conn.Header()
			if err := stream.CheckHeader(h, stanza.NSServer); err != nil {
				return nil, err
			}
			l.id = h.ID
			if h.Version == "" {
				// There are no features before 1.0, but there is dialback (RFC 6120
				// section 4.7.5, version).
				return stanza.Parse("<features/>")
			}
			return l.offered(ctx)
		}
	}
}

// offered reads the features of a stream that was just opened.
func (l *link) offered(ctx context.Context) (*stanza.Stanza, error) {
	st, err := l.next(ctx)
	if err != nil {
		return nil, err
	}
	if st.NS != stanza.NSStream || st.Name != "features" {
		return nil, fmt.Errorf("the peer sends %s instead of stream features", st.Name)
	}
	l.smOffered, l.maxBytes = st.Has(stanza.NSManagement, "sm"), l.limit(st)
	if c, ok := st.Child(nsDialbackFeatures, "dialback"); ok {
		l.errors = st.Element(c).Child(nsDialbackFeatures, "errors") != nil
	}
	return st, nil
}

// limit is what the peer says about the size of stanzas (XEP-0478 section 3.1,
// Server advertises limits to connecting entity), 0 if nothing.
func (l *link) limit(st *stanza.Stanza) int {
	const ns = "urn:xmpp:stream-limits:0"
	c, ok := st.Child(ns, "limits")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(st.Element(c).ChildText(ns, "max-bytes"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// next reads the next element; the end of the stream is an error.
func (l *link) next(ctx context.Context) (*stanza.Stanza, error) {
	for {
		tok, st, err := l.conn.Next(ctx)
		switch {
		case err != nil:
			return nil, err
		case tok == stanza.Closed:
			return nil, errEnded
		case tok == stanza.Found && st.NS == stanza.NSStream && st.Name == "error":
			return nil, streamError(st)
		case tok == stanza.Found:
			return st, nil
		}
	}
}

// secure switches to TLS (RFC 6120 section 5.4, Process).
func (l *link) secure(ctx context.Context, f *stanza.Stanza, required bool, use purpose) (
	*stanza.Stanza, error) {
	if !f.Has(stanza.NSTLS, "starttls") {
		if required {
			return nil, errTLSNeeded
		}
		return f, nil
	}
	if err := l.conn.Write([]byte("<starttls xmlns='" + stanza.NSTLS + "'/>")); err != nil {
		return nil, err
	}
	st, err := l.next(ctx)
	if err != nil {
		return nil, err
	}
	if st.NS != stanza.NSTLS || st.Name != "proceed" {
		return nil, errors.New("the peer refuses STARTTLS though it has offered it")
	}
	if err := l.clientTLS(ctx, "", use); err != nil {
		return nil, err
	}
	return l.header(ctx)
}

func (l *link) clientTLS(ctx context.Context, protocol string, use purpose) error {
	l.speaks = false
	name, _ := asciiName(l.remote)
	l.id = "" // that of the stream before is over
	cert := func() (*tls.Certificate, error) { return l.server.Certificate(l.local) }
	if use == keyOnly {
		cert = func() (*tls.Certificate, error) { return new(tls.Certificate), nil }
	}
	return l.conn.StartClientTLS(ctx, stream.ClientTLS(stream.ClientTLSOptions{
		ServerName: name, Protocol: protocol, Certificate: cert,
	}))
}

// authenticate uses EXTERNAL where the peer offers it (XEP-0178 section 3,
// Server-to-Server Recommendation). Where it does not, or fails, dialback
// follows.
func (l *link) authenticate(ctx context.Context, f *stanza.Stanza, use purpose) error {
	if f.Has(nsBidiFeature, "bidi") && l.conn.TLS() != nil {
		// (XEP-0288 section 2.2, Negotiation; XEP-0478 section 3.2, Connecting
		// server announces limits on bidirectional stream)
		c := l.server.config()
		l.bidi = true
		bidi := "<bidi xmlns='" + nsBidi + "'>" + stream.LimitsFeature(c.S2S.StanzaBytes, c.S2S.Idle) +
			"</bidi>"
		if err := l.conn.Write([]byte(bidi)); err != nil {
			return err
		}
	}
	if use == keyOnly || !hasExternal(f) || l.conn.TLS() == nil {
		if !l.dialbackOffered(f) {
			return errNoWay
		}
		return nil
	}
	return l.external(ctx, f)
}

// external authenticates by SASL EXTERNAL, or leaves it to dialback.
func (l *link) external(ctx context.Context, f *stanza.Stanza) error {
	// The authorization identity is for older servers.
	auth := "<auth xmlns='" + stanza.NSSASL + "' mechanism='EXTERNAL'>" +
		base64.StdEncoding.EncodeToString([]byte(l.local)) + "</auth>"
	if err := l.conn.Write([]byte(auth)); err != nil {
		return err
	}
	l.disliked = l.dialbackOffered(f)
	st, err := l.next(ctx)
	switch {
	case err != nil:
		return err
	case st.NS == stanza.NSSASL && st.Name == "success":
		l.disliked = false
		l.conn.Restart()
		l.sasl = true
		_, err := l.header(ctx)
		return err
	case st.NS == stanza.NSSASL && st.Name == "failure" && l.dialbackOffered(f):
		return nil
	}
	return fmt.Errorf("the peer refuses our certificate by %s", failureOf(st))
}

// dialbackOffered says whether the peer knows dialback (XEP-0220 section 2.4,
// Advertisement).
func (l *link) dialbackOffered(f *stanza.Stanza) bool {
	if f.Has(nsDialbackFeatures, "dialback") {
		return true
	}
	for _, ns := range l.conn.Header().Prefixes {
		if ns == nsDialback {
			return true
		}
	}
	return false
}

func hasExternal(f *stanza.Stanza) bool {
	c, ok := f.Child(stanza.NSSASL, "mechanisms")
	return ok && slices.ContainsFunc(f.Element(c).Children, func(e *stanza.Element) bool {
		return e.Name == "mechanism" && e.Text == "EXTERNAL"
	})
}

// failureOf is the condition of a SASL failure.
func failureOf(st *stanza.Stanza) string {
	for _, c := range st.Children() {
		if c.Name != "text" {
			return c.Name
		}
	}
	return st.Name
}
