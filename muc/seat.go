package muc

import (
	"context"
	"sync/atomic"
	"time"

	"parley/router"
	"parley/stanza"
)

// occupant is somebody inside a room under one nickname. The same user may be
// inside with several clients under it (XEP-0045 section 7.2.8, Nickname
// Conflict): each has a seat.
type occupant struct {
	nick string
	jid  stanza.JID // room@service/nick
	user stanza.JID // bare
	id   string     // occupant id (XEP-0421)
	role Role
	// seats in the order of entering; never empty while the occupant is inside.
	// The last one's presence stands for the occupant.
	seats []*seat
}

// seat is one client's place in a room.
type seat struct {
	occupant   *occupant
	jid        stanza.JID     // full
	presence   *stanza.Stanza // the last one, without what a client may not say itself
	groupchat1 bool           // it entered without the muc element
	since      time.Time
	at         router.Receiver // the one that sends uses it
	shown      *shown          // see showNow
	view       view
	asks       atomic.Int32 // requests that it waits for answers to
}

// idElement is the occupant's id in what the room sends of it (XEP-0421 section 3,
// Use Cases).
func (o *occupant) idElement() string {
	return `<occupant-id xmlns="` + nsOccupantID + `" id="` + o.id + `"/>`
}

// main is the seat whose presence stands for the occupant.
func (o *occupant) main() *seat { return o.seats[len(o.seats)-1] }

// seatOf is the seat of a full JID, nil if it has none.
func (r *Room) seatOf(jid stanza.JID) *seat { return r.seats[jid] }

// nicked is the occupant under a nickname, nil if there is none.
func (r *Room) nicked(nick string) *occupant {
	if o := r.nicks[nickKey(nick)]; o != nil && o.nick == nick {
		return o
	}
	return nil
}

// add gives a client a place under an occupant, who is added if new.
func (r *Room) add(o *occupant, s *seat) {
	s.occupant = o
	s.at.JID = s.jid
	o.seats = append(o.seats, s)
	r.nicks[nickKey(o.nick)] = o
	r.seats[s.jid] = s
	if len(o.seats) == 1 {
		r.order = append(r.order, o)
	}
	r.audience = nil
	r.seen(o.user)
}

// drop takes a seat away, and the occupant with the last one.
func (r *Room) drop(s *seat) (last bool) {
	o := s.occupant
	delete(r.seats, s.jid)
	o.seats = without(o.seats, s)
	r.audience = nil
	if len(o.seats) > 0 {
		return false
	}
	delete(r.nicks, nickKey(o.nick))
	r.order = without(r.order, o)
	r.seen(o.user)
	return true
}

// without is a copy of list without one element: those who walk along the old
// one are not disturbed.
func without[T comparable](list []T, e T) []T {
	left := make([]T, 0, len(list))
	for _, x := range list {
		if x != e {
			left = append(left, x)
		}
	}
	return left
}

// viewer is somebody who is sent what happens in the room.
type viewer struct {
	jid  stanza.JID // full
	user *occupant
	sees bool             // real JIDs
	at   *router.Receiver // nil if it is not among those who are always told
}

// tell sends a viewer one text.
func (r *Room) tell(ctx context.Context, st *stanza.Stanza, v *viewer) {
	if v.at == nil {
		r.send(ctx, st, v.jid)
		return
	}
	r.sendAt(ctx, st, v.at)
}

// viewers are all seats as they are now, in the order of entering. The slice is
// shared and never changed.
func (r *Room) viewers() []viewer {
	if r.audience == nil {
		r.audience = make([]viewer, 0, len(r.seats))
		for _, o := range r.order {
			for _, s := range o.seats {
				r.audience = append(r.audience, viewer{s.jid, o, r.seesJIDs(o), &s.at})
			}
		}
	}
	return r.audience
}

// seesJIDs says whether an occupant is told real JIDs (XEP-0045 sections 7.2.3,
// Non-Anonymous Rooms, and 7.2.4, Semi-Anonymous Rooms).
func (r *Room) seesJIDs(o *occupant) bool { return r.config.NonAnonymous || o.role == Moderator }
