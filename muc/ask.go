package muc

import (
	"context"

	"parley/archive"
	"parley/router"
	"parley/stanza"
)

// request is what an iq asks a room for.
type request struct{ typ, ns, name string }

// answer gives a room's answer, under its lock. What it returns is called
// without the lock: what is to be read from the store.
type answer func(r *Room, ctx context.Context, p *router.Packet) (later, error)

type later func(ctx context.Context) error

// now is an answer that reads nothing from the store.
func now(fn func(r *Room, ctx context.Context, p *router.Packet) error) answer {
	return func(r *Room, ctx context.Context, p *router.Packet) (later, error) {
		return nil, fn(r, ctx, p)
	}
}

// answers are what rooms answer (XEP-0045 section 17.4, IQ, rule 1).
func answers() map[request]answer {
	return map[request]answer{
		{"get", nsAdmin, "query"}: now((*Room).lists),
		{"set", nsAdmin, "query"}: now((*Room).administer),
		{"get", nsOwner, "query"}: now((*Room).configForm),
		{"set", nsOwner, "query"}: now((*Room).own),

		{"get", nsRegister, "query"}: now((*Room).registration),
		{"set", nsRegister, "query"}: now((*Room).register),

		{"get", nsPing, "ping"}:         now((*Room).ping),
		{"get", nsDiscoInfo, "query"}:   now((*Room).info),
		{"get", nsDiscoItems, "query"}:  now((*Room).items),
		{"get", nsVCard, "vCard"}:       now((*Room).vCard),
		{"set", nsVCard, "vCard"}:       now((*Room).setVCard),
		{"get", archive.NS, "query"}:    (*Room).archiveForm,
		{"set", archive.NS, "query"}:    (*Room).queryArchive,
		{"get", archive.NS, "metadata"}: (*Room).archiveEnds,
		{"set", nsCommands, "command"}:  now((*Room).command),
		{"set", nsModerate, "moderate"}: now((*Room).moderate),
		{"set", nsFasten, "apply-to"}:   now((*Room).moderate),
	}
}

const nsPing = "urn:xmpp:ping"

// ask answers a request to the room itself; what nobody answers is refused by
// the router. The lock is held.
func (r *Room) ask(ctx context.Context, p *router.Packet) (later, error) {
	c, _ := p.Stanza.Payload()
	fn := r.service.answers[request{p.Stanza.Type, c.NS, c.Name}]
	if fn == nil {
		return nil, stanza.ServiceUnavailable
	}
	return fn(r, ctx, p)
}

// ping says that the room is there (XEP-0199 section 4.2, Client-To-Server
// Pings).
func (r *Room) ping(_ context.Context, p *router.Packet) error {
	p.Result("")
	return nil
}
