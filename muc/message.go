package muc

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// groupchat speaks to all (XEP-0045 section 7.4, Sending a Message to All
// Occupants). The lock is held.
func (r *Room) groupchat(ctx context.Context, p *router.Packet) error {
	s := r.seatOf(p.From)
	if s == nil {
		return stanza.NotAcceptable
	}
	if isSubject(p.Stanza) {
		return r.setSubject(ctx, p, s.occupant)
	}
	if s.occupant.role < Participant {
		return stanza.Forbidden // section 7.4: no voice
	}
	r.speak(ctx, p, s.occupant)
	return nil
}

// utterance is a message on its way to all: it gets its id when it is stored.
type utterance struct {
	st    *stanza.Stanza
	edits stanza.Edits
	id    string // XEP-0359
	stamp time.Time
}

// speak stores and sends a message of an occupant.
func (r *Room) speak(ctx context.Context, p *router.Packet, o *occupant) {
	u := &utterance{st: p.Stanza, edits: r.clean(p.Stanza, o), stamp: time.Now()}
	u.edits.Drop("to")
	u.edits.Last(`<occupant-id xmlns="` + nsOccupantID + `" id="` + o.id + `"/>`)
	to := r.viewers()
	kept := memorable(p.Stanza)
	send := func(ctx context.Context) {
		st := u.text(r)
		if kept {
			r.mu.Lock()
			r.hold(&past{st, u.stamp})
			r.mu.Unlock()
		}
		for i := range to {
			r.send(ctx, st, to[i].jid)
		}
	}
	if !kept || !r.config.Archive {
		if kept {
			u.id = rand.Text()
		}
		r.say(ctx, send)
		return
	}
	r.archive(ctx, p, u, send)
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

// archive stores the message; then it is sent. It is handed to the store under
// the room's lock, so that the archive has the order in which all see the
// messages. The sender's stream does not wait for it, its acknowledgement does.
func (r *Room) archive(ctx context.Context, p *router.Packet, u *utterance,
	send func(ctx context.Context)) {
	text := string(u.st.Append(nil, &u.edits, stanza.Out{XMLNS: true}))
	written := p.Late(nil)
	d := r.out.put(ctx, true, send)
	from, peer := p.From.String(), p.From.Bare()
	r.service.db.Write(func(tx *store.Tx) error {
		body, err := tx.AddBody(text, from, u.stamp)
		if err != nil {
			return err
		}
		id, err := tx.AddArchived(-r.row.Load(), body, peer)
		u.id = strconv.FormatInt(id, 10)
		return err
	}, func(err error) {
		if err != nil {
			go r.notStored(d.ctx, p, err)
		}
		d.release(err == nil)
		written()
	})
}

// notStored tells the sender that nobody has got the message.
func (r *Room) notStored(ctx context.Context, p *router.Packet, err error) {
	e := stanza.InternalServerError
	if errors.Is(err, store.ErrFull) {
		e = stanza.ResourceConstraint
	} else {
		r.service.log.Error("message not stored", "room", r.jid, "err", err)
	}
	r.service.host.Router.Bounce(ctx, p, e)
}

// isSubject says whether a message changes the subject: it has one and no body
// (XEP-0045 section 7.2.15, Room Subject).
func isSubject(st *stanza.Stanza) bool {
	return st.Has("", "subject") && !st.Has("", "body") && !st.Has("", "thread")
}

// memorable says whether a message belongs to the history and the archive.
func memorable(st *stanza.Stanza) bool { return st.Has("", "body") }

// setSubject changes the subject (XEP-0045 section 8.1, Modifying the Room
// Subject).
func (r *Room) setSubject(ctx context.Context, p *router.Packet, o *occupant) error {
	if o.role != Moderator && !(r.config.ChangeSubject && o.role == Participant) {
		return stanza.Forbidden
	}
	u := &utterance{st: p.Stanza, edits: r.clean(p.Stanza, o)}
	u.edits.Drop("to")
	live := u.text(r)
	u.edits.Last(delay(r.jid, time.Now()))
	r.subject = u.text(r)
	to, text := r.viewers(), r.subject.Raw
	r.write(ctx, p, func(tx *store.Tx) error { return tx.SetRoomSubject(r.row.Load(), text) },
		func(ctx context.Context) {
			for i := range to {
				r.send(ctx, live, to[i].jid)
			}
		})
	return nil
}
