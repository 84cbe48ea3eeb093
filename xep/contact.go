package xep

import (
	"maps"
	"slices"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
)

// nsServerInfo is the FORM_TYPE of contact addresses (XEP-0157 section 3, XMPP Addresses).
const nsServerInfo = "http://jabber.org/network/serverinfo"

// Contact implements XEP-0157: Contact Addresses for XMPP Services.
type Contact struct{}

var _ router.Module = Contact{}

// Register implements router.Module.
func (Contact) Register(h *router.Host) {
	h.DiscoForm(router.ToHost, func() string { return contactForm(h.Router.Config().Contact) })
}

// contactForm is the extension form with a field for each kind of contact
// (XEP-0157 section 3, XMPP Addresses); "" if there are none.
func contactForm(contacts map[string][]string) string {
	contacts = maps.Clone(contacts)
	maps.DeleteFunc(contacts, func(_ string, uris []string) bool { return len(uris) == 0 })
	if len(contacts) == 0 {
		return ""
	}
	var b stanza.Builder
	b.Start("x", form.NS, "type", "result")
	b.Start("field", "", "var", "FORM_TYPE", "type", "hidden").Elem("value", "", nsServerInfo).End()
	for _, kind := range slices.Sorted(maps.Keys(contacts)) {
		b.Start("field", "", "var", kind+"-addresses", "type", "list-multi")
		for _, uri := range contacts[kind] {
			b.Elem("value", "", uri)
		}
		b.End()
	}
	return b.End().String()
}
