package muc

import (
	"context"

	"parley/router"
	"parley/store"
)

// end takes the room out of the world: nobody enters it any more, and when that
// is committed, announce goes out, and who asks for the room finds none. p is the
// packet that asks for it, nil if none does. The lock is held.
func (r *Room) end(ctx context.Context, p *router.Packet, announce func(ctx context.Context)) {
	r.gone, r.ended = true, make(chan struct{})
	ended := r.ended
	r.writeThen(ctx, p, func(tx *store.Tx) error { return tx.DeleteRoom(r.row.Load()) }, func() {
		r.service.unlist(r)
		close(ended)
	}, announce)
}

// hasEnded waits for a room that is about to end.
func (r *Room) hasEnded(ctx context.Context) error {
	if r.ended == nil {
		return nil
	}
	select {
	case <-r.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
