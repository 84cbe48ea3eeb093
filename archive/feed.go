package archive

import (
	"context"
	"strconv"
	"strings"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// page is how many rows are read at once.
const page = 20

// presence gives a session what is owed when its priority becomes non-negative
// (XEP-0160 section 2, Process Flow), before it is made available.
func (m *Archive) presence(ctx context.Context, p *router.Packet) error {
	if p.Side != router.Sending || p.Kind != router.Nowhere || p.Sender == nil {
		return nil
	}
	box, err := m.inbox.Get(ctx, p.Account)
	if err != nil {
		return err
	}
	switch {
	case p.Stanza.Type == "unavailable", p.Stanza.Type == "" && priority(p.Stanza) < 0:
		m.leave(box, p.Sender)
	case p.Stanza.Type == "":
		if f := m.join(box, p.Sender); f != nil {
			m.pump(ctx, f)
		}
	}
	return nil
}

// priority is what a presence says; a missing one is 0 (RFC 6121 section
// 4.7.2.3, Priority Element).
func priority(st *stanza.Stanza) int64 {
	c, ok := st.Child("", "priority")
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(st.Element(c).Text), 10, 8)
	if err != nil {
		return 0
	}
	return n
}

// join makes a session one that takes messages. What it returns is to be
// pumped; nil if there is nothing to do.
func (m *Archive) join(box *inbox, s *router.Session) *feed {
	box.mu.Lock()
	defer box.mu.Unlock()
	if box.feeds[s] != nil {
		return nil
	}
	f := &feed{box: box, session: s}
	put(&box.feeds, s, f)
	if len(box.readers) > 0 {
		// Neither the session that looks through the messages itself nor a
		// second one is flooded (XEP-0013 section 2.2, Requesting Number of
		// Messages).
		f.over = true
		return nil
	}
	f.busy = true
	m.catching.Add(1)
	return f
}

// leave says that a session takes no messages any more.
func (m *Archive) leave(box *inbox, s *router.Session) {
	box.mu.Lock()
	defer box.mu.Unlock()
	if f := box.feeds[s]; f != nil {
		m.end(f)
		delete(box.feeds, s)
	}
}

// end says that a feed gets no more rows. The lock is held.
func (m *Archive) end(f *feed) {
	f.busy = false
	if f.over {
		return
	}
	f.over = true
	if f.request == nil {
		m.catching.Add(-1)
	}
	f.box.release()
}

// unbind forgets a session.
func (m *Archive) unbind(_ context.Context, s *router.Session) {
	if box, ok := m.inbox.Peek(s.Account); ok {
		m.leave(box, s)
		box.mu.Lock()
		delete(box.readers, s)
		delete(box.given, s)
		box.mu.Unlock()
	}
}

// pump hands out rows until a window full of bytes is on its way, or there are
// no more. Who has set busy calls it.
func (m *Archive) pump(ctx context.Context, f *feed) {
	for {
		rows, err := m.read(ctx, f)
		if err != nil && ctx.Err() == nil {
			m.log.Error("read owed messages", "to", f.session.JID.String(), "err", err)
		}
		if len(rows) == 0 && m.finish(f, err) {
			return
		}
		for _, row := range rows {
			if !m.next(f, row) {
				return
			}
		}
	}
}

// read gets the next page of rows.
func (m *Archive) read(ctx context.Context, f *feed) ([]store.Message, error) {
	f.box.mu.Lock()
	last := f.last
	f.seen = f.box.newest
	f.box.mu.Unlock()
	if f.request != nil {
		return f.request.read(ctx, m.db, f.box.account.ID, last)
	}
	return m.db.Missed(ctx, f.box.account.ID, last, page)
}

// next hands out one row. It is false if the feed is to stop here.
func (m *Archive) next(f *feed, row store.Message) bool {
	box := f.box
	box.mu.Lock()
	_, held := box.held[row.ID]
	held = held || box.given[f.session][row.ID]
	over := f.over
	f.last = row.ID
	box.mu.Unlock()
	if over {
		return false
	}
	if !held || f.request != nil {
		m.hand(box, row, f, f.session)
	}
	gone := box.account.Session(f.session.JID.Resource()) != f.session
	box.mu.Lock()
	defer box.mu.Unlock()
	if gone {
		m.end(f)
	}
	if f.busy && f.open >= m.window() {
		f.busy = false // taken starts it again
	}
	return f.busy
}

// window is how many bytes of old messages may be on their way to a session,
// whose queue must have room for what is new.
func (m *Archive) window() int { return m.host.Router.Config().Limits.Queue / 4 }

// finish ends a feed that found no more rows, unless one was stored in the
// meantime.
func (m *Archive) finish(f *feed, err error) bool {
	f.box.mu.Lock()
	if err == nil && f.request == nil && !f.over && f.box.newest > f.seen {
		f.box.mu.Unlock()
		return false
	}
	m.end(f)
	f.box.mu.Unlock()
	if f.request != nil {
		f.request.answer(f.session, err)
	}
	return true
}
