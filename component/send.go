package component

import (
	"context"
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
	l.waiting = append(l.waiting, p)
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
		b, packets := l.queue, l.waiting
		l.queue, l.waiting = nil, nil
		if len(b) == 0 {
			l.writing = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		if l.conn.SetWriteDeadline(time.Now().Add(stuckAfter)) != nil || l.conn.Write(b) != nil {
			l.mu.Lock()
			l.lost = packets // the component may have read some of them
			l.mu.Unlock()
			l.conn.Close() // the reader finds out
			return
		}
	}
}

// giveBack tells the senders of what was not written before the connection
// broke (RFC 6120 section 8.3.3.17, remote-server-timeout). A connection that
// comes next does not get it: it would come behind what was sent later.
func (l *link) giveBack(ctx context.Context) {
	l.mu.Lock()
	list := append(l.lost, l.waiting...)
	l.lost, l.waiting, l.queue = nil, nil, nil
	l.mu.Unlock()
	e := stanza.RemoteServerTimeout.WithText("the connection of the component broke")
	for _, p := range list {
		l.server.Router.Bounce(ctx, p, e)
	}
}
