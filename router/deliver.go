package router

import (
	"context"

	"parley/stanza"
)

// deliver is the router's own rule in the deliver stage: the packet goes to
// those that resolve found.
func (r *Router) deliver(ctx context.Context, p *Packet) error {
	switch {
	case p.Kind == Nowhere:
		return nil // a broadcast is package presence's
	case p.Kind == ToRemote:
		return r.deliverRemote(ctx, p)
	case p.Dest.Forward != nil && len(p.seen().replies) == 0:
		return p.Dest.Forward(ctx, p)
	}
	switch p.Stanza.Kind {
	case stanza.Message:
		return p.deliverMessage()
	case stanza.Presence:
		r.deliverPresence(ctx, p)
		return nil
	}
	return r.deliverIQ(p)
}

// deliverRemote applies RFC 6120 section 10.4, Remote Domain.
func (r *Router) deliverRemote(ctx context.Context, p *Packet) error {
	if r.out == nil {
		return stanza.RemoteServerNotFound
	}
	r.Metrics.StanzaOut(uint8(p.Stanza.Kind))
	return r.out.Send(ctx, p)
}

// deliverMessage queues a message. If it is not for an account, or nobody
// took it and no module kept it, the sender is told (RFC 6121 section
// 8.5.2.2.1: offline storage or an error).
func (p *Packet) deliverMessage() error {
	for _, s := range p.Targets {
		s.Send(p)
	}
	if p.Outcome.Sessions > 0 || p.Outcome.Stored || p.Owed || p.MessageType() == "headline" {
		return nil
	}
	return stanza.ServiceUnavailable
}

// deliverPresence queues presence. Nobody is told when there is nobody (RFC
// 6121 section 8.5.2.2.2); probes are for servers (RFC 6121 section 4.3). A
// probe to an account that does not exist is answered like one to an account
// that knows nothing of the prober (RFC 6121 sections 8.5.1 and 4.3.2), so that
// the answer does not tell which it was.
func (r *Router) deliverPresence(ctx context.Context, p *Packet) {
	if p.Stanza.Type == "probe" {
		if p.Kind == ToNobody && p.Origin != Server {
			var b stanza.Builder
			r.Route(ctx, b.Start("presence", "", "from", p.To.Bare().String(), "to",
				p.From.Bare().String(), "id", p.Stanza.ID, "type", "unsubscribed").End().Stanza())
		}
		return
	}
	for _, s := range p.Targets {
		s.Send(p)
	}
}

// deliverIQ queues an iq for the session it is addressed to (RFC 6121 section
// 8.5.3.1, Resource Matches), gives an answer to who asked in the server, and
// refuses requests that nobody answered.
func (r *Router) deliverIQ(p *Packet) error {
	switch {
	case p.Kind == ToSession:
		if p.Targets[0].Send(p) || !p.request() {
			return nil
		}
	case !p.request():
		r.pending.answered(p)
		return nil
	case len(p.seen().replies) > 0:
		return nil // its owner has answered
	case p.Kind == ToDomain && p.To.IsHost() && p.Dest.known[p.Stanza.ChildAt(0).NS]:
		// RFC 6120 section 8.3.3.3, feature-not-implemented: the namespace is
		// understood, this element or type of request is not.
		return stanza.FeatureNotImplemented
	}
	// RFC 6120 section 8.4, Extended Content; RFC 6121 sections 8.5.2.1.3 and
	// 8.5.3.2.3, IQ
	return stanza.ServiceUnavailable
}

// ask gives an iq request to its one owner, if it has one.
func (r *Router) ask(ctx context.Context, p *Packet) error {
	if !p.request() || p.Dest == nil || p.To.IsFull() {
		return nil
	}
	c := p.Stanza.ChildAt(0)
	k := iqKey{typ: p.Stanza.Type, ns: c.NS, name: c.Name}
	for _, k.where = range p.owners() {
		if own, ok := p.Dest.owners[k]; ok {
			p.Side, p.Account = Receiving, p.Peer
			return own.fn(ctx, p)
		}
	}
	return nil
}

// owners are the kinds of owner a request to a domain or bare JID may have.
func (p *Packet) owners() []Where {
	switch {
	case p.Kind == ToDomain && p.To.IsHost():
		return toHost
	case p.Kind == ToBare && p.self():
		return toSelf
	case p.Kind == ToBare:
		return toAccount
	case p.Kind == ToNobody && !p.To.IsFull():
		return toMissing
	}
	return nil
}

// Who may own a request, by address; never changed.
var (
	toHost    = []Where{ToHost}
	toSelf    = []Where{ToSelf, ToAccount}
	toAccount = []Where{ToAccount}
	toMissing = []Where{ToMissing}
)
