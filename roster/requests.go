package roster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

const (
	// maxRequest is the largest request that is kept, in bytes: what RFC 6120
	// section 13.12 (Denial of Service) makes every server take.
	maxRequest = 10000
	// maxPending is how many requests may wait for one user's answer.
	maxPending = 500
	// maxDomains is how many domains are counted one by one.
	maxDomains = 10000
)

// refuse keeps requests within bounds, so that they cannot fill the store or
// the user's screen (RFC 6121 section 3.1.3 calls it "subscription request
// spam").
func (m *Roster) refuse(ctx context.Context, p *router.Packet) error {
	if p.Side != router.Receiving || p.Stanza.Type != subscribe || p.Origin == router.Server {
		return nil
	}
	if len(p.Stanza.Raw) > maxRequest {
		return stanza.PolicyViolation.WithText("The request is too long.")
	}
	all, err := m.Contacts(ctx, p.Account)
	if err != nil {
		return err
	}
	if _, ok := all.Find(p.From.Bare()); ok {
		return nil
	}
	if all.Pending() >= maxPending {
		return stanza.ResourceConstraint.WithText("Too many requests wait for an answer.")
	}
	limit := m.router.Config().Messages.StrangerSubscriptions
	if p.Origin == router.Remote && !m.strangers.take(p.From.Domain(), limit) {
		return stanza.ResourceConstraint.WithText("Too many requests from your server.")
	}
	return nil
}

// limiter counts requests of strangers per remote domain and hour.
type limiter struct {
	mu    sync.Mutex
	began time.Time // of the hour
	count map[string]int
}

// take counts one request; it is false if there were limit ones already.
// Domains beyond maxDomains share one count, so that many names gain nothing.
func (l *limiter) take(domain string, limit int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.count == nil || now.Sub(l.began) >= time.Hour {
		l.began, l.count = now, map[string]int{}
	}
	if _, ok := l.count[domain]; !ok && len(l.count) >= maxDomains {
		domain = ""
	}
	if l.count[domain] >= limit {
		return false
	}
	l.count[strings.Clone(domain)]++ // it is part of a stanza, which must not stay
	return true
}

// Requests are the subscription requests that wait for the account's answer,
// in the order in which they came. A new available resource is sent them
// (RFC 6121 section 3.1.3, Server Processing of Inbound Subscription Request).
func (m *Roster) Requests(ctx context.Context, a *router.Account) ([]*stanza.Stanza, error) {
	all, err := m.Contacts(ctx, a)
	if err != nil || all.Pending() == 0 {
		return nil, err
	}
	items, _, err := m.router.Store.Roster(ctx, a.ID)
	if err != nil {
		return nil, fmt.Errorf("read requests: %w", err)
	}
	slices.SortFunc(items, func(a, b store.RosterItem) int {
		return cmp.Compare(a.Version, b.Version)
	})
	var list []*stanza.Stanza
	for n := range items {
		if items[n].Pending == "" {
			continue
		}
		st, err := stanza.Parse(items[n].Pending)
		if err != nil {
			return nil, fmt.Errorf("parse request from %s: %w", items[n].JID, err)
		}
		list = append(list, st)
	}
	return list, nil
}
