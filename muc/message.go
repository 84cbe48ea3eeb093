package muc

import (
	"context"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// groupchat speaks to all (XEP-0045 section 7.4, Sending a Message to All
// Occupants). The lock is held.
func (r *Room) groupchat(ctx context.Context, p *router.Packet) error {
	s := r.seatOf(p.From)
	if s == nil {
		return r.stranger(p)
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

// stranger is the error for a message of somebody who is not inside (XEP-0045
// section 7.4, Sending a Message to All Occupants; section 17.2, Message, rule
// 3, for a room that is still locked).
func (r *Room) stranger(p *router.Packet) error {
	if r.lockedTo(p.From) {
		return stanza.ItemNotFound
	}
	return stanza.NotAcceptable
}

// lockedTo says whether the room does not exist yet for somebody (XEP-0045
// section 10.1, Creating a Room).
func (r *Room) lockedTo(jid stanza.JID) bool {
	return r.locked() && r.affiliation(jid) != Owner
}

// speak stores and sends a message of an occupant.
func (r *Room) speak(ctx context.Context, p *router.Packet, o *occupant) {
	u := r.utterance(p, o)
	keep := r.keeps(p.Stanza)
	x := ownRetraction(p.Stanza, o)
	to, brought := r.viewers(), r.brings(p.Stanza, p.From)
	send := func(ctx context.Context) {
		st := u.text(r)
		var absent, mentioned []stanza.JID
		r.mu.Lock()
		if keep.history {
			absent, mentioned = r.absentees(), r.mentioned(p.Stanza)
			r.hold(&past{u.id, st, u.stamp, brought})
		}
		r.replace(x)
		r.mu.Unlock()
		r.sendAll(ctx, st, to)
		r.tellAbsent(absent)
		r.forward(ctx, u, st, mentioned)
	}
	if !keep.archive {
		u.id = keep.id()
		r.say(ctx, send)
		return
	}
	r.archive(ctx, p, u, func(tx *store.Tx) error { return r.bury(tx, x) }, send)
}

// sendAll sends one text to all.
func (r *Room) sendAll(ctx context.Context, st *stanza.Stanza, to []viewer) {
	for i := range to {
		r.tell(ctx, st, &to[i])
	}
}
