package s2s

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// Unconfirmed keeps what our users have sent to other domains as rows, until
// the peer has confirmed it or its sender was told that it is lost: also one
// whose session is gone, or who was there before the server was killed. It is
// the Rows of a Server and a module of each host.
//
// A packet does not wait for its row, but what its sender is answered afterwards
// does (router.Packet.Late). Many rows share a commit, and what a peer confirms
// before that never becomes one.
type Unconfirmed struct {
	router *router.Router
	log    *slog.Logger

	mu       sync.Mutex
	last     int64             // the highest id given out
	before   int64             // rows up to this are of an earlier process
	rows     map[int64]row     // of this process
	domains  map[string]load   // of rows, by the domain they go to
	pending  map[int64]pending // not written yet
	gone     []int64           // written, and to be removed
	flushing bool              // a function that the store's writer has not run yet does both
	hurried  bool              // somebody waits for it
	resumed  []store.Outbound  // of an earlier process, not sent on yet
	again    map[int64]bool    // the ids of resumed
	orphans  map[int64]bool    // lost when their senders were gone
	owing    map[int64]bool    // accounts with rows that were lost
	stopping bool              // what is not written stays
}

// row is what is known in memory of a row.
type row struct {
	domain  string
	bytes   int // as it came
	account int64
	from    stanza.JID
	sender  *router.Session // nil: of an earlier process
	written bool            // the peer may have seen it
}

// pending is a row to be written, and who is to be told then. Its text is made
// when it is: most are confirmed before.
type pending struct {
	packet  *router.Packet
	stamp   time.Time
	written func()
}

// load is how much is unconfirmed.
type load struct{ rows, bytes int }

var (
	_ Rows          = (*Unconfirmed)(nil)
	_ router.Module = (*Unconfirmed)(nil)
)

// NewUnconfirmed takes over the rows that an earlier process has left: those of
// which no byte went out are sent by Resume, the others are lost. It is called
// before the first stream.
func NewUnconfirmed(ctx context.Context, r *router.Router) (*Unconfirmed, error) {
	u := &Unconfirmed{
		router: r, log: r.Log, rows: map[int64]row{}, domains: map[string]load{},
		pending: map[int64]pending{},
		again:   map[int64]bool{}, orphans: map[int64]bool{}, owing: map[int64]bool{},
	}
	err := r.Store.Update(ctx, func(tx *store.Tx) (err error) {
		u.resumed, err = tx.TakeUnsent()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("resume outbound: %w", err)
	}
	accounts, last, err := r.Store.OutboundLeft(ctx)
	if err != nil {
		return nil, err
	}
	u.last, u.before = last, last
	for _, account := range accounts {
		u.owing[account] = true
	}
	for _, o := range u.resumed {
		u.again[o.ID] = true
	}
	return u, nil
}

// Register implements router.Module. It comes behind the modules that change
// what goes out.
func (u *Unconfirmed) Register(h *router.Host) {
	h.On(router.Record, router.OfMessage|router.OfIQ, "unconfirmed", u.keep)
	h.On(router.Copy, router.OfPresence, "unconfirmed", u.presence)
	h.OnDelete(nil, (*store.Tx).DeleteAccountOutbound)
}

// keep gives a message or request to another domain a row. There is a bound for
// each domain (RFC 6120 section 8.3.3.18, resource-constraint).
func (u *Unconfirmed) keep(_ context.Context, p *router.Packet) error {
	domain := p.To.Domain()
	c := u.router.Config()
	if p.Side != router.Sending || p.Kind != router.ToRemote || p.Sender == nil ||
		!kept(p.Stanza) || !c.Federates(domain) {
		return nil
	}
	o := pending{p, time.Now(), p.Late(u.hurry)}
	r := row{domain: domain, bytes: len(p.Stanza.Raw), account: p.Sender.Account.ID,
		from: p.From, sender: p.Sender}
	if !u.add(o, r, load{c.S2S.Unconfirmed, c.S2S.UnconfirmedBytes}) {
		o.written()
		return stanza.ResourceConstraint.WithText("too much to that domain is unconfirmed")
	}
	return nil
}

// kept says what has a row: messages that somebody hears of when they are lost,
// and requests that change something. Who has asked for an answer has it within
// the life of its stream or never; a message with a no-store hint is not to be
// stored anywhere (XEP-0334 section 4.2, No store).
func kept(st *stanza.Stanza) bool {
	if st.Kind == stanza.IQ {
		return st.Type == "set"
	}
	if st.Type == "error" {
		return false
	}
	_, never := st.Child("urn:xmpp:hints", "no-store")
	return !never
}

// outText is the stanza as it goes out, complete with its addresses.
func outText(p *router.Packet) string {
	e := p.Edits
	e.Set("from", p.From.String())
	e.Set("to", p.To.String())
	return string(p.Stanza.Append(nil, &e, stanza.Out{XMLNS: true}))
}

// add gives the packet a row unless there are too many.
func (u *Unconfirmed) add(o pending, r row, limit load) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	l := u.domains[r.domain]
	if l.rows >= limit.rows || l.rows > 0 && l.bytes+r.bytes > limit.bytes {
		return false
	}
	u.last++
	o.packet.Row = u.last
	u.put(u.last, r)
	u.pending[u.last] = o
	u.flush()
	return true
}

// put notes a row. The lock is held.
func (u *Unconfirmed) put(id int64, r row) {
	u.rows[id] = r
	l := u.domains[r.domain]
	u.domains[r.domain] = load{l.rows + 1, l.bytes + r.bytes}
}

// take forgets a row. The lock is held.
func (u *Unconfirmed) take(id int64) (row, bool) {
	r, ok := u.rows[id]
	if !ok {
		return r, false
	}
	delete(u.rows, id)
	l := u.domains[r.domain]
	if l.rows--; l.rows == 0 {
		delete(u.domains, r.domain)
	} else {
		u.domains[r.domain] = load{l.rows, l.bytes - r.bytes}
	}
	return r, true
}

// Len is the number of rows of this process.
func (u *Unconfirmed) Len() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.rows)
}

// Written implements Rows.
func (u *Unconfirmed) Written(list []*router.Packet) {
	u.router.Metrics.Remote("out", "written", len(list))
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, p := range list {
		if r, ok := u.rows[p.Row]; ok {
			r.written = true
			u.rows[p.Row] = r
		}
	}
}

// Confirmed implements Rows.
func (u *Unconfirmed) Confirmed(list []*router.Packet) {
	var told []func()
	u.mu.Lock()
	for _, p := range list {
		if _, ok := u.take(p.Row); ok {
			told = u.remove(told, p.Row)
		}
	}
	u.mu.Unlock()
	tell(told)
}
