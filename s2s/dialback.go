package s2s

import (
	"context"
	"errors"

	"parley/stanza"
)

// dialback takes a dialback element.
func (l *link) dialback(_ context.Context, st *stanza.Stanza) error {
	d, ok := parseDialback(st)
	switch {
	case !ok && (st.From.IsZero() || st.To.IsZero()):
		// (RFC 6120 section 4.9.3.7, improper-addressing)
		return stanza.StreamImproperAddressing
	case !ok:
		return stanza.StreamBadFormat.WithText("not a dialback element")
	case !d.request():
		l.answered(d)
	case l.dir == incoming || l.bidi:
		l.request(d)
	}
	// A request against the direction of a stream is as good as none (XEP-0220
	// section 3.1, Unsolicited Dialback).
	return nil
}

// request answers what an initiating or a receiving server asks.
func (l *link) request(d dialback) {
	var e *stanza.Error
	if d.name == dbVerify {
		e = l.authoritative(d)
	} else {
		e = l.receiving(d)
	}
	if e != nil {
		l.server.Log.Info("dialback refused", "kind", d.name, "from", d.from, "to", d.to,
			"condition", e.Condition)
		l.say(d.replyError(e).append(nil))
	}
}

// common is what is asked of every request (XEP-0220 section 2.5, Dialback Error
// Conditions).
func (l *link) common(d dialback) *stanza.Error {
	c := l.server.config()
	switch {
	case l.server.Router.Host(d.to) == nil:
		return stanza.ItemNotFound
	case !c.Federates(d.from), l.server.Router.Host(d.from) != nil:
		// Nobody else is one of our domains, even where a certificate of the same
		// owner has a wildcard that fits.
		return stanza.PolicyViolation
	case c.Peering(d.from).RequireTLS && l.conn.TLS() == nil:
		return stanza.PolicyViolation
	}
	return nil
}

// authoritative says whether a key is ours (XEP-0220 section 2.2.2,
// Authoritative Server Handles Inbound Verification Request from Receiving
// Server).
func (l *link) authoritative(d dialback) *stanza.Error {
	if e := l.common(d); e != nil {
		return e
	}
	typ := dbInvalid
	if keyValid(l.server.Secret, d) {
		typ = dbValid
	}
	l.say(d.reply(typ).append(nil))
	return nil
}

// receiving finds out whether the peer is who it says it is (XEP-0220 section
// 2.2.1, Receiving Server Handles Inbound Authorization Request from Initiating
// Server).
func (l *link) receiving(d dialback) *stanza.Error {
	s := l.server
	if e := l.common(d); e != nil {
		return e
	}
	pr := pair{d.to, d.from}
	l.mu.Lock()
	known := l.pairs[pr] || l.pairs[pair{"", d.from}]
	full := len(l.pairs) >= mostPairs || l.checks >= mostChecks
	l.mu.Unlock()
	if known {
		l.say(d.reply(dbValid).append(nil))
		return nil
	}
	if full {
		return stanza.ResourceConstraint
	}
	err := l.certificate(d.from)
	switch {
	case err == nil:
		// A good certificate proves more than the key (XEP-0220 section 1.2, What
		// Dialback Accomplishes).
		l.believe(d, byExternal)
		return nil
	case s.config().Peering(d.from).CertificateOnly:
		s.note(d.from, err)
		return stanza.NotAuthorized
	}
	l.mu.Lock()
	l.checks++
	l.mu.Unlock()
	s.run(func(ctx context.Context) { l.check(ctx, d) })
	return nil
}

// believe tells the peer that it is believed.
func (l *link) believe(d dialback, how string) {
	pr := pair{d.to, d.from}
	l.prove(pr, how)
	l.say(d.reply(dbValid).append(nil))
	l.mayReturn(pr)
}

// check asks the authoritative server (XEP-0220 section 2.1.2, Receiving Server
// Generates Outbound Request for Verification of Initiating Server by
// Authoritative Server).
func (l *link) check(ctx context.Context, d dialback) {
	s := l.server
	ctx, cancel := context.WithTimeout(ctx, s.config().S2S.ConnectTimeout)
	defer cancel()
	stop := context.AfterFunc(l.life, cancel) // or many could be left behind
	defer stop()
	valid, err := s.verify(ctx, l, dialback{name: dbVerify, from: d.to, to: d.from, id: l.id,
		text: d.text})
	l.mu.Lock()
	l.checks--
	others := len(l.pairs) > 0
	l.mu.Unlock()
	switch {
	case l.life.Err() != nil:
		return
	case err != nil:
		s.note(d.from, err)
		l.say(d.replyError(checkError(err)).append(nil))
	case valid:
		l.believe(d, byDialback)
	case others:
		// The others go on (XEP-0220 section 2.2.1, last paragraph).
		l.say(d.replyError(stanza.Forbidden).append(nil))
	default:
		l.say(d.reply(dbInvalid).append(nil))
		l.close(nil)
	}
	s.Log.Info("dialback", "from", d.from, "to", d.to, "valid", valid, "err", err,
		"addr", l.conn.RemoteAddr().String())
}

