package router

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/stanza"
	"parley/store"
)

// NotResumedError says that there is no such session any more. Handled, if that
// is known, is how many of its client's stanzas were finished.
type NotResumedError struct{ Handled *uint32 }

// Error implements error.
func (*NotResumedError) Error() string { return "router: no session to resume" }

// TooHighError says that a client acknowledges more than it was sent (XEP-0198
// section 6, Error Handling).
type TooHighError struct{ Handled, Sent uint32 }

// Error implements error.
func (*TooHighError) Error() string { return "router: more acknowledged than was sent" }

// takeOver is how long a stream may take to let go of its session.
const takeOver = 5 * time.Second

// Resume gives the session with that id to a new stream of the account that has
// authenticated (XEP-0198 section 5, Resumption). If it still has a stream, that
// is replaced at once. h is what the client has handled; what it has not is
// handed out again. handled is what the client is to be told.
//
// The error is *NotResumedError, *TooHighError, or one of waiting for what the old
// stream has sent; the session then goes on to wait.
func (r *Router) Resume(ctx context.Context, bare stanza.JID, id string, h uint32, st Stream) (
	s *Session, handled uint32, err error) {
	a, err := r.Account(ctx, bare)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, 0, &NotResumedError{}
	case err != nil:
		return nil, 0, fmt.Errorf("load account: %w", err)
	}
	s, m := a.resumable(id)
	if s == nil {
		return nil, 0, r.notResumed(ctx, a, id)
	}
	m.taker.Lock()
	defer m.taker.Unlock()
	wait, cancel := context.WithTimeout(ctx, takeOver)
	defer cancel()
	if err := s.replace(wait, m); err != nil {
		return nil, 0, err
	}
	if err := s.line.Flush(wait); err != nil {
		return nil, 0, err
	}
	if sent, ok := s.Acknowledged(h); !ok {
		return nil, 0, &TooHighError{h, sent}
	}
	if !s.attach(m, st) {
		return nil, 0, r.notResumed(ctx, a, id)
	}
	// (XEP-0352 section 5.2, Interaction with Stream Resumption)
	s.SetInactive(false)
	for _, fn := range s.Host.resumed {
		fn(ctx, s, m.parked)
	}
	m.parked = false
	return s, s.Handled(), nil
}

// OnResume is told of a session that has a stream again. What is sent to it now
// comes behind what it was sent before. parked says that it was made by an earlier
// process, so that it may have missed what others have sent.
func (h *Host) OnResume(fn func(ctx context.Context, s *Session, parked bool)) {
	h.resumed = append(h.resumed, fn)
}

// notResumed says what is known of a session that is there no more.
func (r *Router) notResumed(ctx context.Context, a *Account, id string) error {
	n, err := r.Store.Resumable(ctx, a.ID, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &NotResumedError{}
	case err != nil:
		return err
	}
	return &NotResumedError{&n}
}

// resumable finds a session by its id.
func (a *Account) resumable(id string) (*Session, *managed) {
	for _, s := range a.Sessions() {
		if m := s.managed.Load(); m != nil && s.Resumable() && m.ID == id {
			return s, m
		}
	}
	return nil, nil
}

// replace waits until the session has no stream.
func (s *Session) replace(ctx context.Context, m *managed) error {
	m.mu.Lock()
	left := m.left
	m.mu.Unlock()
	if old, ok := s.Stream().(Replaced); ok {
		// (XEP-0198 section 5, Resumption: a conflict for the old stream)
		old.Replace(stanza.StreamConflict)
	}
	select {
	case <-left:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attach gives the session its new stream. It is false if it has ended.
func (s *Session) attach(m *managed, st Stream) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over {
		return false
	}
	m.timer.Stop()
	m.since, m.left = time.Time{}, make(chan struct{})
	s.line.Park() // what the old stream has begun to read into
	s.stream.Store(&st)
	s.queue.resume()
	m.away.Store(false)
	s.Host.Router.Metrics.Detached(-1)
	return true
}
