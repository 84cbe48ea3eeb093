package router

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/stanza"
	"parley/store"
)

// drain is how long a session that ends or is replaced may take to finish
// what its client has sent.
const drain = 10 * time.Second

// Binding is the account of who has authenticated and is about to bind: it may have
// been deleted since then (RFC 6120 section 7.6.2.2, Not Allowed).
func (r *Router) Binding(ctx context.Context, bare stanza.JID) (*Account, error) {
	a, err := r.Account(ctx, bare)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, stanza.NotAllowed
	case err != nil:
		return nil, fmt.Errorf("load account: %w", err)
	}
	return a, nil
}

// Bind makes a session for a stream that has authenticated (RFC 6120 section
// 7). wish "" lets the server choose; an error is the stanza error of section
// 7.6.2 or 7.7.2 (Error Cases). The conflict policy is the configuration's:
// the newer session ends the older one's stream, or is refused.
func (a *Account) Bind(ctx context.Context, wish string, s Stream) (*Session, error) {
	n, err := a.session(wish, s)
	if err != nil {
		return nil, err
	}
	return n, n.enter(ctx)
}

// BindManaged is Bind for a client that enables stream management with the same
// request (XEP-0198 section 9.1, Enable Stream Management Inline); see
// Session.Manage. All that the session gets is counted: the stream says so first.
func (a *Account) BindManaged(ctx context.Context, wish string, s Stream, resume bool,
	most time.Duration) (*Session, Management, error) {
	n, err := a.session(wish, s)
	if err != nil {
		return nil, Management{}, err
	}
	m := n.manage(resume, most)
	n.queue.hold("")
	n.managed.Store(m)
	return n, m.Management, n.enter(ctx)
}

// session makes a session that nobody knows of.
func (a *Account) session(wish string, s Stream) (*Session, error) {
	if wish == "" {
		// RFC 6120 section 7.6 wants a resourcepart that nobody can guess.
		wish = rand.Text()
	}
	full, err := a.JID.WithResource(wish)
	if err != nil {
		return nil, stanza.BadRequest // RFC 6120 section 7.7.2.1, Bad Request
	}
	a = a.Host.Router.accounts.keep(a)
	n := &Session{JID: full, Account: a, Host: a.Host, Since: time.Now(), first: s,
		stamp: stanza.NewStamp(full), bound: make(chan struct{})}
	n.stream.Store(&n.first)
	n.line.router, n.line.origin, n.line.sender = a.Host.Router, Local, n
	return n, nil
}

// enter gives the session its place in its account.
func (n *Session) enter(ctx context.Context) error {
	a := n.Account
	for {
		old, err := a.join(n)
		if err != nil {
			return err
		}
		if old == nil {
			break
		}
		// RFC 6120 section 7.7.2.2, Conflict: the older stream is closed. Its
		// presence is withdrawn before the newer session can announce its own.
		old.refuse(stanza.StreamConflict)
		old.leave(ctx)
	}
	defer close(n.bound)
	a.Host.Router.Metrics.Sessions(1)
	for _, fn := range a.Host.bound {
		fn(ctx, n)
	}
	return nil
}

// join adds a session, or says which older one is in its way.
func (a *Account) join(n *Session) (old *Session, err error) {
	c := a.Host.Router.Config()
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.Sessions()
	old = a.Session(n.JID.Resource())
	switch {
	case a.deleted || a.disabled:
		return nil, stanza.NotAllowed // RFC 6120 section 7.6.2.2, Not Allowed
	case old != nil && c.C2S.Conflict == "older" && !old.Detached():
		return nil, stanza.Conflict.WithType(stanza.Modify)
	case old != nil:
		return old, nil
	case len(list) >= c.Limits.Sessions:
		// RFC 6120 section 7.6.2.1, Resource Constraint; but who waits for its
		// client makes room for one that is there.
		if old = oldestAway(list); old != nil {
			return old, nil
		}
		return nil, stanza.ResourceConstraint
	}
	list = append(slices.Clip(list), n)
	a.sessions.Store(&list)
	return nil, nil
}

// oldestAway is the session that has been without a stream for longest.
func oldestAway(list []*Session) (old *Session) {
	for _, s := range list {
		if s.Detached() && (old == nil || s.DetachedSince().Before(old.DetachedSince())) {
			old = s
		}
	}
	return old
}

// End ends the session: it leaves the account when its line has run empty,
// modules withdraw its presence, and what its queue still owes goes where
// Host.OnLost puts it. The stream calls it when it will read and write no more;
// to call it again does no harm.
func (s *Session) End(ctx context.Context) {
	s.line.close()
	m := s.managed.Load()
	var first, detached bool
	if m != nil {
		first, detached = m.close(s.Host.Router)
	}
	s.leave(ctx)
	if first {
		s.forget(m, detached)
	}
	dropped, owed := s.queue.close()
	s.Host.Router.Metrics.Queue(-dropped)
	s.let(owed, false)
	if m != nil {
		s.giveBack(owed, m.known)
	}
}

// Flush waits until everything that the client has sent is finished: its answers
// are then queued.
func (s *Session) Flush(ctx context.Context) error { return s.line.Flush(ctx) }

// leave takes the session, whose line is closed, out of its account and tells
// the modules, once; whoever comes second waits for the first. It waits for the
// line before that, so that who does not (DeleteAccount) need not wait for it.
func (s *Session) leave(ctx context.Context) {
	wait, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	select {
	case <-s.bound:
	case <-wait.Done():
	}
	_ = s.line.Flush(wait) // what is late is finished all the same, without this session
	s.unbound.Do(func() { s.depart(ctx) })
}

// depart is leave without waiting for the line.
func (s *Session) depart(ctx context.Context) {
	a := s.Account
	a.mu.Lock()
	list := slices.DeleteFunc(slices.Clone(a.Sessions()), func(o *Session) bool { return o == s })
	a.sessions.Store(&list)
	a.mu.Unlock()
	s.Host.Router.Metrics.Sessions(-1)
	if m := s.managed.Load(); m != nil {
		m.known = s.known(ctx)
	}
	for _, fn := range s.Host.unbound {
		fn(ctx, s)
	}
}
