package s2s

import (
	"context"
	"errors"
	"slices"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// errNotTaken says that a session has no room, or has ended.
var errNotTaken = errors.New("s2s: the session takes nothing")

// Resume sends what the server had not sent when it was stopped, in order. It
// is called once, when other servers can be reached.
func (u *Unconfirmed) Resume(ctx context.Context, out router.Outbound) {
	list := u.resumed
	u.resumed = nil
	for _, o := range list {
		p, err := u.restore(&o)
		if err != nil {
			u.log.Error("parse unsent", "err", err)
			continue
		}
		_ = u.Send(ctx, out, p) // an error is told to the sender when there is one
	}
}

// restore makes a packet of a row. Its sender's session is gone, so that it
// comes from the server, as far as errors are concerned.
func (u *Unconfirmed) restore(o *store.Outbound) (*router.Packet, error) {
	st, err := stanza.Parse(o.Stanza)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.put(o.ID, row{domain: st.To.Domain(), bytes: len(o.Stanza), account: o.Account, from: st.From})
	return &router.Packet{Stanza: st, Origin: router.Server, Kind: router.ToRemote,
		From: st.From, To: st.To, Row: o.ID}, nil
}

// Stopping says that the streams to other servers are about to be closed.
func (u *Unconfirmed) Stopping() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stopping = true
}

// Stop says that nothing more is sent: what no peer can have seen is sent after
// the next start, what one may have seen is lost by then. It is called when the
// streams to other servers are closed and before the store is.
func (u *Unconfirmed) Stop() {
	u.mu.Lock()
	defer u.mu.Unlock()
	var ids []int64
	for id, r := range u.rows {
		if !r.written {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	slices.Sort(ids)
	mark := func(tx *store.Tx) error { return tx.MarkUnsent(ids) }
	u.router.Store.Write(mark, func(err error) { // behind the rows themselves
		if err != nil {
			u.log.Error("mark unsent", "err", err)
		}
	})
}

// Send hands a packet to other servers, and forgets its row if it is refused at
// once: its sender is told.
func (u *Unconfirmed) Send(ctx context.Context, out router.Outbound, p *router.Packet) error {
	err := out.Send(ctx, p)
	if err != nil {
		u.Returned([]*router.Packet{p})
	}
	return err
}
