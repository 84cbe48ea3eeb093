package router

import (
	"context"
	"errors"

	"parley/stanza"
)

// After runs the after stage of an account, and nothing else, for what has come
// where the account is not: in a room, say, that its user is a member of. The
// refuse stage is asked before. It is nothing if there is no such account here.
func (r *Router) After(ctx context.Context, st *stanza.Stanza, to stanza.JID) {
	a, err := r.accounts.get(ctx, r, to, true, nil)
	if err != nil {
		return
	}
	p := &Packet{Stanza: st, Origin: Server, From: st.From, To: to, Kind: ToBare, Dest: a.Host, Peer: a}
	p.Edits.Set("to", to.String())
	for _, s := range [...]Stage{Refuse, After} {
		err := r.protect(func() error { return a.Host.run(ctx, s, p, Receiving, a) })
		var e *stanza.Error
		switch {
		case err == nil:
			continue
		case !errors.Is(err, Handled) && !errors.As(err, &e):
			r.report(ctx, p, err)
		}
		return
	}
}
