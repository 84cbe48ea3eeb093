package router

import (
	"slices"
	"strings"
	"sync"

	"parley/stanza"
)

// Merger says what may wait while nobody looks at a session (XEP-0352): of those
// with the same key only the last is sent when it is looked at again. What has no
// key is sent at once, behind all that waits.
type Merger func(st *stanza.Stanza, from stanza.JID) (key string)

// OnInactive sets the host's merger; it has one at most.
func (h *Host) OnInactive(m Merger) { h.merger = m }

// waiting is what an inactive session is not sent yet, in order.
type waiting struct {
	mu   sync.Mutex
	list []held1
}

// held1 is one stanza that waits.
type held1 struct {
	key   string
	st    *stanza.Stanza
	edits stanza.Edits
}

// maxWaiting bounds what waits for one session; then all of it is sent.
const maxWaiting = 500

// SetInactive says whether anybody looks at the session. What has waited goes out
// before whatever the client sends next is answered (XEP-0352 section 5.1, In-order
// processing).
func (s *Session) SetInactive(inactive bool) {
	s.inactive.Store(inactive)
	if !inactive {
		s.deliverWaiting()
	}
}

// Inactive says that nobody looks at the session.
func (s *Session) Inactive() bool { return s.inactive.Load() }

// waits keeps a stanza back if it may wait. Otherwise what waits goes out first.
func (s *Session) waits(st *stanza.Stanza, e *stanza.Edits, p *Packet) bool {
	m := s.Host.merger
	if m == nil {
		return false
	}
	key := ""
	if p == nil || !p.Owed {
		from := st.From
		if p != nil {
			from = p.From
		}
		key = m(st, from)
	}
	if key == "" {
		s.deliverWaiting()
		return false
	}
	w := &s.waiting
	w.mu.Lock()
	w.list = slices.DeleteFunc(w.list, func(h held1) bool { return h.key == key })
	w.list = append(w.list, held1{strings.Clone(key), st, *e})
	full := len(w.list) >= maxWaiting
	w.mu.Unlock()
	if full || !s.inactive.Load() {
		s.deliverWaiting()
	}
	return true
}

// deliverWaiting sends what waits.
func (s *Session) deliverWaiting() {
	w := &s.waiting
	w.mu.Lock()
	defer w.mu.Unlock() // so that two who send keep the order
	for i := range w.list {
		s.queueUp(w.list[i].st, &w.list[i].edits, nil)
	}
	w.list = nil
}
