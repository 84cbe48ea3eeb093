package xep

import (
	"context"
	"time"

	"parley/router"
	"parley/stanza"
)

const nsTime = "urn:xmpp:time"

// Time implements XEP-0202: Entity Time.
type Time struct{}

var _ router.Module = Time{}

// Register implements router.Module.
func (m Time) Register(h *router.Host) {
	h.Feature(router.ToHost, nsTime)
	h.HandleIQ("get", nsTime, "time", router.ToHost, m.time)
}

// time tells the server's time in UTC and its offset, in the profiles of
// XEP-0082 (XEP-0202 section 2, Protocol Definition).
func (Time) time(_ context.Context, p *router.Packet) error {
	now := time.Now()
	var b stanza.Builder
	b.Start("time", nsTime).
		Elem("tzo", "", now.Format("-07:00")).
		Elem("utc", "", now.UTC().Format("2006-01-02T15:04:05Z")).
		End()
	p.Result(b.String())
	return nil
}
