package router

import (
	"context"
	"fmt"

	"parley/stanza"
	"parley/store"
)

// Module is one feature of a host, usually one XEP. Register states all that
// the module does; nothing happens outside what it lists there.
type Module interface {
	Register(h *Host)
}

// Handler looks at a packet. nil goes on; Handled ends the packet without an
// answer beyond what the handler gave; a *stanza.Error is sent back to the sender
// (never in answer to an error or result); any other error is our fault: it is
// logged and answered internal-server-error.
//
// In the deliver stage Handled and errors end delivery, but the after stage
// still runs; in the record stage what was written before is kept by Handled
// and dropped by an error. In the after stage an error is only logged.
type Handler func(ctx context.Context, p *Packet) error

// Handled ends a packet: the handler has done all there was to do, or the
// packet is dropped silently.
var Handled error = handled{}

type handled struct{}

func (handled) Error() string { return "router: handled" }

// Stage is a step of a packet's way. Within a stage handlers run in the order
// of the module list.
type Stage uint8

const (
	Refuse  Stage = iota // may this go on at all? both sides, sender's first
	Record               // rows: p.Write; ends with the commit
	Copy                 // copies to sessions that are not among the targets
	Deliver              // to sessions, hosts, components, remote domains; the router's rules run last
	After                // always, told who took it (p.Outcome)
	finished
)

// Kinds selects the kinds of stanza a stage handler is called for.
type Kinds uint8

const (
	OfMessage Kinds = 1 << iota
	OfPresence
	OfIQ
	OfAll = OfMessage | OfPresence | OfIQ
)

// Where says which address an iq handler answers for.
type Where uint8

const (
	ToHost    Where = 1 << iota // the domain itself
	ToAccount                   // any account's bare JID, asked by anybody: the handler checks rights
	ToSelf                      // the account's own sessions asking without to or their own bare JID
	ToMissing                   // a bare JID that no account has: who refuses strangers answers alike
)

// pipeline is what the modules of a host have registered. It does not change
// once the host is added.
type pipeline struct {
	stages   [finished][stanza.IQ + 1][]step
	concerns [stanza.IQ + 1]stageSet // which of stages are not empty
	owners   map[iqKey]step
	known    map[string]bool // namespaces with an owner for the host
	write    []writeStep
	lost     []func(ctx context.Context, p *Packet)
	took     []func(s *Session, p *Packet)
	bound    []func(ctx context.Context, s *Session)
	unbound  []func(ctx context.Context, s *Session)
	detached []func(ctx context.Context, s *Session, owed []*Packet)
	resumed  []func(ctx context.Context, s *Session, parked bool)
	keepers  []keeper
	deletion []deletion
	away     []func(ctx context.Context, domain string, gone bool)
	caps     []func(ctx context.Context, a *Account, r Resource)
}

// stageSet is a set of stages.
type stageSet uint8

// has says whether s is in the set.
func (set stageSet) has(s Stage) bool { return set>>s&1 != 0 }

type step struct {
	name string
	fn   Handler
}

type writeStep struct {
	name string
	fn   func(s *Session, p *Packet) bool
}

// iqKey is what an iq request has one owner for: where is a single bit.
type iqKey struct {
	where         Where
	typ, ns, name string
}

// HandleIQ makes fn the one owner of iq requests of that type ("get" or
// "set") with that payload, at each of the addresses in where. A second owner
// panics: it is a defect of the module list.
//
// The owner runs in the record stage, so that its writes are committed before
// anything goes out, and its Reply is sent after them. An owner that returns
// nil without a Reply has not answered: the asker gets service-unavailable.
func (h *Host) HandleIQ(typ, ns, name string, where Where, fn Handler) {
	if h.owners == nil {
		h.owners = map[iqKey]step{}
		h.known = map[string]bool{}
	}
	for _, w := range []Where{ToHost, ToAccount, ToSelf, ToMissing} {
		if where&w == 0 {
			continue
		}
		k := iqKey{w, typ, ns, name}
		if _, ok := h.owners[k]; ok {
			panic(fmt.Sprintf("router: two owners of iq %s %s %s at %s", typ, ns, name, h.Domain))
		}
		h.owners[k] = step{"{" + ns + "}" + name, fn}
		h.known[ns] = h.known[ns] || w == ToHost
	}
}

