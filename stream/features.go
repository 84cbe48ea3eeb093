package stream

import (
	"strconv"
	"time"

	"parley/stanza"
)

const (
	nsLimits          = "urn:xmpp:stream-limits:0" // XEP-0478
	nsChannelBindings = "urn:xmpp:sasl-cb:0"       // XEP-0440
)

// LimitsFeature advertises the limits of a stream (XEP-0478 section 3.1, Server
// advertises limits to connecting entity): bytes of one stanza, and the time
// of silence after which the peer is asked for a sign of life (0: not said).
func LimitsFeature(bytes int, idle time.Duration) string {
	var b stanza.Builder
	b.Start("limits", nsLimits).Elem("max-bytes", "", strconv.Itoa(bytes))
	if idle > 0 {
		b.Elem("idle-seconds", "", strconv.Itoa(int(idle.Seconds())))
	}
	return b.End().String()
}

// startTLSFeature (RFC 6120 section 5.4.1, Exchange of Stream Headers and Stream
// Features).
func startTLSFeature(required bool) string {
	if required {
		return "<starttls xmlns='" + stanza.NSTLS + "'><required/></starttls>"
	}
	return "<starttls xmlns='" + stanza.NSTLS + "'/>"
}

// saslFeatures lists mechanisms (RFC 6120 section 6.4.1, Exchange of Stream
// Headers and Stream Features) and channel binding types (XEP-0440 section 2).
func saslFeatures(o Offer) string {
	if len(o.Mechanisms) == 0 {
		return ""
	}
	var b stanza.Builder
	b.Start("mechanisms", stanza.NSSASL)
	for _, name := range o.Mechanisms {
		b.Elem("mechanism", "", name)
	}
	b.End()
	if len(o.Bindings) > 0 {
		b.Start("sasl-channel-binding", nsChannelBindings)
		for _, typ := range o.Bindings {
			b.Start("channel-binding", "", "type", typ).End()
		}
		b.End()
	}
	return b.String()
}
