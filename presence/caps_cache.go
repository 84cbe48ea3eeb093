package presence

import (
	"slices"
	"sync"

	"parley/router"
	"parley/stanza"
)

const (
	maxCaps    = 2000 // hashes remembered
	maxAsking  = 200  // hashes that are being asked about
	maxWaiting = 500  // entities that wait for one answer
)

// capsKey is what capabilities are remembered by: the hash and its function.
// Where the function is not known, they are the entity's alone.
type capsKey struct {
	ver, hash string
	jid       stanza.JID
}

func keyOf(e *entity) capsKey {
	k := capsKey{ver: e.id.Ver, hash: e.id.Hash}
	if !e.id.Verifiable() {
		k.jid = e.jid
	}
	return k
}

// capsCache remembers what hashes stand for (XEP-0115 section 8.2, Caching). It
// is bounded: where it is full, any one is forgotten.
type capsCache struct {
	mu     sync.Mutex
	known  map[capsKey]*router.Caps
	asking map[capsKey][]entity // those that wait beside the one that was asked
}

// find is what an entity's hash stands for, nil if that is not known. mine says
// that the caller is to ask; else somebody has been asked already, or ask is
// false, or there are too many questions.
func (c *capsCache) find(e *entity, ask bool) (found *router.Caps, mine bool) {
	k := keyOf(e)
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.known[k]; found != nil || !ask {
		return found, false
	}
	waiting, asked := c.asking[k]
	switch {
	case asked && len(waiting) < maxWaiting:
		c.asking[k] = append(waiting, *e)
	case !asked && len(c.asking) < maxAsking:
		if c.asking == nil {
			c.asking = map[capsKey][]entity{}
		}
		c.asking[k] = nil
		return nil, true
	}
	return nil, false
}

// settle remembers an answer and returns the others that waited for it.
func (c *capsCache) settle(e *entity, answer *router.Caps) []entity {
	k := keyOf(e)
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.asking[k]
	delete(c.asking, k)
	if !k.jid.IsZero() {
		return all
	}
	if c.known == nil {
		c.known = map[capsKey]*router.Caps{}
	}
	for old := range c.known {
		if len(c.known) < maxCaps {
			break
		}
		delete(c.known, old)
	}
	c.known[k] = answer
	return all
}

// failed takes out the next one to ask; ok is false if nobody waits any more.
func (c *capsCache) failed(e *entity) (next entity, ok bool) {
	k := keyOf(e)
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := c.asking[k]
	if len(waiting) == 0 {
		delete(c.asking, k)
		return entity{}, false
	}
	c.asking[k] = waiting[1:]
	return waiting[0], true
}

// forget drops a resource at another domain that has gone from those who wait.
func (c *capsCache) forget(account *router.Account, jid stanza.JID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, waiting := range c.asking {
		c.asking[k] = slices.DeleteFunc(waiting, func(e entity) bool {
			return e.account == account && e.session == nil && (e.jid == jid || e.jid.Bare() == jid)
		})
	}
}
