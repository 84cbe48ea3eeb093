package muc

import (
	"context"
	"strings"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// available enters the room, or changes the presence or nickname of one who is
// inside. What comes late from a session that has ended is not for the room to
// see: nothing would ever follow it. The lock is held.
func (r *Room) available(ctx context.Context, p *router.Packet) error {
	if s := p.Sender; s != nil && s.Account.Session(s.JID.Resource()) != s {
		return router.Handled
	}
	s, joins := r.seatOf(p.From), p.Stanza.Has(nsMUC, "x")
	switch {
	case s == nil && !joins && !r.service.policy().Groupchat1:
		return r.notInside(ctx, p)
	case s == nil:
		return r.join(ctx, p)
	case s.occupant.nick != p.To.Resource():
		return r.rename(ctx, p, s)
	case joins:
		return r.rejoin(ctx, p, s)
	}
	return r.update(ctx, p, s)
}

// notInside tells a client that it has lost its seat: XEP-0045 section 7.2.18
// (Groupchat 1.0 Protocol) has its presence answered as a kick would be.
func (r *Room) notInside(ctx context.Context, p *router.Packet) error {
	n := note{codes: []int{307, 333}, self: nil}
	o := &occupant{jid: p.To, user: p.From.Bare(), id: r.occupantID(p.From)}
	sh := r.showGone(&seat{occupant: o, jid: p.From}, nil, n)
	to := []viewer{{jid: p.From.Clone(), user: o}}
	r.say(ctx, func(ctx context.Context) { sh.to(ctx, r, to) })
	return nil
}

// join enters (XEP-0045 section 7.2, Entering a Room).
func (r *Room) join(ctx context.Context, p *router.Packet) error {
	nick, err := prepareNick(p.To.Resource())
	if err != nil {
		return err
	}
	fresh := r.row.Load() == 0 && len(r.users) == 0
	if fresh {
		if err := r.mayCreate(ctx, p); err != nil {
			return err
		}
	} else if err := r.mayEnter(p, nick); err != nil {
		return err
	}
	announce := r.seatIn(p, nick, fresh)
	if !fresh {
		r.say(ctx, announce)
		return nil
	}
	r.create(ctx, p, announce)
	return nil
}

// mayEnter refuses those who may not enter, in the order of the sections of
// XEP-0045.
func (r *Room) mayEnter(p *router.Packet, nick string) error {
	a := r.affiliation(p.From)
	switch {
	case r.lockedTo(p.From):
		return stanza.ItemNotFound // section 7.2.10, Locked Room
	case a == Outcast:
		return stanza.Forbidden // section 7.2.7, Banned Users
	case r.config.MembersOnly && a < Member:
		return stanza.RegistrationRequired // section 7.2.6, Members-Only Rooms
	case r.config.Password != "" && a < Admin && password(p) != r.config.Password:
		return stanza.NotAuthorized // section 7.2.5, Password-Protected Rooms
	case !r.nickFree(nick, p.From.Bare()):
		return stanza.Conflict // section 7.2.8, Nickname Conflict
	case len(r.order) >= r.maxUsers(a):
		return stanza.ServiceUnavailable.WithType(stanza.Wait) // section 7.2.9, Max Users
	}
	return nil
}

// password is the one in the presence by which somebody enters.
func password(p *router.Packet) string {
	c, ok := p.Stanza.Child(nsMUC, "x")
	if !ok {
		return ""
	}
	return p.Stanza.Element(c).ChildText("", "password")
}

// nickFree says whether a user may have a nickname: nobody else is in the room
// under it, and it is reserved for nobody else (XEP-0045 section 7.2.8). Comparing
// with every reserved nickname would take 0.4 µs for each.
func (r *Room) nickFree(nick string, user stanza.JID) bool {
	key := nickKey(nick)
	if o := r.nicks[key]; o != nil && o.user != user {
		return false
	}
	owner, reserved := r.reserved[key]
	return !reserved || owner == user
}

// maxUsers is how many occupants the room may have before somebody enters:
// admins and owners get in beyond it (XEP-0045 section 7.2.9, Max Users).
func (r *Room) maxUsers(a Affiliation) int {
	n := r.service.policy().Occupants
	if r.config.MaxUsers > 0 {
		n = min(n, r.config.MaxUsers)
	}
	if a >= Admin {
		n += extraAdmins
	}
	return n
}

// extraAdmins is how many admins and owners fit into a full room.
const extraAdmins = 20

// seatIn gives a client its place and says what is to be sent because of it.
func (r *Room) seatIn(p *router.Packet, nick string, fresh bool) func(ctx context.Context) {
	others := r.viewers()
	s, firstSeat := r.newSeat(p, nick)
	n := note{self: r.entryCodes()}
	if fresh {
		n.self = append(n.self, 201) // XEP-0045 section 10.1.1, General Considerations
	}
	if s.occupant.nick != p.To.Resource() {
		n.self = append(n.self, 210) // section 7.2.2: the nickname was changed
	}
	w := r.welcome(p, s, n)
	all := r.show(s, note{})
	if !firstSeat {
		// The others know the occupant; its own clients hear of this one.
		others = r.public(s.occupant, others)
	}
	others = r.broadcastTo(s.occupant, others)
	return func(ctx context.Context) {
		w.roster(ctx, r)
		all.to(ctx, r, others)
		w.rest(ctx, r)
	}
}

// newSeat adds the client, under the occupant that its user is already or a new one.
func (r *Room) newSeat(p *router.Packet, nick string) (s *seat, first bool) {
	from := p.From.Clone()
	o := r.nicks[nickKey(nick)]
	if o == nil {
		jid, err := r.jid.WithResource(nick)
		if err != nil { // it is shorter than the one it was made of
			jid = p.To
		}
		o = &occupant{nick: nick, jid: jid.Clone(), user: from.Bare(), id: r.occupantID(from)}
		o.role = r.roleOf(from)
		first = true
	}
	s = &seat{jid: from, presence: r.kept(asSent(p), o), since: time.Now()}
	s.groupchat1 = !p.Stanza.Has(nsMUC, "x")
	r.add(o, s)
	return s, first
}

// entryCodes are what a newcomer is warned of (XEP-0045 sections 7.2.3,
// Non-Anonymous Rooms, and 7.2.12, Room Logging).
func (r *Room) entryCodes() (codes []int) {
	if r.config.NonAnonymous {
		codes = append(codes, 100)
	}
	if r.config.Archive {
		codes = append(codes, 170)
	}
	return codes
}

// public are the viewers that are not the occupant itself.
func (r *Room) public(o *occupant, list []viewer) []viewer {
	left := make([]viewer, 0, len(list))
	for _, v := range list {
		if v.user != o {
			left = append(left, v)
		}
	}
	return left
}

// broadcastTo are those of the viewers who are told of the occupant: all, or
// where presence of its role is not broadcast, moderators (XEP-0045 section
// 7.2.2, Presence Broadcast). It itself always is.
func (r *Room) broadcastTo(o *occupant, list []viewer) []viewer {
	if o.role >= r.config.Broadcast {
		return list
	}
	left := make([]viewer, 0, 8)
	for _, v := range list {
		if v.user == o || v.user.role == Moderator {
			left = append(left, v)
		}
	}
	return left
}

// welcome is what a newcomer gets, in the order of XEP-0045 section 7.1 (Order
// of Events): presence of the others, its own, history, the subject.
type welcome struct {
	to      stanza.JID
	at      *router.Receiver
	sees    bool
	others  []*shown
	own     *shown
	avatar  *stanza.Stanza // of the room, nil if it has none
	history func() []*past // asked in its turn: what was said before is in it then
}

// welcome puts together what the seat gets. The lock is held.
func (r *Room) welcome(p *router.Packet, s *seat, n note) *welcome {
	w := &welcome{to: s.jid, at: &s.at, sees: r.seesJIDs(s.occupant), own: r.show(s, n)}
	w.others = make([]*shown, 0, len(r.order))
	for _, o := range r.order {
		if o != s.occupant && (o.role >= r.config.Broadcast || s.occupant.role == Moderator) {
			w.others = append(w.others, r.showNow(o.main()))
		}
	}
	if len(r.avatar) > 0 {
		w.avatar = r.presence()
	}
	w.history = r.historyFor(p)
	return w
}

// roster sends the presence of those who are inside.
func (w *welcome) roster(ctx context.Context, r *Room) {
	for _, sh := range w.others {
		r.sendAt(ctx, sh.seen(w.sees), w.at)
	}
}

// rest sends what comes behind the presence of the others.
func (w *welcome) rest(ctx context.Context, r *Room) {
	if w.avatar != nil {
		r.send(ctx, w.avatar, w.to)
	}
	w.own.to(ctx, r, []viewer{{jid: w.to, user: w.own.of}})
	for _, h := range w.history() {
		r.send(ctx, h.delayed(r), w.to)
	}
	r.send(ctx, r.currentSubject(), w.to)
}

// rejoin gives a client that is inside, and does not know it, all of a join again.
func (r *Room) rejoin(ctx context.Context, p *router.Packet, s *seat) error {
	s.presence = r.kept(asSent(p), s.occupant)
	w := r.welcome(p, s, note{self: r.entryCodes()})
	others := r.broadcastTo(s.occupant, r.public(s.occupant, r.viewers()))
	all := r.show(s, note{})
	r.say(ctx, func(ctx context.Context) {
		w.roster(ctx, r)
		all.to(ctx, r, others)
		w.rest(ctx, r)
	})
	return nil
}

// create writes a new room, whose first occupant is its owner (XEP-0045 section
// 10.1.1, General Considerations).
func (r *Room) create(ctx context.Context, p *router.Packet, announce func(ctx context.Context)) {
	owner := p.From.Bare().Clone()
	row := store.Room{Host: r.service.host.Domain, Local: r.jid.Local(), Config: r.config.text(),
		Secret: r.secret, Created: r.created}
	r.write(ctx, p, func(tx *store.Tx) error {
		id, err := tx.CreateRoom(&row)
		if err != nil {
			return err
		}
		r.row.Store(id)
		return tx.SetRoomUser(id, store.RoomUser{JID: owner.String(), Affiliation: int(Owner)})
	}, announce)
}

// mayCreate makes the sender the owner of a room that does not exist yet, if the
// service lets it (XEP-0045 section 7.2.11, Nonexistent Room).
func (r *Room) mayCreate(ctx context.Context, p *router.Packet) error {
	if err := r.service.mayCreate(ctx, p.From, strings.Clone(r.jid.Local())); err != nil {
		return err
	}
	r.users[p.From.Bare().Clone()] = user{affiliation: Owner}
	r.config.Locked = r.service.policy().LockNew
	return nil
}
