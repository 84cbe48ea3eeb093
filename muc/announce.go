package muc

import (
	"context"

	"parley/stanza"
)

// sent are the steps of telling what has happened.
type sent []func(ctx context.Context)

func (list sent) run(ctx context.Context) {
	for _, fn := range list {
		fn(ctx)
	}
}

// announce says what the effects are, when memory is changed: to those who are
// removed, and to the others.
func (r *Room) announce(effects []*effect, actor string) (own, others sent) {
	for _, e := range effects {
		n := note{actor: actor}
		if e.why != nil {
			n.reason = e.why.reason
		}
		if e.code != 0 {
			a, b := r.announceRemoval(e, n)
			own, others = append(own, a), append(others, b)
			continue
		}
		if e.was != (standing{r.affiliation(e.occupant.user), e.occupant.role}) {
			others = append(others, r.announceChange(e, n)...)
		}
	}
	return own, others
}

// announceRemoval tells of one who does not stay: its own clients, and the rest.
func (r *Room) announceRemoval(e *effect, n note) (own, others func(ctx context.Context)) {
	n.codes = []int{e.code}
	list := make([]*shown, len(e.seats))
	for i, s := range e.seats {
		list[i] = r.showGone(s, nil, n)
	}
	rest := r.broadcastTo(e.occupant, r.viewers())
	return func(ctx context.Context) { e.tell(ctx, r, list) },
		func(ctx context.Context) { list[0].to(ctx, r, rest) }
}

// tell sends each client of one who is removed its own presence.
func (e *effect) tell(ctx context.Context, r *Room, list []*shown) {
	for i, s := range e.seats {
		list[i].to(ctx, r, []viewer{{jid: s.jid, user: e.occupant}})
	}
}

// announceLoss tells that those are outside who were removed by what could not be
// stored: they may enter again (XEP-0045 section 11.1, Service removes user
// because of error response).
func (r *Room) announceLoss(effects []*effect) (told sent) {
	for _, e := range effects {
		if e.code == 0 {
			continue
		}
		n := note{codes: []int{333}}
		list := make([]*shown, len(e.seats))
		for i, s := range e.seats {
			list[i] = r.showGone(s, nil, n)
			a := e.was.affiliation
			list[i].open = n.xml(a, NoRole, s.jid, n.codes)
			list[i].hidden = n.xml(a, NoRole, stanza.JID{}, n.codes)
			list[i].self = n.xml(a, NoRole, s.jid, []int{110, 333})
		}
		rest := r.broadcastTo(e.occupant, r.viewers())
		told = append(told, func(ctx context.Context) {
			e.tell(ctx, r, list)
			list[0].to(ctx, r, rest)
		})
	}
	return told
}

// announceChange tells of another role or affiliation. Those who do not see
// presence of the new role see the occupant leave (XEP-0045 section 5.1.3,
// Changing Roles).
func (r *Room) announceChange(e *effect, n note) (list sent) {
	o := e.occupant
	all, told := r.viewers(), r.broadcastTo(o, r.viewers())
	sh := r.show(o.main(), n)
	list = append(list, func(ctx context.Context) { sh.to(ctx, r, told) })
	if e.was.role >= r.config.Broadcast && o.role < r.config.Broadcast {
		gone := r.showGone(o.main(), nil, note{})
		rest := blind(all, o)
		list = append(list, func(ctx context.Context) { gone.to(ctx, r, rest) })
	}
	if o.role == Moderator && e.was.role != Moderator {
		list = append(list, r.reveal(o))
	}
	return list
}

// blind are the viewers who do not see presence that is not broadcast.
func blind(list []viewer, o *occupant) (left []viewer) {
	for _, v := range list {
		if v.user != o && v.user.role != Moderator {
			left = append(left, v)
		}
	}
	return left
}

// reveal sends a new moderator the presence of the others where it has not seen
// all of it (XEP-0045 section 8, Moderator Use Cases: real JIDs come with
// presence).
func (r *Room) reveal(o *occupant) func(ctx context.Context) {
	if r.config.NonAnonymous && r.config.Broadcast <= Visitor {
		return func(context.Context) {}
	}
	var list []*shown
	for _, other := range r.order {
		if other != o {
			list = append(list, r.show(other.main(), note{}))
		}
	}
	var to []viewer
	for _, s := range o.seats {
		to = append(to, viewer{jid: s.jid, user: o, sees: true})
	}
	return func(ctx context.Context) {
		for _, sh := range list {
			sh.to(ctx, r, to)
		}
	}
}
