package muc

import (
	"context"
	"time"

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

// lockedFor is how long a new room waits for its configuration. Then the default
// one is taken as accepted (XEP-0045 section 10.1.1, General Considerations).
const lockedFor = 5 * time.Minute

// locked says whether the room waits for its initial configuration.
func (r *Room) locked() bool {
	return r.config.Locked && time.Since(r.created) < lockedFor
}
