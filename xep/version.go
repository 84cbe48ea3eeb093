package xep

import (
	"context"

	"parley/router"
	"parley/stanza"
)

const nsVersion = "jabber:iq:version"

// Version implements XEP-0092: Software Version. The operating system is not
// told: it helps nobody but attackers (XEP-0092 section 5, Security
// Considerations).
type Version struct {
	Name, Version string
}

var _ router.Module = Version{}

// Register implements router.Module.
func (m Version) Register(h *router.Host) {
	h.Feature(router.ToHost, nsVersion)
	h.HandleIQ("get", nsVersion, "query", router.ToHost, m.version)
}

// version names the software (XEP-0092 section 2, Protocol).
func (m Version) version(_ context.Context, p *router.Packet) error {
	var b stanza.Builder
	b.Start("query", nsVersion).Elem("name", "", m.Name).Elem("version", "", m.Version).End()
	p.Result(b.String())
	return nil
}
