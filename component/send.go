package component

import (
	"time"

	"parley/router"
	"parley/stanza"
)

// send queues a packet for the component. The sender of one that finds the
// queue full is told so (RFC 6120 section 8.3.3.18, resource-constraint), and
// never waits.
func (l *link) send(p *router.Packet) error {
	limit := l.server.Router.Config().Limits.Queue
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.queue)
	switch {
	case l.closed:
		return stanza.ServiceUnavailable
	case before > limit:
		return stanza.ResourceConstraint
	}
	l.queue = p.Stanza.Append(l.queue, &p.Edits, stanza.Out{NS: stanza.NSComponent})
	l.server.Router.Metrics.StanzaOut(uint8(p.Stanza.Kind))
	if !l.writing {
		l.writing = true
		l.writers.Go(l.write)
	}
	return nil
}

// write writes what is queued, in one piece each time, until there is nothing
// more.
func (l *link) write() {
	for {
		l.mu.Lock()
		b := l.queue
		l.queue = nil
		if len(b) == 0 {
			l.writing = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		if l.conn.SetWriteDeadline(time.Now().Add(stuckAfter)) != nil || l.conn.Write(b) != nil {
			l.conn.Close() // the reader finds out
			return
		}
	}
}
