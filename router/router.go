package router

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"parley/conf"
	"parley/metrics"
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
	Store   *store.DB
	Config  *conf.Config
	Log     *slog.Logger
	Out     Outbound     // nil: remote-server-not-found for every other domain
	Metrics *metrics.Set // nil: nothing is counted
}

// Router holds the hosts of this process and what is online.
type Router struct {
	Store   *store.DB
	Log     *slog.Logger
	Metrics *metrics.Set

	out      Outbound
	config   atomic.Pointer[conf.Config]
	hosts    atomic.Pointer[map[string]*Host] // copied on change
	accounts registry
	pending  pending
	behind   serverLines
	slots    atomic.Int32 // number of slots declared

	// ctx is what handlers get: packets in the lines are finished after the
	// context of Run ended, so it ends when Run returns.
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex // guards what follows and changes of hosts
	running context.Context
	waiting []task // Host.Go before Run
	tasks   sync.WaitGroup
}

// task is a goroutine of a module.
type task struct {
	name string
	fn   func(ctx context.Context)
}

// New makes a router without hosts.
func New(o Options) *Router {
	r := &Router{Store: o.Store, Log: o.Log, Metrics: o.Metrics, out: o.Out}
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	r.config.Store(o.Config)
	r.hosts.Store(&map[string]*Host{})
	r.accounts.init()
	r.pending.init()
	r.behind.m = map[stanza.JID]*Line{}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Config is the configuration in force (it changes on reload; do not keep it).
func (r *Router) Config() *conf.Config { return r.config.Load() }

// SetConfig applies a new configuration.
func (r *Router) SetConfig(c *conf.Config) { r.config.Store(c) }

// AddHost adds a host with its modules, registered in this order. It replaces
// a host of the same domain.
func (r *Router) AddHost(domain string, accounts bool, modules ...Module) *Host {
	h := &Host{Domain: domain, Router: r, Accounts: accounts}
	for _, m := range modules {
		m.Register(h)
	}
	h.sortAnnounced()
	r.changeHosts(func(hosts map[string]*Host) { hosts[domain] = h })
	return h
}

// RemoveHost removes a host (a component that went away).
func (r *Router) RemoveHost(domain string) {
	r.changeHosts(func(hosts map[string]*Host) { delete(hosts, domain) })
}

func (r *Router) changeHosts(change func(map[string]*Host)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	hosts := maps.Clone(*r.hosts.Load())
	change(hosts)
	r.hosts.Store(&hosts)
}

// Host is the host of a domain, nil if it is not ours.
func (r *Router) Host(domain string) *Host { return (*r.hosts.Load())[domain] }

// Hosts are all hosts, sorted by domain.
func (r *Router) Hosts() []*Host {
	return slices.SortedFunc(maps.Values(*r.hosts.Load()), func(a, b *Host) int {
		return strings.Compare(a.Domain, b.Domain)
	})
}

// Sessions calls fn for every session of the process until it returns false.
func (r *Router) Sessions(fn func(*Session) bool) {
	for _, a := range r.accounts.all() {
		for _, s := range a.Sessions() {
			if !fn(s) {
				return
			}
		}
	}
}

// Run serves until ctx ends and returns when every goroutine started by
// Host.Go has ended. The streams should have ended before (Session.End), so
// that their lines are empty: after Run, handlers find their context ended.
func (r *Router) Run(ctx context.Context) error {
	r.mu.Lock()
	r.running = ctx
	tasks := r.waiting
	r.waiting = nil
	r.mu.Unlock()
	for _, t := range tasks {
		r.start(ctx, t)
	}
	r.start(ctx, task{"accounts", r.accounts.sweep})
	if r.Store != nil {
		r.start(ctx, task{"sessions", r.prune})
	}
	<-ctx.Done()
	r.tasks.Wait()
	r.cancel()
	return nil
}

// launch starts a goroutine now, or with Run if that has not been called yet.
func (r *Router) launch(t task) {
	r.mu.Lock()
	ctx := r.running
	if ctx == nil {
		r.waiting = append(r.waiting, t)
	}
	r.mu.Unlock()
	if ctx != nil {
		r.start(ctx, t)
	}
}

func (r *Router) start(ctx context.Context, t task) {
	r.tasks.Go(func() {
		t.fn(ctx)
		r.Log.Debug("goroutine ended", "name", t.name)
	})
}
