package archive

import (
	"context"

	"parley/router"
)

// restored makes a session that was parked one that takes messages, if it was:
// what it had been given is in its queue.
func (m *Archive) restored(ctx context.Context, s *router.Session, _ string) error {
	if p := s.Presence(); p == nil || p.Priority < 0 {
		return nil
	}
	box, err := m.inbox.Get(ctx, s.Account)
	if err != nil {
		return err
	}
	box.mu.Lock()
	put(&box.feeds, s, &feed{box: box, session: s, over: true})
	box.mu.Unlock()
	return nil
}

// parked has nothing to say: what a session was given is in its queue.
func parked(*router.Session) string { return "" }