// On adds a stage handler. It runs once per side that is local (p.Side,
// p.Account). On the receiving side of a host with accounts it runs for
// addresses of accounts only, so p.Account is never nil there.
func (h *Host) On(s Stage, k Kinds, name string, fn Handler) {
	for kind, bit := range map[stanza.Kind]Kinds{
		stanza.Message: OfMessage, stanza.Presence: OfPresence, stanza.IQ: OfIQ,
	} {
		if k&bit != 0 {
			h.stages[s][kind] = append(h.stages[s][kind], step{name, fn})
			h.concerns[kind] |= 1 << s
		}
	}
}

// OnWrite adds a last look at what one session is about to be sent; false
// keeps it from that session. It must be fast and must not block.
func (h *Host) OnWrite(name string, fn func(s *Session, p *Packet) bool) {
	h.write = append(h.write, writeStep{name, fn})
}

// OnLost is told of a packet with Owed set that no session took: all queues it
// was in died before it was written, or no queue took it in the first place.
func (h *Host) OnLost(fn func(ctx context.Context, p *Packet)) { h.lost = append(h.lost, fn) }

// OnTaken is told of each session that took a packet with Owed set: the write
// to its socket returned. It must not block.
func (h *Host) OnTaken(fn func(s *Session, p *Packet)) { h.took = append(h.took, fn) }

// OnBind is told of a session that begins.
func (h *Host) OnBind(fn func(ctx context.Context, s *Session)) { h.bound = append(h.bound, fn) }

// OnUnbind is told of a session that has ended (it is no longer among the
// account's sessions; its presence field still says what it was).
func (h *Host) OnUnbind(fn func(ctx context.Context, s *Session)) {
	h.unbound = append(h.unbound, fn)
}

// run runs the handlers of one stage for one side.
func (h *Host) run(ctx context.Context, s Stage, p *Packet, side Side, a *Account) error {
	if !h.concerns[p.Stanza.Kind].has(s) {
		return nil
	}
	p.Side, p.Account = side, a
	return h.steps(ctx, s, p)
}

// steps calls the handlers of one stage.
func (h *Host) steps(ctx context.Context, s Stage, p *Packet) error {
	list := h.stages[s][p.Stanza.Kind]
	for i := range list {
		if err := list[i].fn(ctx, p); err != nil {
			p.more().by = list[i].name
			return err
		}
	}
	return nil
}

// stage runs one stage of a packet for both sides, the sender's first.
func (r *Router) stage(ctx context.Context, s Stage, p *Packet) error {
	if s == Refuse {
		if err := r.resolve(ctx, p); err != nil {
			return err
		}
	}
	if p.isError() && (s == Record || s == After) {
		return nil // an error is neither kept nor pushed
	}
	if a := p.behalf; a != nil && s == Refuse {
		if err := a.Host.run(ctx, s, p, Sending, a); err != nil {
			return err
		}
	}
	// To oneself there is one record and one copy: those of the receiver.
	once := p.self() && p.receives() && (s == Record || s == Copy)
	if a := p.sending(); a != nil && !once {
		if err := a.Host.run(ctx, s, p, Sending, a); err != nil {
			return err
		}
	}
	if p.receives() && (s != Deliver || p.Dest.Forward == nil) {
		if err := p.Dest.run(ctx, s, p, Receiving, p.Peer); err != nil {
			return err
		}
	}
	return r.rule(ctx, s, p)
}

// rule is the router's own part of a stage, behind that of the modules.
func (r *Router) rule(ctx context.Context, s Stage, p *Packet) error {
	switch s {
	case Refuse:
		return p.seen().refusal
	case Record:
		return r.ask(ctx, p)
	case Deliver:
		return r.deliver(ctx, p)
	}
	return nil
}

// String is the stage's name.
func (s Stage) String() string {
	return [...]string{"refuse", "record", "copy", "deliver", "after", "finished"}[s]
}

var _ error = (*stanza.Error)(nil)

// deletion is one module's part in the deletion of an account.
type deletion struct {
	before func(ctx context.Context, a *Account)
	tx     func(tx *store.Tx, account int64) error
}

// OnDelete joins an account's deletion: before runs while the account still
// exists (it may route packets), tx inside the deletion's transaction. Either may be nil.
// Every module with tables of its own joins.
func (h *Host) OnDelete(before func(ctx context.Context, a *Account),
	tx func(tx *store.Tx, account int64) error) {
	h.deletion = append(h.deletion, deletion{before, tx})
}
