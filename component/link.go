package component

import (
	"context"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/stream"
)

// link is one connection of a component.
type link struct {
	server *Server
	conn   *stream.Conn
	listen string
	at     *slot // nil before the handshake

	writers sync.WaitGroup
	mu      sync.Mutex
	queue   []byte
	waiting []*router.Packet // those in the queue
	lost    []*router.Packet // those whose write failed
	writing bool             // a writer runs
	closed  bool             // nothing more is queued
	err     *stanza.StreamError
}

// stuckAfter is how long a component may take for one piece of output.
const stuckAfter = time.Minute

func (s *Server) newLink(nc net.Conn, listen string) *link {
	return &link{
		server: s,
		listen: listen,
		conn: stream.NewConn(nc, stream.Options{
			Limits:   stanza.Limits{Bytes: s.Router.Config().Limits.BeforeLogin},
			Blocking: true, // there are few
		}),
	}
}

// serve is the life of the connection.
func (l *link) serve(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { l.close(stanza.StreamSystemShutdown) })()
	out, err := l.handshake(ctx)
	if err == nil && l.at != nil {
		s := l.server
		s.Log.Info("component connected", "component", l.at.Domain, "addr", l.conn.RemoteAddr().String())
		l.at.connect(l)
		out = nil
		err = l.read(ctx)
		l.at.disconnect(l)
		s.Log.Info("component disconnected", "component", l.at.Domain, "err", err)
	}
	l.end(ctx, out, err)
}

// handshake authenticates the component (XEP-0114 section 3, Protocol Flow): at
// is nil if it has left before. What it returns is to be written before the error.
func (l *link) handshake(ctx context.Context) (out []byte, err error) {
	c := l.server.Router.Config()
	if err := l.conn.SetDeadline(time.Now().Add(c.C2S.LoginTimeout)); err != nil {
		return nil, err
	}
	answer := stream.Answer{ContentNS: stanza.NSComponent, ID: stream.NewID()}
	at, err := l.opened(ctx)
	if at != nil {
		answer.From = at.Domain
	}
	// A header goes before every error (RFC 6120 section 4.9.1.2, Stream Errors
	// Can Occur During Setup).
	out = answer.Append(nil)
	if err != nil {
		return out, err
	}
	if err := l.conn.Write(out); err != nil {
		return nil, err
	}
	st, err := l.next(ctx)
	switch {
	case err != nil:
		return nil, err
	case st == nil:
		return nil, nil
	case !proves(st, answer.ID, at.Secret):
		l.server.Log.Warn("component refused", "component", at.Domain,
			"addr", l.conn.RemoteAddr().String())
		return nil, stanza.StreamNotAuthorized
	}
	l.at = at
	l.conn.SetLimits(stanza.Limits{Bytes: c.Limits.Stanza})
	if err := l.conn.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return nil, l.conn.Write([]byte("<handshake/>"))
}

// opened reads the component's header: its 'to' is the component's domain.
func (l *link) opened(ctx context.Context) (*slot, error) {
	for {
		tok, _, err := l.conn.Next(ctx)
		switch {
		case err != nil:
			return nil, err
		case tok == stanza.Opened:
			return l.find(l.conn.Header())
		}
	}
}

// find checks the header: an unknown domain is host-unknown, another content
// namespace invalid-namespace (XEP-0114 section 3, Protocol Flow).
func (l *link) find(h *stanza.Header) (*slot, error) {
	if err := stream.CheckHeader(h, stanza.NSComponent); err != nil {
		return nil, err
	}
	to, err := stanza.ParseJID(h.To)
	if err != nil {
		return nil, stanza.StreamHostUnknown
	}
	at := l.server.slots[to.String()]
	if at == nil || at.Listen != l.listen {
		return nil, stanza.StreamHostUnknown
	}
	return at, nil
}

// proves checks that an element is the hash of stream id and secret (XEP-0114
// section 3, Protocol Flow).
func proves(st *stanza.Stanza, id, secret string) bool {
	if st.Name != "handshake" || st.NS != stanza.NSComponent {
		return false
	}
	sum := sha1.Sum([]byte(id + secret))
	want := hex.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(st.Root().Text), []byte(want)) == 1
}

// next reads the next element; nil at the end of the stream.
func (l *link) next(ctx context.Context) (*stanza.Stanza, error) {
	for {
		tok, st, err := l.conn.Next(ctx)
		if err != nil || tok == stanza.Found || tok == stanza.Closed {
			return st, err
		}
	}
}

// read hands over what the component sends. A nil error is an orderly end.
func (l *link) read(ctx context.Context) error {
	line := l.server.Router.NewLine(router.Component)
	for {
		st, err := l.next(ctx)
		if err != nil || st == nil {
			return err
		}
		if err := l.check(st); err != nil {
			return err
		}
		if err := line.Put(ctx, st); err != nil {
			return err
		}
	}
}

// check applies the rules for what a component may send: both addresses must be
// there, and from must be at its own domain (XEP-0114 section 3).
func (l *link) check(st *stanza.Stanza) error {
	switch {
	case st.Kind == stanza.Other:
		return stanza.StreamUnsupportedStanzaType
	case st.BadTo || st.BadFrom || st.To.IsZero() || st.From.IsZero():
		return stanza.StreamImproperAddressing
	case st.From.Domain() != l.at.Domain:
		return stanza.StreamInvalidFrom
	}
	return nil
}

// close ends the stream with an error (RFC 6120 section 4.9.1.1, Stream Errors
// Are Unrecoverable); it does not block.
func (l *link) close(err *stanza.StreamError) {
	l.mu.Lock()
	first := l.err == nil
	if first {
		l.err = err
	}
	l.mu.Unlock()
	if first {
		_ = l.conn.Interrupt() // a connection that is closed needs no interruption
	}
}

// end writes what is queued, then the error and the end of the stream (RFC 6120
// section 4.4, Closing a Stream). The senders of what could not be written are told.
func (l *link) end(ctx context.Context, out []byte, err error) {
	defer l.giveBack(context.WithoutCancel(ctx))
	l.mu.Lock()
	l.closed = true
	wrong := l.err
	l.mu.Unlock()
	switch {
	case wrong != nil || err == nil || errors.As(err, &wrong):
	case errors.Is(err, os.ErrDeadlineExceeded):
		wrong = stanza.StreamConnectionTimeout
	default:
		l.conn.Close()
		l.writers.Wait()
		return
	}
	late := time.AfterFunc(l.server.Farewell, func() { l.conn.Close() })
	defer late.Stop()
	l.writers.Wait()
	l.conn.Farewell(stream.AppendError(out, wrong))
}
