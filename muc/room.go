package muc

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"sync/atomic"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Room is one room in memory.
type Room struct {
	service *Service
	jid     stanza.JID // bare
	created time.Time
	secret  string       // the key of its occupant ids
	row     atomic.Int64 // the room's id in the store, 0 until it is committed

	mu       sync.Mutex
	gone     bool          // it has left memory: ask the service again
	ended    chan struct{} // of one that ends: closed when it is in the store no more
	stale    bool          // a write has failed: memory may say what the store does not
	config   Config
	users    map[stanza.JID]user   // affiliations, voice, reserved nicknames; see keep
	reserved map[string]stanza.JID // whose nickname it is, by nickKey
	requests map[stanza.JID]asking // of voice or membership, unanswered
	subject  *stanza.Stanza        // the message that set it, nil if none did
	vcard    string
	avatar   []string // hashes of the pictures in it
	recent   []*past  // the history that newcomers get
	nicks    map[string]*occupant
	seats    map[stanza.JID]*seat // by full JID
	order    []*occupant          // in the order of entering
	audience []viewer             // see viewers
	used     time.Time            // when somebody last asked for it

	paces  map[stanza.JID]*pace // by bare JID
	absent absent

	out outbox
}

// user is what a room remembers of somebody, inside or not.
type user struct {
	affiliation Affiliation
	role        Role   // that a moderator gave, NoRole for the usual one
	nick        string // reserved
	reason      string
}

// affiliation of a user, by bare or full JID. A ban of a domain holds for all
// of its users who have no affiliation of their own (XEP-0045 section 9.2,
// Modifying the Ban List).
func (r *Room) affiliation(jid stanza.JID) Affiliation {
	if u, ok := r.users[jid.Bare()]; ok && u.affiliation != None {
		return u.affiliation
	}
	return r.users[jid.Host()].affiliation
}

// occupantID names a user in this room for ever, and says nothing to those who
// do not know the room's secret (XEP-0421 section 3.2).
func (r *Room) occupantID(user stanza.JID) string {
	h := hmac.New(sha256.New, []byte(r.secret))
	h.Write([]byte(user.Bare().String()))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

// write commits what has been changed in memory already because of a packet, or
// because of nothing that was sent (p is nil). announce goes out behind the
// commit, in its place in the room's output; the answer to an iq is part of it.
// The rows are handed to the store under the room's lock, so that those of two
// requests are written in the order in which memory was changed. The lock is
// held.
func (r *Room) write(ctx context.Context, p *router.Packet,
	fn func(tx *store.Tx) error, announce func(ctx context.Context)) {
	r.writeFor(ctx, p, fn, outcome{announce: announce})
}

// outcome is what comes of a write.
type outcome struct {
	announce  func(ctx context.Context) // goes out behind the commit
	otherwise func(ctx context.Context) // goes out instead if there is none
	then      func(committed bool)      // called first; it must not block
}

// writeFor is write where more comes of it than an announcement.
func (r *Room) writeFor(ctx context.Context, p *router.Packet,
	fn func(tx *store.Tx) error, o outcome) {
	written := func() {}
	if p != nil {
		written = p.Late(nil)
	}
	failed := false
	d := r.out.put(ctx, true, func(ctx context.Context) {
		defer written() // what the same client asks next is answered behind this
		switch {
		case failed && o.otherwise != nil:
			o.otherwise(ctx)
		case !failed && o.announce != nil:
			o.announce(ctx)
		}
	})
	r.service.db.Write(counted(p, fn), func(err error) {
		failed = err != nil
		if o.then != nil {
			o.then(!failed)
		}
		if failed {
			r.failed(p, d, err)
			return
		}
		d.release(true)
	})
}

// failed is told that a write has failed: nothing is announced but that, and the
// room is read again before it is used again.
func (r *Room) failed(p *router.Packet, d *delivery, err error) {
	go func() { // the store's writer does not wait for a room's lock
		r.mu.Lock()
		r.stale = true
		r.mu.Unlock()
		if p != nil {
			r.notStored(d.ctx, p, err)
		} else {
			r.service.log.Error("room not written", "room", r.jid, "err", err)
		}
		d.release(true)
	}()
}

// say has what was decided go out in its turn. The lock is held.
func (r *Room) say(ctx context.Context, send func(ctx context.Context)) {
	r.out.put(ctx, false, send)
}

// send sends one text, whose from is in it, to one address.
func (r *Room) send(ctx context.Context, st *stanza.Stanza, to stanza.JID) {
	r.sendAt(ctx, st, &router.Receiver{JID: to})
}

// sendAt is send for somebody whom it remembers where to find.
func (r *Room) sendAt(ctx context.Context, st *stanza.Stanza, to *router.Receiver) {
	if s, ok := ctx.(sending); ok {
		s.spread.RouteTo(ctx, st, to)
		return
	}
	r.service.host.Router.RouteTo(ctx, st, to.JID)
}
