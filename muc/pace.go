package muc

import (
	"context"
	"errors"
	"slices"
	"time"

	"parley/router"
	"parley/stanza"
)

// pace is how fast a user says things to all in a room: messages, and presence,
// which reaches all as well. What comes too fast waits its turn here, and a client
// is not told before that it was taken; what would have to wait too long is
// refused.
type pace struct {
	left  float64 // how much may be said now
	at    time.Time
	held  []held
	bytes int // of held
}

// held is a stanza that waits.
type held struct {
	p       *router.Packet
	do      func(r *Room, ctx context.Context, p *router.Packet) error
	written func()
}

// maxHeld is how many bytes of a user's stanzas wait at most.
const maxHeld = 64 << 10

// maxPaces is how many users a room holds paces of before it looks whose it need
// not.
const maxPaces = 256

// paced does what a user asks for, now or in its turn. The lock is held.
func (r *Room) paced(ctx context.Context, p *router.Packet,
	do func(r *Room, ctx context.Context, p *router.Packet) error) error {
	if r.row.Load() == 0 {
		return do(r, ctx, p) // there is nobody to be bothered
	}
	f := r.pace(p.From.Bare())
	switch {
	case len(f.held) == 0 && r.may(f):
		return do(r, ctx, p)
	case f.bytes+len(p.Stanza.Raw) > maxHeld:
		return stanza.ResourceConstraint.WithText("Not so fast, please.")
	}
	h := held{p, do, func() {}}
	if p.Sender != nil {
		h.written = p.Hold() // what comes from elsewhere shares its stream with others
	}
	f.held = append(f.held, h)
	f.bytes += len(p.Stanza.Raw)
	if len(f.held) == 1 {
		r.goOn(context.WithoutCancel(ctx), f)
	}
	return nil
}

// pace is that of a user.
func (r *Room) pace(user stanza.JID) *pace {
	if f := r.paces[user]; f != nil {
		return f
	}
	if len(r.paces) >= maxPaces {
		r.forgetPaces()
	}
	if r.paces == nil {
		r.paces = map[stanza.JID]*pace{}
	}
	f := &pace{left: float64(r.service.policy().Burst), at: time.Now()}
	r.paces[user.Clone()] = f
	return f
}

// forgetPaces forgets those who have been silent for so long that nothing is to
// be held against them.
func (r *Room) forgetPaces() {
	c := r.service.policy()
	full := time.Duration(float64(c.Burst) / float64(c.Rate) * float64(time.Second))
	for user, f := range r.paces {
		if len(f.held) == 0 && time.Since(f.at) >= full {
			delete(r.paces, user)
		}
	}
}

// may takes the right to say one thing, if there is one.
func (r *Room) may(f *pace) bool {
	c := r.service.policy()
	now := time.Now()
	f.left = min(float64(c.Burst), f.left+now.Sub(f.at).Seconds()*float64(c.Rate))
	f.at = now
	if f.left < 1 {
		return false
	}
	f.left--
	return true
}

// goOn does what is held when it is time to.
func (r *Room) goOn(ctx context.Context, f *pace) {
	wait := time.Second / time.Duration(r.service.policy().Rate)
	time.AfterFunc(wait, func() {
		again, _ := r.service.enter(ctx, r, func(r *Room) error {
			for len(f.held) > 0 && r.may(f) {
				r.doHeld(ctx, f)
			}
			if len(f.held) > 0 {
				r.goOn(ctx, f)
			}
			return nil
		})
		if again { // the room has ended
			for _, h := range f.held {
				r.service.host.Router.Bounce(ctx, h.p, stanza.ItemNotFound)
				h.written()
			}
		}
	})
}

// doHeld does the first of what is held.
func (r *Room) doHeld(ctx context.Context, f *pace) {
	h := f.held[0]
	f.held[0], f.held = held{}, f.held[1:]
	f.bytes -= len(h.p.Stanza.Raw)
	defer h.written()
	err := h.do(r, ctx, h.p)
	var e *stanza.Error
	switch {
	case err == nil || errors.Is(err, router.Handled):
		return
	case !errors.As(err, &e):
		r.service.log.Error("held stanza failed", "room", r.jid, "err", err)
		e = stanza.InternalServerError
	}
	r.say(ctx, func(ctx context.Context) { r.service.host.Router.Bounce(ctx, h.p, e) })
}

// unhold forgets what a client has asked for that leaves: it must not enter
// again because of it. The lock is held.
func (r *Room) unhold(client stanza.JID) {
	f := r.paces[client.Bare()]
	if f == nil {
		return
	}
	f.held = slices.DeleteFunc(f.held, func(h held) bool {
		gone := h.p.From == client && h.p.Stanza.Kind == stanza.Presence
		if gone {
			f.bytes -= len(h.p.Stanza.Raw)
			h.written()
		}
		return gone
	})
}
