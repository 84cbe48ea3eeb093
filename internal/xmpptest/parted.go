package xmpptest

import (
	"context"
	"strings"
)

// Parted is a Server whose users are on several servers that federate.
type Parted interface {
	Server
	// At is the server of a user, by the name in the script.
	At(user string) Server
	// Domains are those of all servers.
	Domains() []string
}

// at is the server of an actor.
func (r *run) at(actor string) Server {
	if p, ok := r.srv.(Parted); ok {
		user, _, _ := strings.Cut(actor, "/")
		return p.At(user)
	}
	return r.srv
}

// jid is the bare JID of a user.
func (r *run) jid(user string) string { return r.user(user) + "@" + r.at(user).Domain() }

// settle makes sure that what c has sent, and what it is to be sent because of
// what others have sent, is dealt with: on its own server, and on the streams
// between that and the others, both ways (in-order processing, RFC 6120 section
// 10.1). An answer that one stanza causes on another server may cause a third,
// so that the way is gone twice.
func (r *run) settle(ctx context.Context, c *client, keep bool) error {
	p, ok := r.srv.(Parted)
	if !ok {
		return r.sync(ctx, c, c.domain, keep)
	}
	for range 2 {
		for _, domain := range append(p.Domains(), c.domain) {
			if err := r.sync(ctx, c, domain, keep); err != nil {
				return err
			}
		}
	}
	return nil
}
