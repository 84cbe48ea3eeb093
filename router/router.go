package router

import (
	"context"
	"log/slog"

	"parley/conf"
	"parley/stanza"
	"parley/store"
)

// Outbound carries packets to other domains; s2s implements it.
type Outbound interface {
	// Send takes over a packet whose To is at a domain that is not ours. An
	// error it returns goes back to the sender.
	Send(ctx context.Context, p *Packet) error
}

// Options of New.
type Options struct {
	Store  *store.DB
	Config *conf.Config
	Log    *slog.Logger
	Out    Outbound // nil: remote-server-not-found for every other domain
}

// Router holds the hosts of this process and what is online.
type Router struct {
	Store *store.DB
	Log   *slog.Logger
}

// New makes a router without hosts.
func New(o Options) *Router { panic("todo") }

// Config is the configuration in force (it changes on reload; do not keep it).
func (r *Router) Config() *conf.Config { panic("todo") }

// SetConfig applies a new configuration.
func (r *Router) SetConfig(c *conf.Config) { panic("todo") }

// Host is a domain that is served here: one of the configured domains with
// accounts, a service host (rooms, pubsub) or an external component.
type Host struct {
	Domain   string
	Router   *Router
	Accounts bool // has accounts

	// Presences is filled in by package presence for those who must withdraw
	// or announce an account's presence (blocking).
	Presences Presences
	// Forward, if set, takes every packet for this host instead of the
	// deliver stage: external components, rooms.
	Forward Handler
}

// Presences sends an account's presence to one contact.
type Presences interface {
	Withdraw(ctx context.Context, a *Account, to stanza.JID) // unavailable from each available session
	Announce(ctx context.Context, a *Account, to stanza.JID) // current presence from each
}

// AddHost adds a host with its modules, registered in this order.
func (r *Router) AddHost(domain string, accounts bool, modules ...Module) *Host { panic("todo") }

// RemoveHost removes a host (a component that went away).
func (r *Router) RemoveHost(domain string) { panic("todo") }

// Host is the host of a domain, nil if it is not ours.
func (r *Router) Host(domain string) *Host { panic("todo") }

// Hosts are all hosts, sorted by domain.
func (r *Router) Hosts() []*Host { panic("todo") }

// Account loads the account of a bare JID; store.ErrNotFound if there is none.
func (r *Router) Account(ctx context.Context, bare stanza.JID) (*Account, error) { panic("todo") }

// Online is the account if it is in memory, without loading it.
func (r *Router) Online(bare stanza.JID) *Account { panic("todo") }

// Sessions calls fn for every session of the process.
func (r *Router) Sessions(fn func(*Session) bool) { panic("todo") }

// Route sends a stanza that the server made (Origin Server) on its way: to and
// from are in it. Modules use it for what goes to addresses, Session.Push for
// what goes to one session.
func (r *Router) Route(ctx context.Context, st *stanza.Stanza) { panic("todo") }

// Request sends an iq that the server made and calls fn with the answer (type
// result or error), or with nil when ctx ends first.
func (r *Router) Request(ctx context.Context, iq *stanza.Stanza, fn func(answer *stanza.Stanza)) {
	panic("todo")
}

// DeleteAccount ends the account's sessions, runs every OnDelete, and leaves a
// tombstone.
func (r *Router) DeleteAccount(ctx context.Context, a *Account) error { panic("todo") }

// Run serves until ctx ends and returns when every goroutine started by Host.Go has ended.
func (r *Router) Run(ctx context.Context) error { panic("todo") }

// Line is the order line of one stream (client, incoming s2s, component): what
// is put in is finished in that order.
type Line struct{}

// NewLine makes a line for packets from a stream that is not a session.
func (r *Router) NewLine(origin Origin) *Line { panic("todo") }

// Put takes a stanza whose from the stream has proven. It blocks while the
// line holds more than its bytes; an error is ctx's.
func (l *Line) Put(ctx context.Context, st *stanza.Stanza) error { panic("todo") }

// Flush waits until everything put in is finished.
func (l *Line) Flush(ctx context.Context) error { panic("todo") }
