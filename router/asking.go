package router

import (
	"time"

	"parley/stanza"
)

// A client is asked to acknowledge after so many stanzas or bytes. What is less
// is asked for when it has waited for a tick (XEP-0198 section 8.2, Efficient
// Acking Scenario).
const (
	askStanzas = 10
	askBytes   = 32 << 10
)

// asking is when a client is asked to acknowledge.
type asking struct {
	at     uint32    // stanzas handed out when it was asked last
	bytes  int       // handed out since then
	ticked bool      // a tick has passed with something that it was not asked for
	open   bool      // it has not answered
	since  time.Time // the first tick that saw it so, zero: none
}

// due notes what is being handed out and says whether to ask now.
func (a *asking) due(sent uint32, bytes int) bool {
	a.bytes += bytes
	return sent-a.at >= askStanzas || sent != a.at && a.bytes >= askBytes
}

// answered notes what the client has acknowledged.
func (a *asking) answered(acked uint32) {
	a.since = time.Time{}
	a.open = a.open && int32(a.at-acked) > 0
}

// request asks the client for all that was handed out.
func (h *held) request() (wake bool) {
	h.ask = asking{at: h.sent, open: true, since: h.ask.since}
	return h.say(stanza.AckRequest)
}

// tick is called about once a second. It asks for what has not been asked for
// since the last tick, and says since when the client has not answered.
func (h *held) tick(now time.Time) (wake bool, silent time.Duration) {
	switch {
	case h.away:
		return false, 0
	case h.ask.open && h.ask.since.IsZero():
		h.ask.since = now
	case h.ask.open:
		silent = now.Sub(h.ask.since)
	}
	switch {
	case h.sent == h.ask.at:
	case h.ask.ticked:
		return h.request(), silent
	default:
		h.ask.ticked = true
	}
	return false, silent
}
