package xmpptest

import (
	"context"
	"strings"
)

// friends makes two users' accounts subscribe to each other, with sessions of
// their own that end afterwards (RFC 6121 section 3.1).
func (r *run) friends(ctx context.Context, a, b string) error {
	var pair [2]*client
	for i, u := range []string{a, b} {
		name := u + "/setup"
		if err := r.online(ctx, name); err != nil {
			return err
		}
		pair[i] = r.clients[name]
	}
	for i, other := range []string{b, a} {
		if err := r.subscribe(ctx, pair[i], pair[1-i], r.jid(other)); err != nil {
			return err
		}
	}
	for i, u := range []string{a, b} {
		pair[i].pending = nil
		if err := r.disconnect(ctx, pair[i], u+"/setup"); err != nil {
			return err
		}
	}
	return nil
}

// subscribe makes from's user see the presence of to's user.
func (r *run) subscribe(ctx context.Context, from, to *client, jid string) error {
	if err := from.send("<presence to='" + jid + "' type='subscribe'/>"); err != nil {
		return err
	}
	if err := r.settle(ctx, from, true); err != nil {
		return err
	}
	bare, _, _ := strings.Cut(from.jid, "/")
	if err := to.send("<presence to='" + bare + "' type='subscribed'/>"); err != nil {
		return err
	}
	return r.settle(ctx, to, true)
}

// hasSent sends something from a session of its own, which takes no part in
// what follows: it is never available, and gone when all has been dealt with.
func (r *run) hasSent(ctx context.Context, user, text string) error {
	name := user + "/setup"
	if err := r.connect(ctx, name); err != nil {
		return err
	}
	c := r.clients[name]
	if err := c.send(strings.TrimSuffix(text, "\n")); err != nil {
		return err
	}
	if err := r.settle(ctx, c, true); err != nil {
		return err
	}
	c.pending = nil
	return r.disconnect(ctx, c, name)
}
