package muc

import (
	"context"
	"time"

	"parley/archive"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Requests of the room's archive (XEP-0313 section 3.3.2, MUC archives).
func (r *Room) queryArchive(ctx context.Context, p *router.Packet) (later, error) {
	return r.archived(ctx, p, (*archive.Reader).Query)
}

func (r *Room) archiveEnds(ctx context.Context, p *router.Packet) (later, error) {
	return r.archived(ctx, p, (*archive.Reader).Metadata)
}

func (r *Room) archiveForm(ctx context.Context, p *router.Packet) (later, error) {
	return r.archived(ctx, p, func(reader *archive.Reader, _ context.Context, p *router.Packet,
		box archive.Box) error {
		return reader.Form(p, box)
	})
}

// archived is an answer from the archive. Who may have it is decided now, by the
// affiliations as they are (XEP-0313 section 6.1.2, MUC Archives). The lock is
// held.
func (r *Room) archived(ctx context.Context, p *router.Packet, fn func(reader *archive.Reader,
	ctx context.Context, p *router.Packet, box archive.Box) error) (later, error) {
	switch {
	case r.lockedTo(p.From) || r.row.Load() == 0:
		return nil, stanza.ItemNotFound
	case !r.mayRead(p.From):
		return nil, stanza.Forbidden // XEP-0313 section 8.1, Data privacy
	case !r.config.Archive:
		return nil, stanza.ServiceUnavailable
	}
	r.seen(p.From.Bare())
	box, said := r.box(p.From), make(chan struct{})
	r.say(ctx, func(context.Context) { close(said) })
	return func(ctx context.Context) error {
		waitFor(ctx, said)
		return fn(r.service.reader, ctx, p, box)
	}, nil
}

// waitFor lets what was said before go out first, so that who is inside and asks
// does not get a message from the archive before it gets the message. If that
// takes long, it is not worth waiting for.
func waitFor(ctx context.Context, said <-chan struct{}) {
	enough := time.NewTimer(time.Second)
	defer enough.Stop()
	select {
	case <-said:
	case <-enough.C:
	case <-ctx.Done():
	}
}

// mayRead says whether somebody may know what is said in the room: who may enter
// it. A password is not told in a query, so where there is one, who is no member
// must be inside.
func (r *Room) mayRead(jid stanza.JID) bool {
	a := r.affiliation(jid)
	switch {
	case a == Outcast:
		return false
	case a >= Member:
		return true
	}
	return !r.config.MembersOnly && (r.config.Password == "" || r.isInside(jid))
}

// isInside says whether a user is inside with any client.
func (r *Room) isInside(jid stanza.JID) bool {
	for _, o := range r.order {
		if o.user == jid.Bare() {
			return true
		}
	}
	return false
}

// box is the archive as somebody sees it.
func (r *Room) box(asker stanza.JID) archive.Box {
	sees := r.affiliation(asker) >= Admin || r.config.NonAnonymous
	if s := r.seatOf(asker); s != nil {
		sees = sees || r.seesJIDs(s.occupant)
	}
	box := archive.Box{Owner: r.owner(), JID: r.jid, Nicks: true}
	box.With = func(with stanza.JID) (stanza.JID, error) {
		// A nickname has been mapped already.
		if !sees && with.Bare() != asker.Bare() {
			return with, stanza.Forbidden // XEP-0313 section 4.1.1, Filtering by JID
		}
		return with.Bare(), nil
	}
	if sees {
		known := r.affiliations()
		box.Show = func(m store.Message) string { return withJID(r.jid, m, known) }
	}
	return box
}

// affiliations are those that users have now, to be read without the lock.
func (r *Room) affiliations() map[stanza.JID]Affiliation {
	m := make(map[stanza.JID]Affiliation, len(r.users))
	for jid, u := range r.users {
		m[jid] = u.affiliation
	}
	return m
}

// withJID is an archived message for those who may know who wrote it (XEP-0313
// section 6.1.2, MUC Archives).
func withJID(room stanza.JID, m store.Message, known map[stanza.JID]Affiliation) string {
	st, err := stanza.Parse(m.Body)
	from, jidErr := stanza.ParseJID(m.From)
	if err != nil || jidErr != nil || st.From == room {
		return m.Body
	}
	var b stanza.Builder
	b.Start("x", nsUser).Start("item", "", "affiliation", known[from.Bare()].String(),
		"jid", m.From).End().End()
	var e stanza.Edits
	e.Last(b.String())
	return string(st.Append(nil, &e, stanza.Out{XMLNS: true}))
}
