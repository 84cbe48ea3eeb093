package muc

import (
	"context"
	"time"

	"parley/router"
	"parley/store"
)

// end takes the room out of the world: nobody enters it any more, and when that
// is committed, announce goes out, and who asks for the room finds none. If it is
// not, all is as before. p is the packet that asks for it, nil if none does. The
// lock is held.
func (r *Room) end(ctx context.Context, p *router.Packet, announce func(ctx context.Context)) {
	ended := make(chan struct{})
	r.gone, r.ended = true, ended
	r.writeFor(ctx, p, func(tx *store.Tx) error { return tx.DeleteRoom(r.row.Load()) }, outcome{
		announce: announce,
		then: func(committed bool) {
			if committed {
				r.service.unlist(r)
				close(ended)
				return
			}
			go r.revive(ended)
		}})
}

// revive lets those in who wait for the end of a room that has not ended.
func (r *Room) revive(ended chan struct{}) {
	r.mu.Lock()
	r.gone, r.ended = false, nil
	r.mu.Unlock()
	close(ended)
}

// wait waits for the end of a room that is about to end; ended is nil for one that
// has only left memory.
func wait(ctx context.Context, ended chan struct{}) error {
	if ended == nil {
		return nil
	}
	select {
	case <-ended:
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
