package s2s

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/s2s/resolve"
)

// purpose is what a connection is for.
type purpose uint8

const (
	carry   purpose = iota // stanzas
	keyOnly                // stanzas, but without EXTERNAL
	verify                 // one question about a key: there is nothing to prove for it
)

// open makes a link that may carry a pair.
func (s *Server) open(ctx context.Context, pr pair) (*link, error) {
	return s.dial(ctx, pr, carry, func(ctx context.Context, l *link) error {
		if err := l.introduce(ctx, pr); err != nil {
			return err
		}
		l.manage(ctx)
		return nil
	})
}

// introduce proves to the peer who we are, unless EXTERNAL has done so.
func (l *link) introduce(ctx context.Context, pr pair) error {
	how := byExternal
	if !l.sasl {
		if err := l.ours(ctx, pr); err != nil {
			return err
		}
		how = byDialback
	}
	// What the peer may send back on a bidirectional stream (XEP-0288 section
	// 2.2, Negotiation): it is who we have looked for, by its certificate or,
	// where dialback is proof enough, by DNS.
	l.prove(pr, how)
	return nil
}

// dial tries every place where the peer's server may be, until a stream is open
// and ready has nothing against it (RFC 6120 section 3.2.1, Preferred Process:
// SRV Lookup). The link is served then.
func (s *Server) dial(ctx context.Context, pr pair, use purpose,
	ready func(context.Context, *link) error) (*link, error) {
	select {
	case s.dialing <- struct{}{}:
		defer func() { <-s.dialing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	targets, err := s.Resolver.Lookup(ctx, pr.remote)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", pr.remote, err)
	}
	var errs []error
	for n, t := range targets {
		l, err := s.try(ctx, pr, t, use, len(targets)-n, ready)
		if err == nil {
			return l, nil
		}
		errs = append(errs, fmt.Errorf("%s port %d: %w", t.Host, t.Port, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// try opens a stream to one place, within its part of the time that is left.
func (s *Server) try(ctx context.Context, pr pair, t resolve.Target, use purpose, parts int,
	ready func(context.Context, *link) error) (*link, error) {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/time.Duration(parts))
		defer cancel()
	}
	l, err := s.tryOnce(ctx, pr, t, use, ready)
	if err != nil && l != nil && l.disliked {
		// The peer has ended the stream over our certificate: it may still believe
		// a key.
		l, err2 := s.tryOnce(ctx, pr, t, keyOnly, ready)
		if err2 == nil {
			return l, nil
		}
		return nil, fmt.Errorf("%w; then: %w", err, err2)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// tryOnce is try without a second attempt. With an error the link, if there is
// one, has ended.
func (s *Server) tryOnce(ctx context.Context, pr pair, t resolve.Target, use purpose,
	ready func(context.Context, *link) error) (*link, error) {
	nc, err := s.Resolver.Dial(ctx, t)
	if err != nil {
		return nil, err
	}
	l := s.newLink(nc, outgoing)
	l.pair, l.direct = pr, t.Direct
	if err := l.initiate(ctx, use); err != nil {
		l.takeLeave(err)
		return l, err
	}
	l.raiseLimits() // it is who we have looked for
	s.add(l)
	if !s.run(l.serve) {
		l.drop()
		return nil, ErrNotServing
	}
	if err := ready(ctx, l); err != nil {
		l.close(nil)
		return l, err
	}
	return l, nil
}
