package muc

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"parley/archive"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Namespaces of XEP-0045 (section 16.1, Protocol Namespaces).
const (
	nsMUC   = "http://jabber.org/protocol/muc"
	nsUser  = nsMUC + "#user"
	nsAdmin = nsMUC + "#admin"
	nsOwner = nsMUC + "#owner"
)

// Service is the module of a host whose addresses are rooms.
type Service struct {
	host    *router.Host
	db      *store.DB
	log     *slog.Logger
	reader  *archive.Reader
	answers map[request]answer // never changed

	closed  atomic.Bool // nobody enters any more
	workers *workers

	mu    sync.Mutex
	rooms map[string]*Room         // in memory, by localpart
	loads map[string]chan struct{} // being read from the store; closed when done
}

var _ router.Module = (*Service)(nil)

// New makes the module.
func New() *Service {
	return &Service{rooms: map[string]*Room{}, loads: map[string]chan struct{}{},
		answers: answers()}
}

// Register implements router.Module.
func (m *Service) Register(h *router.Host) {
	m.host, m.db, m.log = h, h.Router.Store, h.Router.Log
	m.workers = newWorkers()
	m.reader = archive.NewReader(h.Router)
	m.registerDisco(h)
	h.On(router.Record, router.OfAll, "rooms", m.record)
	h.On(router.Deliver, router.OfAll, "rooms", m.deliver)
	h.OnAway(m.away)
	h.Go("rooms", m.sweep)
}

// record decides what becomes of a stanza to a room or an occupant. Those to
// the service itself have owners of their own, and answers to what the service
// asked go on to the router. What is not refused here passes the sender's other
// stages too, so that its presence is withdrawn when its stream breaks.
func (m *Service) record(ctx context.Context, p *router.Packet) error {
	if p.To.Local() == "" {
		return nil
	}
	switch p.Stanza.Kind {
	case stanza.Presence:
		return m.presence(ctx, p)
	case stanza.Message:
		return m.message(ctx, p)
	}
	return m.iq(ctx, p)
}

// deliver ends the way of a stanza to a room and looks at errors: a client that
// cannot be reached is not inside any more (XEP-0045 section 18.1.2, Ghost
// Users). Errors of an iq are answers.
func (m *Service) deliver(ctx context.Context, p *router.Packet) error {
	if p.To.Local() == "" || p.Stanza.Kind == stanza.IQ {
		return nil
	}
	if p.Stanza.Type == "error" {
		m.bounced(ctx, p)
	}
	return router.Handled
}

// presence enters, changes or leaves (XEP-0045 sections 7.2, Entering a Room, 7.6,
// Changing Nickname, 7.7, Changing Availability Status, and 7.14, Exiting a Room).
func (m *Service) presence(ctx context.Context, p *router.Packet) error {
	switch p.Stanza.Type {
	case "", "unavailable":
	default:
		return m.otherPresence(ctx, p)
	}
	if p.Stanza.Type == "unavailable" {
		return m.with(ctx, p.To, false, func(r *Room) error { return r.exit(ctx, p) }, nil)
	}
	if m.closed.Load() {
		return stanza.ServiceUnavailable.WithType(stanza.Wait)
	}
	if p.To.Resource() == "" {
		// XEP-0045 section 7.2.1, Basic MUC Protocol: no nickname was given
		return stanza.JIDMalformed
	}
	return m.with(ctx, p.To, true, func(r *Room) error {
		return r.paced(ctx, p, (*Room).available)
	}, nil)
}

// message speaks to all, to one, or about the room.
func (m *Service) message(ctx context.Context, p *router.Packet) error {
	return m.with(ctx, p.To, false, func(r *Room) error {
		switch {
		case p.To.IsFull():
			return r.private(ctx, p)
		case p.Stanza.Type == "groupchat":
			return r.paced(ctx, p, (*Room).groupchat)
		}
		return r.mediated(ctx, p)
	}, stanza.ItemNotFound)
}

// iq asks a room, or an occupant through it.
func (m *Service) iq(ctx context.Context, p *router.Packet) error {
	if t := p.Stanza.Type; t != "get" && t != "set" {
		return nil
	}
	var missing error = stanza.ItemNotFound
	if p.To.IsFull() {
		missing = unseated(p)
	}
	var then later
	err := m.with(ctx, p.To, false, func(r *Room) (err error) {
		if p.To.IsFull() {
			return r.askOccupant(ctx, p)
		}
		then, err = r.ask(ctx, p)
		return err
	}, missing)
	if err != nil || then == nil {
		return err
	}
	return then(ctx)
}
