package xep

import (
	"context"

	"parley/router"
)

const nsPing = "urn:xmpp:ping"

// Ping implements XEP-0199: XMPP Ping.
type Ping struct{}

var _ router.Module = Ping{}

// Register implements router.Module.
func (m Ping) Register(h *router.Host) {
	h.Feature(router.ToHost, nsPing)
	h.HandleIQ("get", nsPing, "ping", router.ToHost|router.ToSelf, m.ping)
}

// ping answers with an empty result (XEP-0199 section 4.2, Client-To-Server
// Pings). Nobody else's account is answered for: whether it exists would show
// (RFC 6120 section 13.11, Directory Harvesting).
func (Ping) ping(_ context.Context, p *router.Packet) error {
	p.Result("")
	return nil
}
