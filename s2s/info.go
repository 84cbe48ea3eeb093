package s2s

import (
	"cmp"
	"crypto/tls"
	"slices"
	"time"
)

// Info is one stream, or a domain that cannot be reached.
type Info struct {
	Local, Remote string
	Addr          string    // of the peer; "" while there is no connection
	Direction     string    // who has opened it: "in", "out"; "both" if stanzas go both ways
	Proof         string    // "EXTERNAL", "dialback" or "", of the domain that was proven
	TLS, Cipher   string    // version and cipher suite, "" without TLS
	Since         time.Time // when it began, or when the last try failed
	Queued        int       // bytes that wait to be written
	Unconfirmed   int       // messages and requests the peer has not confirmed
	State         string    // see below
	LastError     string    // why the domain could not be reached, or was refused, last
}

// States of an Info.
const (
	StateOpen       = "open"       // stanzas may go
	StateOpening    = "opening"    // who the peer is has not been proven
	StateConnecting = "connecting" // there is no connection yet
	StateClosing    = "closing"    // the end has been said
	StateFailed     = "failed"     // there is none; Since and LastError say when and why
)

// List are all streams, and the domains that could not be reached, by remote
// domain.
func (s *Server) List() []Info {
	var list []Info
	for _, l := range s.list() {
		list = append(list, l.info())
	}
	s.mu.Lock()
	routes := make([]*route, 0, len(s.routes))
	for _, r := range s.routes {
		routes = append(routes, r)
	}
	s.mu.Unlock()
	for _, r := range routes {
		if i, ok := r.info(); ok {
			list = append(list, i)
		}
	}
	list = s.addErrors(list)
	slices.SortFunc(list, func(a, b Info) int {
		return cmp.Or(cmp.Compare(a.Remote, b.Remote), cmp.Compare(a.Local, b.Local),
			a.Since.Compare(b.Since), cmp.Compare(a.Direction, b.Direction))
	})
	return list
}

// addErrors adds the last failures, to the domains that are there or alone.
func (s *Server) addErrors(list []Info) []Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for n := range list {
		i := &list[n]
		seen[i.Remote] = true
		if f, ok := s.failed[i.Remote]; ok {
			i.LastError = f.err.Error()
		}
	}
	for domain, f := range s.failed {
		if !seen[domain] {
			list = append(list, Info{Remote: domain, Since: f.at, State: StateFailed,
				LastError: f.err.Error()})
		}
	}
	return list
}

func (l *link) info() Info {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := Info{Local: l.local, Remote: l.remote, Addr: l.conn.RemoteAddr().String(),
		Direction: l.dir.String(), Proof: l.proof, Since: l.since, Queued: l.bytes + len(l.control),
		Unconfirmed: l.owed, State: StateOpen}
	if l.bidi {
		i.Direction = "both"
	}
	switch {
	case l.closed:
		i.State = StateClosing
	case len(l.pairs) == 0:
		i.State = StateOpening
	}
	if state := l.conn.TLS(); state != nil {
		i.TLS, i.Cipher = tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite)
	}
	return i
}

// info is of a route without a link.
func (r *route) info() (Info, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.link != nil || !r.connecting {
		return Info{}, false
	}
	return Info{Local: r.local, Remote: r.remote, Direction: outgoing.String(), Queued: r.bytes,
		State: StateConnecting}, true
}
