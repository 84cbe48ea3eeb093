package c2s

import (
	"context"
	"errors"
	"os"

	"parley/router"
	"parley/stanza"
	"parley/stream"
)

// bindFeatures announce resource binding (RFC 6120 section 7.4, Advertising
// Support) and, for clients of RFC 3921 section 3, Session Establishment, the
// session request that does nothing any more.
const bindFeatures = "<bind xmlns='" + stanza.NSBind + "'/>" +
	"<session xmlns='" + stanza.NSSession + "'><optional/></session>"

// bindAttempts is how often a client may ask for a resource (RFC 6120 section
// 7.7.3, Retries).
const bindAttempts = 10

// bind waits for the request to bind a resource (RFC 6120 section 7, Resource
// Binding), or to resume a session, and returns the session with the answer. The
// session is nil if the connection has been closed.
func (c *client) bind(stop context.Context, n *stream.Negotiation) (*router.Session, string) {
	for range bindAttempts {
		st, err := c.bindRequest(stop)
		if err != nil || st == nil {
			return nil, c.refuse(err)
		}
		session, answer, err := c.grant(stop, n, st)
		switch {
		case err != nil:
			return nil, c.refuse(err)
		case session != nil:
			return session, answer
		case c.conn.Write([]byte(answer)) != nil:
			return nil, ""
		}
	}
	return nil, c.refuse(stanza.StreamPolicyViolation)
}

// grant answers one request. An error ends the stream; without a session the
// client may try again.
func (c *client) grant(ctx context.Context, n *stream.Negotiation, st *stanza.Stanza) (
	*router.Session, string, error) {
	switch st.Name {
	case "resume":
		return c.resume(ctx, n.JID, attrs(st))
	case "enable":
		return nil, unexpected, nil
	}
	session, err := c.session(ctx, n.JID, resource(st))
	if err != nil {
		return nil, c.text(st.ErrorReply(c.stanzaError(n, err))), nil
	}
	return session, c.text(st.Result(boundJID(session))), nil
}

// session binds a resource of the account that has logged in.
func (c *client) session(ctx context.Context, bare stanza.JID, resource string) (
	s *router.Session, err error) {
	a, err := c.account(ctx, bare)
	if err != nil {
		return nil, err
	}
	return a.Bind(ctx, resource, c)
}

// account is whose resource is bound. A guest's is made for it.
func (c *client) account(ctx context.Context, bare stanza.JID) (a *router.Account, err error) {
	if !c.anonymous {
		return c.server.Router.Binding(ctx, bare)
	}
	if c.guest == nil {
		c.guest, err = c.server.Router.Guest(ctx, bare)
	}
	return c.guest, err
}

// stanzaError is what a client is told whose binding failed.
func (c *client) stanzaError(n *stream.Negotiation, err error) *stanza.Error {
	var e *stanza.Error
	if errors.As(err, &e) {
		return e
	}
	c.server.Log.Error("bind resource", "jid", n.JID.String(), "err", err)
	return stanza.InternalServerError
}

// bindRequest reads up to a request to bind or of stream management. Nothing else
// may come before it (RFC 6120 section 7.1, Fundamentals): the error is then a
// stream error, and both are nil when the client has left.
func (c *client) bindRequest(stop context.Context) (*stanza.Stanza, error) {
	for {
		tok, st, err := c.conn.Next(stop)
		switch {
		case err != nil:
			return nil, c.readError(stop, err)
		case tok == stanza.Closed:
			return nil, nil
		case tok != stanza.Found:
		case requests(st):
			return st, nil
		case st.Kind == stanza.Other:
			return nil, stanza.StreamUnsupportedStanzaType
		case isBind(st):
			return st, nil
		default:
			return nil, stanza.StreamNotAuthorized
		}
	}
}

func isBind(st *stanza.Stanza) bool {
	return st.Kind == stanza.IQ && st.Type == "set" && st.Has(stanza.NSBind, "bind")
}

// readError is what is said to a client from which nothing more is read; an
// error that is no stream error is said by nobody.
func (c *client) readError(stop context.Context, err error) error {
	switch {
	case stop.Err() != nil:
		return stanza.StreamSystemShutdown
	case errors.Is(err, os.ErrDeadlineExceeded):
		return stanza.StreamConnectionTimeout
	}
	return err
}

// refuse ends a connection before it is a session. The text is always empty.
func (c *client) refuse(err error) string {
	var e *stanza.StreamError
	switch {
	case err == nil || errors.As(err, &e):
		c.conn.Farewell(stream.AppendError(nil, e))
	default:
		c.conn.Close()
	}
	return ""
}

// resource is the wish in a request to bind (RFC 6120 section 7.7, Client-
// Submitted Resource Identifier), "" if the server is to choose (section 7.6).
func resource(iq *stanza.Stanza) string {
	child, _ := iq.Child(stanza.NSBind, "bind")
	return iq.Element(child).ChildText("", "resource")
}

// boundJID is the payload of the answer (RFC 6120 section 7.6.1, Success Case).
func boundJID(session *router.Session) string {
	var b stanza.Builder
	b.Start("bind", stanza.NSBind).Elem("jid", "", session.JID.String())
	return b.End().String()
}

// text is a stanza as it goes to this client.
func (c *client) text(st *stanza.Stanza) string { return string(st.Append(nil, nil, c.Out())) }

// answer answers those requests of a bound session that concern the stream. It
// is false for all others.
func (c *client) answer(iq *stanza.Stanza) bool {
	if iq.Type != "set" || !iq.To.IsZero() {
		return false
	}
	session := c.bound.Load()
	switch {
	case iq.Has(stanza.NSBind, "bind"):
		// One resource for one stream (RFC 6120 section 7.6.2.2, Not Allowed).
		session.Answer(iq, iq.ErrorReply(stanza.NotAllowed))
	case iq.Has(stanza.NSSession, "session"):
		session.Answer(iq, iq.Result(""))
	default:
		return false
	}
	return true
}
