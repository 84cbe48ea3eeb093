package router

import (
	"context"
	"errors"

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
type Handler func(ctx context.Context, p *Packet) error

// Handled ends a packet: the handler has done all there was to do, or the
// packet is dropped silently.
var Handled = errors.New("router: handled")

// Stage is a step of a packet's way. Within a stage handlers run in the order
// of the module list.
type Stage uint8

const (
	Refuse  Stage = iota // may this go on at all? both sides, sender's first
	Record               // rows: p.Write; ends with the commit
	Copy                 // copies to sessions that are not among the targets
	Deliver              // to sessions, hosts, components, remote domains; the router's own rules run last
	After                // always, told who took it (p.Outcome)
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
)

// HandleIQ makes fn the one owner of iq requests of that type ("get" or
// "set") with that payload. A second owner panics: it is a defect of the
// module list.
func (h *Host) HandleIQ(typ, ns, name string, where Where, fn Handler) { panic("todo") }

// On adds a stage handler. It runs once per side that is local (p.Side,
// p.Account).
func (h *Host) On(s Stage, k Kinds, name string, fn Handler) { panic("todo") }

// OnWrite adds a last look at what one session is about to be sent; false
// keeps it from that session. It must be fast and must not block.
func (h *Host) OnWrite(name string, fn func(s *Session, p *Packet) bool) { panic("todo") }

// OnLost is told of a packet with Owed set that no session took: all queues it
// was in died before it was written.
func (h *Host) OnLost(fn func(ctx context.Context, p *Packet)) { panic("todo") }

// OnBind and OnUnbind are told of a session that begins and of one that has
// ended (it is no longer among the account's sessions; its presence field still
// says what it was).
func (h *Host) OnBind(fn func(ctx context.Context, s *Session))   { panic("todo") }
func (h *Host) OnUnbind(fn func(ctx context.Context, s *Session)) { panic("todo") }

// OnDelete joins an account's deletion: before runs while the account still
// exists (it may route packets), tx inside the deletion's transaction. Either may be nil.
// Every module with tables of its own joins.
func (h *Host) OnDelete(before func(ctx context.Context, a *Account), tx func(tx *store.Tx, account int64) error) {
	panic("todo")
}

// Feature announces a feature in the host's service discovery and, with
// where containing ToAccount, in that of its accounts (XEP-0030).
func (h *Host) Feature(where Where, ns ...string) { panic("todo") }

// Identity announces an identity (XEP-0030 section 3.1).
func (h *Host) Identity(where Where, category, typ, name string) { panic("todo") }

// DiscoForm adds an extension form (XEP-0128) to the host's disco#info; fn returns XML.
func (h *Host) DiscoForm(where Where, fn func() string) { panic("todo") }

// StreamFeature adds XML to the stream features after authentication.
func (h *Host) StreamFeature(xml string) { panic("todo") }

// Go runs fn until ctx ends; Run waits for it at shutdown.
func (h *Host) Go(name string, fn func(ctx context.Context)) { panic("todo") }

// Features, Identities, Forms and StreamFeatures are what was announced, sorted as XEP-0030
// and XEP-0115 want it (features sorted, no duplicates).
func (h *Host) Features(w Where) []string     { panic("todo") }
func (h *Host) Identities(w Where) []Identity { panic("todo") }
func (h *Host) Forms(w Where) []string        { panic("todo") }
func (h *Host) StreamFeatures() string        { panic("todo") }

// Identity is a disco identity.
type Identity struct{ Category, Type, Name string }

var _ error = (*stanza.Error)(nil)
