package archive

import (
	"slices"
	"sync"
	"sync/atomic"

	"parley/router"
)

// inbox is what is known in memory of the messages owed to an account. Its
// lock is held for a few lines only, never while something is sent or stored.
type inbox struct {
	account *router.Account
	ending  atomic.Bool // the account's deletion has begun
	prefs   atomic.Pointer[prefs]

	mu sync.Mutex
	// feeds are the sessions that take the account's messages: those that
	// sent presence with a priority that is not negative.
	feeds map[*router.Session]*feed
	// readers look through the rows themselves (XEP-0013).
	readers map[*router.Session]bool
	// given are the rows that sessions were sent as pages of the archive.
	given map[*router.Session]map[int64]bool

	out    map[*router.Packet]outgoing // rows in the queues of sessions
	newest int64                       // highest row that was stored since the inbox is in memory

	// held are the rows that no further session is given: true while one is in
	// a queue or waits to be cleared, false when it is cleared and a feed may
	// have read it before.
	held     map[int64]bool
	taken    []int64 // rows to be cleared
	clearing bool    // by a function that the store's writer has not run yet
}

// outgoing is a row in queues.
type outgoing struct {
	feed *feed // whose window its bytes fill, nil if nobody's
	size int
	view bool // shown only, not taken
	// fin are the owed rows of the page of the archive that this ends: who
	// takes the end has taken them.
	fin []int64
}

// feed gives one session rows in the order of their ids: at its first
// presence all there are, or (XEP-0013) those that it asked for. inbox.mu
// guards what changes.
type feed struct {
	box     *inbox
	session *router.Session
	request *request // XEP-0013: what was asked for; nil for all that is owed

	busy bool  // somebody runs Archive.pump for it
	over bool  // no more rows come
	last int64 // rows up to this were handed out, or are held
	seen int64 // rows up to this were there when rows were read last
	open int   // bytes on their way
}

// pending lists the rows that were taken and are not cleared yet.
func (b *inbox) pending() []int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.taken)
}

// missing lists the sessions that will not get the row by themselves. The
// lock is held.
func (b *inbox) missing(row int64) (list []*router.Session) {
	for s, f := range b.feeds {
		if f.over || f.last >= row {
			list = append(list, s)
		}
	}
	return list
}

// takes says whether a session takes messages for the account: it has a
// priority that is not negative, or it is not available and was addressed by its
// own full JID. The lock is held.
func (b *inbox) takes(s *router.Session) bool { return b.feeds[s] != nil || s.Presence() == nil }

// release forgets cleared rows when no feed can have read them before. The
// lock is held.
func (b *inbox) release() {
	for _, f := range b.feeds {
		if !f.over {
			return
		}
	}
	for row, held := range b.held {
		if !held {
			delete(b.held, row)
		}
	}
}

// put sets an entry of a map that is made when it is first needed.
func put[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[key] = value
}
