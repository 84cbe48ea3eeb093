package router

import (
	"context"
	"errors"
	"log/slog"

	"parley/stanza"
	"parley/store"
)

// fail ends the packet with what a handler or its writes returned.
func (r *Router) fail(ctx context.Context, p *Packet, err error) {
	var se *stanza.Error
	switch {
	case errors.Is(err, Handled):
		return
	case errors.As(err, &se):
		r.bounce(ctx, p, se)
	case errors.Is(err, store.ErrFull):
		// RFC 6120 section 8.3.3.18, resource-constraint: the server lacks
		// the system resources.
		r.bounce(ctx, p, stanza.ResourceConstraint)
	default:
		r.report(ctx, p, err)
		r.bounce(ctx, p, stanza.InternalServerError)
	}
}

// report logs an error that is our fault.
func (r *Router) report(ctx context.Context, p *Packet, err error) {
	r.Log.LogAttrs(ctx, slog.LevelError, "stanza failed", slog.Any("from", p.From),
		slog.Any("to", p.To), slog.String("id", p.Stanza.ID), slog.Any("err", err))
}

// Bounce tells the sender of a packet that was taken by Host.Forward, or sent to
// another domain, that it has not arrived after all.
func (r *Router) Bounce(ctx context.Context, p *Packet, e *stanza.Error) { r.bounce(ctx, p, e) }

// bounce sends an error to the sender. Errors and results are not answered
// (RFC 6120 section 8.3.1, Rules), and of what the server made only requests,
// whose asker waits.
func (r *Router) bounce(ctx context.Context, p *Packet, e *stanza.Error) {
	if p.answers() || p.Origin == Server && !p.request() {
		return
	}
	r.answer(ctx, p, p.Stanza.ErrorReply(e))
}

// answer sends a reply back to where the packet came from.
func (r *Router) answer(ctx context.Context, p *Packet, st *stanza.Stanza) {
	var e stanza.Edits
	e.Set("to", p.From.String())
	if st.From.IsZero() && !st.BadFrom && !p.To.IsZero() {
		e.Set("from", p.To.String())
	}
	if p.Sender != nil {
		p.Sender.PushWith(st, &e)
		return
	}
	from := st.From
	if from.IsZero() {
		from = p.To
	}
	a := &Packet{Stanza: st, Origin: Server, From: from, To: p.From, Edits: e}
	if id := p.seen().id; id != "" {
		a.more().id = id
	}
	r.route(ctx, a)
}
