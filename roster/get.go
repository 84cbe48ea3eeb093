package roster

import (
	"context"
	"fmt"

	"parley/router"
	"parley/stanza"
)

// get answers a roster get and makes the session an interested resource
// (RFC 6121 section 2.2, Retrieving the Roster on Login). The answer goes into
// the session's queue here and not as a reply, so that no push can come
// between the moment the roster is read and the answer.
func (m *Roster) get(ctx context.Context, p *router.Packet) error {
	b, err := m.books.Get(ctx, p.Account)
	if err != nil {
		return fmt.Errorf("load roster: %w", err)
	}
	s := p.Sender
	at := b.begin(s)
	a, err := m.read(ctx, p, at)
	if err != nil {
		b.abandon(s)
		return err
	}
	b.finish(s, p.Stanza.Result(a.payload), a)
	return router.Handled
}

// answer is what a roster get is answered with.
type answer struct {
	payload string
	pushes  []push // interim pushes that follow
	version int64  // what the client then has
}

// read chooses the answer: nothing if the client has the current version, the
// changes as pushes if they are known and fewer than the items, else the whole
// roster (RFC 6121 section 2.6.3, Success Case).
func (m *Roster) read(ctx context.Context, p *router.Packet, at *Contacts) (answer, error) {
	known, ok := parseVersion(p.Account, p.Payload().Attr("ver"))
	if ok && known == at.version {
		return answer{version: known}, nil
	}
	if ok {
		a, ok, err := m.changes(ctx, p.Account, known, at.Len())
		if ok || err != nil {
			return a, err
		}
	}
	return m.whole(ctx, p.Account)
}

// changes is the answer by interim pushes; ok is false if the whole roster is
// to be sent.
func (m *Roster) changes(ctx context.Context, a *router.Account, known int64, size int) (
	_ answer, ok bool, err error) {
	list, ok, err := m.router.Store.RosterChanges(ctx, a.ID, known)
	if err != nil || !ok || len(list) > max(size, 1) {
		return answer{}, false, err
	}
	an := answer{version: known}
	for n := range list {
		i := &list[n]
		item := removedXML(i.JID)
		if i.Listed {
			item = itemXML(i)
		}
		an.pushes = append(an.pushes, push{i.Version, item})
		an.version = i.Version
	}
	return an, true, nil
}

// whole is the whole roster (RFC 6121 section 2.1.4, Roster Result).
func (m *Roster) whole(ctx context.Context, a *router.Account) (answer, error) {
	items, version, err := m.router.Store.Roster(ctx, a.ID)
	if err != nil {
		return answer{}, err
	}
	var b stanza.Builder
	b.Start("query", nsRoster, "ver", versionText(a, version))
	for n := range items {
		if items[n].Listed {
			writeItem(&b, &items[n])
		}
	}
	return answer{payload: b.End().String(), version: version}, nil
}

// begin holds back pushes to the session from now on and returns the contacts
// of this moment.
func (b *book) begin(s *router.Session) *Contacts {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loading == nil {
		b.loading = map[*router.Session]*[]push{}
	}
	b.loading[s] = new([]push)
	return b.now.Load()
}

// finish sends the answer, and behind it what happened since it was read.
func (b *book) finish(s *router.Session, result *stanza.Stanza, a answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var e stanza.Edits
	e.Set("to", s.JID.String())
	s.PushWith(result, &e)
	for _, p := range a.pushes {
		s.Push(p.stanza(s))
	}
	for _, p := range *b.loading[s] {
		if p.version > a.version {
			s.Push(p.stanza(s))
		}
	}
	delete(b.loading, s)
	if a.version > b.now.Load().version {
		if b.ahead == nil {
			b.ahead = map[*router.Session]int64{}
		}
		b.ahead[s] = a.version
	}
	s.Interested.Store(true)
}

// abandon gives up what begin began. A session that was interested before
// still gets what was held back.
func (b *book) abandon(s *router.Session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	held := *b.loading[s]
	delete(b.loading, s)
	for _, p := range held {
		if s.Interested.Load() {
			s.Push(p.stanza(s))
		}
	}
}
