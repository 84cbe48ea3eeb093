package muc

import (
	"context"
	"errors"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// utterance is a message on its way to all: it gets its id when it is stored.
type utterance struct {
	st    *stanza.Stanza
	edits stanza.Edits
	by    stanza.JID // who said it: the full JID
	as    stanza.JID // and what queries of the archive know it by
	id    string     // XEP-0359
	stamp time.Time
}

// utterance is what an occupant says, as all get it: it carries the occupant's
// id (XEP-0421 section 3.2, Sending a Message to All Occupants).
func (r *Room) utterance(p *router.Packet, o *occupant) *utterance {
	u := &utterance{st: p.Stanza, edits: r.clean(p.Stanza, o), by: p.From, stamp: time.Now()}
	u.as = publisher(o)
	u.edits.Drop("to")
	u.edits.Last(o.idElement())
	return u
}

// publisher is what the archive knows an occupant by: the user's bare JID, and
// in place of a resource the nickname.
func publisher(o *occupant) stanza.JID {
	if j, err := o.user.WithResource(o.nick); err == nil {
		return j
	}
	return o.user
}

// text is the message as everybody gets it, complete but for to.
func (u *utterance) text(r *Room) *stanza.Stanza {
	e := u.edits
	if u.id != "" {
		var b stanza.Builder
		e.Last(b.Start("stanza-id", nsSID, "by", r.jid.String(), "id", u.id).End().String())
	}
	return stanza.MustParse(string(u.st.Append(nil, &e, stanza.Out{})))
}

// errNoRow says that the room's own row is not written yet, or is not any more.
var errNoRow = errors.New("the room has no row")

// owner is whom the room's archive belongs to in the store.
func (r *Room) owner() int64 { return -r.row.Load() }

// store writes the message into the archive.
func (u *utterance) store(r *Room, tx *store.Tx) error {
	owner := r.owner()
	if owner == 0 {
		return errNoRow
	}
	text := string(u.st.Append(nil, &u.edits, stanza.Out{XMLNS: true}))
	body, err := tx.AddBody(text, u.by.String(), u.stamp)
	if err != nil {
		return err
	}
	row, err := tx.AddArchived(owner, body, u.as)
	u.id = r.service.db.ArchiveID(owner, row)
	return err
}

// archive stores the message, and what also writes; then it is sent.
func (r *Room) archive(ctx context.Context, p *router.Packet, u *utterance,
	also func(tx *store.Tx) error, send func(ctx context.Context)) {
	r.store(ctx, p, func(tx *store.Tx) error {
		if err := u.store(r, tx); err != nil {
			return err
		}
		return also(tx)
	}, send)
}

// store writes what nothing in memory depends on yet, and then sends. It is handed
// to the store under the room's lock, so that the archive has the order in which
// all see the messages. The sender's stream does not wait for it, its
// acknowledgement does.
func (r *Room) store(ctx context.Context, p *router.Packet, fn func(tx *store.Tx) error,
	send func(ctx context.Context)) {
	written := p.Late(nil)
	d := r.out.put(ctx, true, func(ctx context.Context) {
		defer written() // what the same client asks next is answered behind this
		send(ctx)
	})
	r.service.db.Write(counted(p, fn), func(err error) {
		if err == nil {
			d.release(true)
			return
		}
		go func() { // the store's writer does not wait for who is told
			r.notStored(d.ctx, p, err)
			d.release(false)
			written()
		}()
	})
}

// counted is a write that says how far the sender's session has come with it.
func counted(p *router.Packet, fn func(tx *store.Tx) error) func(tx *store.Tx) error {
	if p == nil {
		return fn
	}
	return func(tx *store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		p.Counted(tx)
		return nil
	}
}

// notStored tells the sender that nothing has come of what it asked for.
func (r *Room) notStored(ctx context.Context, p *router.Packet, err error) {
	e := stanza.InternalServerError
	switch {
	case errors.As(err, &e):
	case errors.Is(err, store.ErrFull):
		e = stanza.ResourceConstraint
	default:
		r.service.log.Error("not stored", "room", r.jid, "from", p.From, "err", err)
	}
	r.service.host.Router.Bounce(ctx, p, e)
}

// done answers a request when what it asked for is done.
func (r *Room) done(ctx context.Context, p *router.Packet) {
	r.send(ctx, p.Stanza.Result(""), p.From)
}