// checkError is the error for an initiating server whose key could not be
// verified (XEP-0220 section 2.5, Dialback Error Conditions, Table 1).
func checkError(err error) *stanza.Error {
	var refused *dialbackError
	switch {
	case notFound(err) || errors.As(err, &refused):
		return stanza.RemoteServerNotFound
	case errors.Is(err, errGone) || errors.Is(err, context.DeadlineExceeded):
		return stanza.RemoteServerTimeout
	}
	return &stanza.Error{Type: stanza.Cancel, Condition: "remote-connection-failed"}
}

// verify asks the authoritative server of a domain whether a key is its own,
// never on the link that the key came on (XEP-0288 section 2.2, Negotiation).
func (s *Server) verify(ctx context.Context, not *link, q dialback) (bool, error) {
	if l := s.outTo(q.to, not); l != nil {
		if a, err := l.exchange(ctx, q); err == nil {
			return a.typ == dbValid, nil
		}
	}
	l, err := s.dial(ctx, pair{q.from, q.to}, verify,
		func(context.Context, *link) error { return nil })
	if err != nil {
		return false, err
	}
	// (XEP-0220 section 2.1.2: such a connection is closed at once)
	defer l.close(nil)
	a, err := l.exchange(ctx, q)
	return err == nil && a.typ == dbValid, err
}

// outTo is a link that we have opened to a domain, nil if there is none.
func (s *Server) outTo(domain string, not *link) *link {
	for _, l := range s.list() {
		if l != not && l.dir == outgoing && l.remote == domain && l.anyProven() && l.isOpen() {
			return l
		}
	}
	return nil
}

func (l *link) isOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed
}

// ours proves to the peer that we are the local domain of a pair (XEP-0220
// section 2.1.1, Initiating Server Generates Outbound Request for Authorization
// by Receiving Server).
func (l *link) ours(ctx context.Context, pr pair) error {
	a, err := l.exchange(ctx, dialback{name: dbResult, from: pr.local, to: pr.remote,
		text: dialbackKey(l.server.Secret, pr.remote, pr.local, l.id)})
	if err != nil {
		return err
	}
	if a.typ != dbValid {
		return errInvalidKey
	}
	return nil
}

// exchange sends a request and waits for the answer on the same stream.
func (l *link) exchange(ctx context.Context, q dialback) (dialback, error) {
	key := q.reply("")
	ch := make(chan dialback, 1)
	l.mu.Lock()
	if l.closed || l.questions[key] != nil {
		l.mu.Unlock()
		return dialback{}, errGone
	}
	l.questions[key] = ch
	l.control = q.append(l.control)
	l.wake()
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.questions, key)
		l.mu.Unlock()
	}()
	select {
	case a, ok := <-ch:
		switch {
		case !ok:
			return a, l.cause
		case a.typ == dbError:
			return a, &dialbackError{name: q.name, domain: q.to, condition: a.condition}
		}
		return a, nil
	case <-ctx.Done():
		return dialback{}, ctx.Err()
	}
}

// answered gives an answer to who asked on this stream. What nobody asked here
// proves nothing (XEP-0220 section 3.1, Unsolicited Dialback).
func (l *link) answered(a dialback) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := dialback{name: a.name, from: a.from, to: a.to, id: a.id}
	ch := l.questions[key]
	delete(l.questions, key)
	if ch == nil {
		l.server.Log.Warn("unsolicited dialback", "from", a.from, "to", a.to,
			"addr", l.conn.RemoteAddr().String())
		return
	}
	ch <- a
}

// unanswered tells those who wait for an answer that there will be none.
func (l *link) unanswered(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cause = errGone
	var wrong *peerError
	if errors.As(err, &wrong) {
		l.cause = wrong
	}
	for key, ch := range l.questions {
		close(ch)
		delete(l.questions, key)
	}
}

// mayReturn lets what goes to a proven peer take the peer's own connection, if
// the peer wants that (XEP-0288 section 2.2, Negotiation).
func (l *link) mayReturn(pr pair) {
	if l.bidi && l.dir == incoming {
		if r := l.server.route(pr); r != nil {
			l.attach(r)
		}
	}
}
