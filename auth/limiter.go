package auth

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"parley/stanza"
)

// MaxFailures is how many failures one stream may have: after this many the
// caller closes it with policy-violation (RFC 6120 section 6.4.5, SASL Failure,
// asks for between 2 and 5 tries).
const MaxFailures = 5

// Limits says how guessing is slowed down. A zero field has the value
// that stands behind it.
type Limits struct {
	// Free is how many failures of one account from one address are answered
	// at once (3).
	Free int
	// Accounts is how many accounts may fail from one address before it is
	// slow for all (20).
	Accounts int
	// Base is the first delay; each further failure doubles it (0.5 s).
	Base time.Duration
	// Max is the longest delay, well below the time for a login (10 s).
	Max time.Duration
	// Forget is how long after the last failure all is forgotten (15 min).
	Forget time.Duration
	// MaxTracked bounds how many pairs, and how many addresses, are remembered
	// (20,000).
	MaxTracked int
}

// defaultLimits lets a person mistype three times, and answers a guesser who
// has one address with one guess in ten seconds.
var defaultLimits = Limits{
	Free:       3,
	Accounts:   20,
	Base:       500 * time.Millisecond,
	Max:        10 * time.Second,
	Forget:     15 * time.Minute,
	MaxTracked: 20_000,
}

// Limiter slows down who guesses passwords. What counts is the pair of account
// and address, so that nobody can slow down, let alone lock out, another's
// account from elsewhere; and the address alone, by the number of different
// accounts that failed from it, so that trying one password with many names is
// slowed down too while one device with an old password harms nobody.
//
// It remembers a bounded number of failures and needs no goroutine.
type Limiter struct {
	limits Limits
	seed   maphash.Seed

	mu        sync.Mutex
	pairs     table[pairKey]
	addresses table[netip.Prefix]
}

// pairKey is an account, hashed so that names cost no memory, and an address.
type pairKey struct {
	account uint64
	address netip.Prefix
}

// NewLimiter makes a Limiter.
func NewLimiter(limits Limits) *Limiter {
	d := defaultLimits
	limits.Free = orDefault(limits.Free, d.Free)
	limits.Accounts = orDefault(limits.Accounts, d.Accounts)
	limits.Base = orDefault(limits.Base, d.Base)
	limits.Max = orDefault(limits.Max, d.Max)
	limits.Forget = orDefault(limits.Forget, d.Forget)
	limits.MaxTracked = orDefault(limits.MaxTracked, d.MaxTracked)
	return &Limiter{
		limits:    limits,
		seed:      maphash.MakeSeed(),
		pairs:     newTable[pairKey](limits.MaxTracked, limits.Forget),
		addresses: newTable[netip.Prefix](limits.MaxTracked, limits.Forget),
	}
}

func orDefault[T int | time.Duration](v, fallback T) T {
	if v == 0 {
		return fallback
	}
	return v
}

// Delay says how long to wait before the last answer of an exchange. The caller
// asks before it reports that exchange, and waits before a success just as
// before a failure: else an answer that is late would be a no.
func (l *Limiter) Delay(account stanza.JID, addr netip.Addr) time.Duration {
	pair := l.key(account, addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	return max(
		l.delay(l.pairs.get(pair, now)-l.limits.Free),
		l.delay(l.addresses.get(pair.address, now)-l.limits.Accounts),
	)
}

// delay is how long the n-th failure above the free ones is answered late; none
// for the first ones.
func (l *Limiter) delay(n int) time.Duration {
	if n < 0 {
		return 0
	}
	d := l.limits.Base
	for ; n > 0 && d < l.limits.Max; n-- {
		d *= 2
	}
	return min(d, l.limits.Max)
}

// Failed counts a failure for which Failure.IsGuess holds.
func (l *Limiter) Failed(account stanza.JID, addr netip.Addr) {
	pair := l.key(account, addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.pairs.get(pair, now) > 0 {
		l.pairs.add(pair, now)
		return
	}
	l.addresses.add(pair.address, now)
	// An address that has used up its accounts is slow whatever it tries: it
	// gets no more memory.
	if l.addresses.get(pair.address, now) <= l.limits.Accounts {
		l.pairs.add(pair, now)
	}
}

// Succeeded forgets the failures of an account from an address. Those of the
// address stay, or a guesser would log in to an account of their own in between.
func (l *Limiter) Succeeded(account stanza.JID, addr netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pairs.drop(l.key(account, addr))
}

// key takes an IPv6 /64 as one address, since one user has all of it; IPv4 in
// IPv6 is IPv4.
func (l *Limiter) key(account stanza.JID, addr netip.Addr) pairKey {
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	// Prefix fails for the zero Addr alone, which then is a key like another.
	prefix, _ := addr.Prefix(bits)
	return pairKey{account: maphash.String(l.seed, account.String()), address: prefix}
}
