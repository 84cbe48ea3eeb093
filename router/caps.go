package router

import (
	"context"
	"slices"
	"strings"

	"parley/stanza"
)

// Caps are the features of a client, verified by the hash in its presence
// (XEP-0115 section 5.4, Processing Method). One value is shared by all that
// have the same; it does not change. A nil Caps has nothing.
type Caps struct {
	features []string // sorted
	notify   []string // node ids, sorted
}

// NewCaps makes Caps of a list of features.
func NewCaps(features []string) *Caps {
	c := &Caps{features: slices.Clone(features)}
	slices.Sort(c.features)
	for _, f := range c.features {
		if node, ok := strings.CutSuffix(f, "+notify"); ok {
			c.notify = append(c.notify, node)
		}
	}
	slices.Sort(c.notify)
	return c
}

// Has says whether a feature is there.
func (c *Caps) Has(feature string) bool {
	if c == nil {
		return false
	}
	_, ok := slices.BinarySearch(c.features, feature)
	return ok
}

// Wants says whether the client asks for what is published at a node (XEP-0060
// section 9.2, Filtered Notifications).
func (c *Caps) Wants(node string) bool {
	if c == nil {
		return false
	}
	_, ok := slices.BinarySearch(c.notify, node)
	return ok
}

// Wanted are the nodes that the client wants, sorted; not to be changed.
func (c *Caps) Wanted() []string {
	if c == nil {
		return nil
	}
	return c.notify
}

// Resource is an available resource whose Caps have become known or are others
// than before.
type Resource struct {
	JID     stanza.JID // full
	Session *Session   // nil at another domain
	Caps    *Caps      // nil: a resource at another domain has gone
	Before  *Caps      // of a session
}

// OnCaps is told what resources can do. a is the session's account; for a
// resource at another domain the account that got its presence. Only those at
// other domains are told of when they go, all of one address by its bare JID.
func (h *Host) OnCaps(fn func(ctx context.Context, a *Account, r Resource)) {
	h.caps = append(h.caps, fn)
}

// TellCaps calls those whom OnCaps has registered; package presence does.
func (h *Host) TellCaps(ctx context.Context, a *Account, r Resource) {
	for _, fn := range h.caps {
		err := h.Router.protect(func() error { fn(ctx, a, r); return nil })
		if err != nil {
			h.Router.Log.Error("capabilities", "of", r.JID, "err", err)
		}
	}
}

// Caps are what the session's client has announced with its presence.
func (s *Session) Caps() *Caps { return s.caps.Load() }

// SetCaps is called by package presence.
func (s *Session) SetCaps(c *Caps) { s.caps.Store(c) }
