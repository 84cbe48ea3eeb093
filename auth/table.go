package auth

import "time"

// tally is a number of failures and when the last one was.
type tally struct {
	count int
	last  time.Time
}

// table counts by key in bounded memory. Keys live in two maps: when the young
// one is full, or old enough, it becomes the old one, and the keys of the former
// old one go unless they were counted again since. So the last half of the
// capacity is always there, and nothing stays for ever.
type table[K comparable] struct {
	half       int
	forget     time.Duration
	young, old map[K]tally
	since      time.Time // of the young map
}

func newTable[K comparable](capacity int, forget time.Duration) table[K] {
	return table[K]{half: max(capacity/2, 1), forget: forget, young: map[K]tally{}}
}

// get is the count of a key, 0 when its last failure is long ago.
func (t *table[K]) get(key K, now time.Time) int {
	entry, ok := t.young[key]
	if !ok {
		entry = t.old[key]
	}
	if now.Sub(entry.last) >= t.forget {
		return 0
	}
	return entry.count
}

// add counts one more.
func (t *table[K]) add(key K, now time.Time) {
	entry := tally{count: t.get(key, now) + 1, last: now}
	if len(t.young) >= t.half || now.Sub(t.since) >= t.forget {
		t.old, t.young, t.since = t.young, map[K]tally{}, now
	}
	t.young[key] = entry
}

// drop forgets a key.
func (t *table[K]) drop(key K) {
	delete(t.young, key)
	delete(t.old, key)
}
