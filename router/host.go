package router

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"parley/stanza"
)

// Host is a domain that is served here: one of the configured domains with
// accounts, a service host (rooms, pubsub) or an external component.
type Host struct {
	Domain   string
	Router   *Router
	Accounts bool // has accounts

	// Presences is filled in by package presence for those who must withdraw
	// or announce an account's presence (blocking).
	Presences Presences
	// Knows, filled in by package presence, says whether somebody is entitled to
	// know that a session is there.
	Knows func(ctx context.Context, s *Session, jid stanza.JID) bool
	// Forward, if set, takes every packet for this host instead of the
	// deliver stage: external components, rooms.
	Forward Handler

	merger Merger
	pipeline
	announced
}

// Presences sends an account's presence to one contact.
type Presences interface {
	Withdraw(ctx context.Context, a *Account, to stanza.JID) // unavailable from each available session
	Announce(ctx context.Context, a *Account, to stanza.JID) // current presence from each
	// WithdrawDirected is Withdraw for what one session has directed to those
	// who are hidden from.
	WithdrawDirected(ctx context.Context, s *Session, hidden func(to stanza.JID) bool)
}

// announced is what the modules of a host tell about themselves.
type announced struct {
	features       []feature
	identities     []identity
	forms          []form
	streamFeatures strings.Builder
	lateFeatures   []func() string
	inline         []Inline
}

type feature struct {
	where Where
	ns    string
}

type identity struct {
	where Where
	Identity
}

type form struct {
	where Where
	fn    func() string
}

// Identity is a disco identity.
type Identity struct{ Category, Type, Name string }

// Feature announces a feature in the host's service discovery and, with
// where containing ToAccount, in that of its accounts (XEP-0030).
func (h *Host) Feature(where Where, ns ...string) {
	for _, n := range ns {
		h.features = append(h.features, feature{where, n})
	}
}

// Identity announces an identity (XEP-0030 section 3.1).
func (h *Host) Identity(where Where, category, typ, name string) {
	h.identities = append(h.identities, identity{where, Identity{category, typ, name}})
}

// DiscoForm adds an extension form (XEP-0128) to the host's disco#info; fn returns XML.
func (h *Host) DiscoForm(where Where, fn func() string) {
	h.forms = append(h.forms, form{where, fn})
}

// StreamFeature adds XML to the stream features after authentication.
func (h *Host) StreamFeature(xml string) { h.streamFeatures.WriteString(xml) }

// LateStreamFeature is StreamFeature for what depends on what other modules
// announce: fn is called for each stream, when all are registered.
func (h *Host) LateStreamFeature(fn func() string) { h.lateFeatures = append(h.lateFeatures, fn) }

// Go runs fn from the start of Router.Run until ctx ends; Run waits for it at
// shutdown.
func (h *Host) Go(name string, fn func(ctx context.Context)) {
	h.Router.launch(task{name + " " + h.Domain, fn})
}

// sortAnnounced puts what was announced in the order that XEP-0115 section 5.1
// (Verification String, Generation Method) hashes it in.
func (h *Host) sortAnnounced() {
	slices.SortStableFunc(h.features, func(a, b feature) int { return cmp.Compare(a.ns, b.ns) })
	slices.SortStableFunc(h.identities, func(a, b identity) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Type, b.Type),
			cmp.Compare(a.Name, b.Name))
	})
}

// Features are what was announced for any of w, sorted as XEP-0115 wants it,
// without duplicates.
func (h *Host) Features(w Where) []string {
	var list []string
	for _, f := range h.features {
		if f.where&w != 0 {
			list = append(list, f.ns)
		}
	}
	return slices.Compact(list)
}

// Identities are the identities announced for any of w, sorted, without
// duplicates.
func (h *Host) Identities(w Where) []Identity {
	var list []Identity
	for _, i := range h.identities {
		if i.where&w != 0 {
			list = append(list, i.Identity)
		}
	}
	return slices.Compact(list)
}

// Forms are the extension forms for any of w, as XML, in the order of the
// module list.
func (h *Host) Forms(w Where) []string {
	var list []string
	for _, f := range h.forms {
		if f.where&w != 0 {
			list = append(list, f.fn())
		}
	}
	return list
}

// StreamFeatures is the XML of all StreamFeature and LateStreamFeature calls.
func (h *Host) StreamFeatures() string {
	xml := h.streamFeatures.String()
	for _, fn := range h.lateFeatures {
		xml += fn()
	}
	return xml
}
