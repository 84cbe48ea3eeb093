package archive

import (
	"context"
	"slices"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// detached is told of a session that has lost its stream and has not said that it
// got these. It may come back for them, but so that nothing is lost if it does
// not, they are rows until then; and other sessions are not kept waiting.
func (m *Archive) detached(ctx context.Context, s *router.Session, owed []*router.Packet) {
	box, err := m.inbox.Get(ctx, s.Account)
	if err != nil {
		m.log.Error("keep messages of a detached session", "of", s.JID.String(), "err", err)
		return
	}
	var rest []*router.Packet
	for _, p := range owed {
		if p.Stanza.Kind != stanza.Message {
			continue // the end of a page of the archive
		}
		if p.Row == 0 {
			rest = append(rest, p)
			continue
		}
		box.mu.Lock()
		o, out := m.back(box, p)
		others := box.missing(p.Row)
		box.mu.Unlock()
		others = slices.DeleteFunc(others, func(o *router.Session) bool { return o == s })
		if out && !o.view && len(others) > 0 {
			m.queue(box, again(p), outgoing{size: o.size}, others)
		}
	}
	if len(rest) > 0 {
		m.keep(ctx, box, s, rest)
	}
}

// keep stores what is in no row. The packets may be in other sessions' queues
// too, so that others with rows take their place.
func (m *Archive) keep(ctx context.Context, box *inbox, s *router.Session,
	owed []*router.Packet) {
	stamp := time.Now()
	kept := make([]*router.Packet, len(owed))
	err := m.db.Update(ctx, func(tx *store.Tx) error {
		for i, p := range owed {
			kept[i] = again(p)
			row, err := box.addOwed(tx, kept[i], stamp)
			if err != nil {
				return err
			}
			kept[i].Row = row
		}
		return nil
	})
	if err != nil {
		m.log.Error("keep messages of a detached session", "of", s.JID.String(), "err", err)
		return
	}
	box.mu.Lock()
	for _, p := range kept {
		box.newest = max(box.newest, p.Row)
	}
	box.mu.Unlock()
	for i, p := range owed {
		s.Swap(p, kept[i])
	}
}
