package muc

import (
	"context"
	"crypto/rand"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Namespaces of XEP-0425: the present one, and that of version 0.2 with those
// that it was built on, which some clients still speak.
const (
	nsModerate    = "urn:xmpp:message-moderate:1"
	nsOldModerate = "urn:xmpp:message-moderate:0"
	nsOldRetract  = "urn:xmpp:message-retract:0"
	nsFasten      = "urn:xmpp:fasten:0" // XEP-0422
)

// moderation is what a moderator wants: a message retracted, and why.
type moderation struct {
	id     string // of the message, as the room gave it
	reason string
	by     *occupant
	own    string // id of the message that says so
	stamp  time.Time
}

// moderate retracts a message of an occupant (XEP-0425 section 3, Use Case). The
// lock is held.
func (r *Room) moderate(ctx context.Context, p *router.Packet) error {
	e := p.Payload()
	ask, retract := e, e.Child(nsRetract, "retract")
	if e.NS == nsFasten {
		ask = e.Child(nsOldModerate, "moderate")
		retract = ask.Child(nsOldRetract, "retract")
	}
	if retract == nil || e.Attr("id") == "" {
		return stanza.BadRequest
	}
	s := r.seatOf(p.From)
	if s == nil {
		return r.stranger(p)
	}
	if s.occupant.role != Moderator {
		// XEP-0425 section 3.2, Error case
		return stanza.Forbidden.WithType(stanza.Modify).WithText("Only moderators may moderate.")
	}
	return r.retract(ctx, p, &moderation{id: e.Attr("id"), reason: ask.ChildText("", "reason"),
		by: s.occupant, own: rand.Text(), stamp: time.Now()})
}

// retract replaces the message and tells everybody (XEP-0425 section 3.1,
// Success case).
func (r *Room) retract(ctx context.Context, p *router.Packet, m *moderation) error {
	x := &retraction{id: m.id, mark: m.mark()}
	remembered := r.recalled(x) >= 0
	if !remembered && !r.config.Archive {
		return stanza.ItemNotFound
	}
	u := &utterance{st: m.message(r), by: p.From, as: publisher(m.by), stamp: m.stamp}
	keep, to := r.keeps(u.st), r.viewers()
	r.store(ctx, p, func(tx *store.Tx) error {
		switch found, err := r.entomb(tx, x); {
		case err != nil:
			return err
		case !found && !remembered:
			return stanza.ItemNotFound
		case !keep.archive:
			u.id = keep.id()
			return nil
		}
		return u.store(r, tx)
	}, func(ctx context.Context) {
		st := u.text(r)
		r.mu.Lock()
		r.replace(x)
		r.hold(&past{id: u.id, st: st, stamp: u.stamp})
		r.mu.Unlock()
		r.sendAll(ctx, st, to)
		r.done(ctx, p)
	})
	return router.Handled
}

// message is what everybody is told, in both versions of the protocol.
func (m *moderation) message(r *Room) *stanza.Stanza {
	var b stanza.Builder
	b.Start("message", "", "from", r.jid.String(), "type", "groupchat", "id", m.own)
	b.Start("retract", nsRetract, "id", m.id)
	b.Start("moderated", nsModerate, "by", m.by.jid.String()).Raw(m.by.idElement()).End()
	m.why(&b)
	b.End()
	b.Start("apply-to", nsFasten, "id", m.id)
	b.Start("moderated", nsOldModerate, "by", m.by.jid.String())
	b.Start("retract", nsOldRetract).End()
	m.why(&b)
	return b.End().End().End().Stanza()
}

// mark stands in the place of the message (XEP-0425 section 4, Tombstones).
func (m *moderation) mark() string {
	var b stanza.Builder
	b.Start("retracted", nsRetract, "id", m.own, "stamp", dateTime(m.stamp))
	b.Start("moderated", nsModerate, "by", m.by.jid.String()).Raw(m.by.idElement()).End()
	m.why(&b)
	b.End()
	b.Start("moderated", nsOldModerate, "by", m.by.jid.String())
	b.Start("retracted", nsOldRetract, "stamp", dateTime(m.stamp)).End()
	m.why(&b)
	return b.End().String()
}

// why writes the reason, if there is one.
func (m *moderation) why(b *stanza.Builder) {
	if m.reason != "" {
		b.Elem("reason", "", m.reason)
	}
}
