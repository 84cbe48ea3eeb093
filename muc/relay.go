package muc

import (
	"context"
	"time"

	"parley/router"
	"parley/stanza"
)

const (
	nsDiscoInfo  = "http://jabber.org/protocol/disco#info"
	nsDiscoItems = "http://jabber.org/protocol/disco#items"
	nsVCard      = "vcard-temp"
)

// askOccupant is a request to an occupant, which the room passes on without
// telling either who the other is (XEP-0045 section 17.4, IQ, rule 3). The lock
// is held.
func (r *Room) askOccupant(ctx context.Context, p *router.Packet) error {
	c, _ := p.Stanza.Payload()
	s := r.seatOf(p.From)
	if s == nil {
		return unseated(p)
	}
	to := r.nicked(p.To.Resource())
	switch {
	case to == nil:
		return stanza.ItemNotFound
	case to == s.occupant && p.Stanza.Type == "get" && c.NS == nsPing && c.Name == "ping":
		// XEP-0410 section 3.3, Server Optimization: it is inside.
		p.Result("")
		return nil
	}
	if s.asks.Add(1) > mostRelayed {
		s.asks.Add(-1)
		return stanza.ResourceConstraint
	}
	iq := r.relayed(p, s.occupant, recipient(to, c))
	r.say(ctx, func(ctx context.Context) { r.relay(ctx, p, iq, func() { s.asks.Add(-1) }) })
	return router.Handled
}

// unseated is the error for a request to an occupant by somebody who is not
// inside. It depends neither on who is inside nor on whether there is such a room:
// to a client that has lost its seat item-not-found would say that it has not
// (XEP-0410 section 3.2, Performing a Self-Ping; XEP-0045 section 6.6, Querying a
// Room Occupant).
func unseated(p *router.Packet) error {
	if c, _ := p.Stanza.Payload(); c.NS == nsDiscoInfo || c.NS == nsDiscoItems {
		return stanza.BadRequest
	}
	return stanza.NotAcceptable
}

// recipient is the address a request goes to: that of the client that speaks for
// the occupant, or of the account for what an account answers (XEP-0054 section
// 3.3, Viewing Another User's vCard).
func recipient(o *occupant, c stanza.Child) stanza.JID {
	if c.NS == nsVCard {
		return o.user
	}
	return o.main().jid
}

// relayed is the request as it goes on.
func (r *Room) relayed(p *router.Packet, from *occupant, to stanza.JID) *stanza.Stanza {
	var e stanza.Edits
	e.Set("from", from.jid.String())
	e.Set("to", to.String())
	return stanza.MustParse(string(p.Stanza.Append(nil, &e, stanza.Out{})))
}

// relayPatience is how long an occupant has for an answer, mostRelayed how many
// requests of one client may wait for theirs.
const (
	relayPatience = 2 * time.Minute
	mostRelayed   = 100
)

// relay sends a request on and its answer back to the client that asked.
func (r *Room) relay(ctx context.Context, p *router.Packet, iq *stanza.Stanza, answered func()) {
	ctx, stop := context.WithTimeout(ctx, relayPatience)
	router := r.service.host.Router
	router.Request(ctx, iq, func(answer *stanza.Stanza) {
		stop()
		answered()
		ctx := context.WithoutCancel(ctx)
		if e := refusal(answer); e != nil {
			router.Bounce(ctx, p, e)
			return
		}
		var e stanza.Edits
		e.Set("id", p.Stanza.ID)
		e.Set("from", p.To.String())
		e.Set("to", p.From.String())
		router.Route(ctx, stanza.MustParse(string(answer.Append(nil, &e, stanza.Out{}))))
	})
}

// refusal is the error in an answer, or for none, as the room itself would say it:
// where an error was made is not told. It is nil for a result.
func refusal(answer *stanza.Stanza) *stanza.Error {
	if answer == nil {
		return stanza.RemoteServerTimeout
	}
	if answer.Type != "error" {
		return nil
	}
	if e := stanza.ParseError(answer); e != nil {
		return e
	}
	return stanza.UndefinedCondition
}
