package xep

import (
	"context"
	"errors"
	"strconv"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

const nsLast = "jabber:iq:last"

// Last implements XEP-0012: Last Activity, of hosts and of accounts. When an
// account's last session ended, package presence writes down.
type Last struct {
	contacts Contacts
	host     *router.Host
	started  time.Time
}

var _ router.Module = (*Last)(nil)

// NewLast makes the module; hosts are up since then.
func NewLast(c Contacts, started time.Time) *Last { return &Last{contacts: c, started: started} }

// Register implements router.Module.
func (m *Last) Register(h *router.Host) {
	m.host = h
	h.Feature(router.ToHost|router.ToAccount, nsLast)
	h.HandleIQ("get", nsLast, "query", router.ToHost, m.uptime)
	h.HandleIQ("get", nsLast, "query", router.ToAccount|router.ToSelf, m.last)
	h.HandleIQ("get", nsLast, "query", router.ToMissing, forbid)
	h.On(router.Refuse, router.OfIQ, "last activity", m.refuse)
}

// uptime is how long the host has been running (XEP-0012 section 5, Server and
// Component Query).
func (m *Last) uptime(_ context.Context, p *router.Packet) error {
	p.Result(lastQuery(time.Since(m.started), ""))
	return nil
}

// last is when the account was last seen, for those who may see its presence
// (XEP-0012 section 3, Offline User Query).
func (m *Last) last(ctx context.Context, p *router.Packet) error {
	if err := seesPresence(ctx, m.contacts, p, stanza.Forbidden); err != nil {
		return err
	}
	if len(p.Account.Sessions()) > 0 {
		p.Result(lastQuery(0, ""))
		return nil
	}
	at, status, err := m.host.Router.Store.LastActivity(ctx, p.Account.ID)
	switch {
	case errors.Is(err, store.ErrNotFound): // deleted meanwhile
		return stanza.ServiceUnavailable
	case err != nil:
		return err
	case at.IsZero(): // nobody has logged in yet
		return stanza.ItemNotFound
	}
	p.Result(lastQuery(time.Since(at), status))
	return nil
}

// refuse keeps the question from the sessions of those whose presence the
// asker may not see (XEP-0012 section 4, Online User Query).
func (m *Last) refuse(ctx context.Context, p *router.Packet) error {
	if p.Side != router.Receiving || p.Kind != router.ToSession || p.Stanza.Type != "get" ||
		!p.Stanza.Has(nsLast, "query") {
		return nil
	}
	return seesPresence(ctx, m.contacts, p, stanza.Forbidden)
}

func lastQuery(ago time.Duration, status string) string {
	seconds := strconv.FormatInt(int64(max(0, ago)/time.Second), 10)
	var b stanza.Builder
	return b.Elem("query", nsLast, status, "seconds", seconds).String()
}
