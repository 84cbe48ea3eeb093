package xep

import (
	"parley/internal/caps"
	"parley/router"
	"parley/stanza"
)

// capsNode names the software (XEP-0115 section 4, Protocol).
const capsNode = "urn:parley"

// ownCaps is what a host's capabilities were made of last, and what came out.
// Features are stated before the host serves anybody; its forms may change with
// the configuration.
type ownCaps struct {
	config any // the router's configuration, to compare
	hash   string
}

// hash is the verification string of what the host tells about itself.
func (m *Disco) hash() string {
	var config any = m.host.Router.Config()
	own := m.own.Load()
	if own == nil || own.config != config {
		query := m.query(router.ToHost, "", false)
		own = &ownCaps{config, caps.Hash(stanza.MustParse(query).Root())}
		m.own.Store(own)
	}
	return own.hash
}

// registerCaps announces the host's capabilities, so that a client need not ask
// at each login (XEP-0115 section 6.3, Stream Feature).
func (m *Disco) registerCaps(h *router.Host) {
	h.Feature(router.ToHost, caps.NS)
	h.LateStreamFeature(func() string {
		var b stanza.Builder
		b.Start("c", caps.NS, "hash", "sha-1", "node", capsNode, "ver", m.hash()).End()
		return b.String()
	})
}

// isOwnCaps says whether a disco node is that of the host's capabilities
// (XEP-0115 section 6.2, Discovering Capabilities).
func (m *Disco) isOwnCaps(node string) bool {
	return node == capsNode+"#"+m.hash()
}
