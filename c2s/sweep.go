package c2s

import (
	"context"
	"runtime/debug"
	"strconv"
	"time"

	"parley/router"
	"parley/stanza"
)

const (
	sweepEvery = time.Second

	// compactAfter is how long a connection is silent before its memory is
	// given back: longer than the pauses of a conversation.
	compactAfter = 10 * time.Second

	// stuckAfter is how long a client may take for one piece of output.
	stuckAfter = time.Minute

	// flushFor is how long the end of a stream may wait for the queue to be
	// written, lingerFor how long the client then has to close its side.
	flushFor  = 15 * time.Second
	lingerFor = 3 * time.Second
)

// sweep looks at every connection once in a while.
func (s *Server) sweep(ctx context.Context) {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	var storm storm
	for {
		select {
		case now := <-t.C:
			n, fresh := 0, 0
			s.each(func(c *client) {
				n++
				if c.check(now) {
					fresh++
				}
			})
			storm.calm(n, fresh, debug.FreeOSMemory)
		case <-ctx.Done():
			return
		}
	}
}

// storm notices that many have logged in and then fallen silent.
type storm struct {
	fresh int // new ones that are silent now
}

// calm gives memory back after a storm of logins: each has left some 50 KiB
// that nobody uses, and a server that is idle then does not collect it by
// itself for minutes. It happens once for each time that the number of
// connections has grown by a third.
func (s *storm) calm(connections, fresh int, free func()) {
	s.fresh += fresh
	if fresh == 0 && s.fresh > 100 && s.fresh > connections/4 {
		s.fresh = 0
		free()
	}
}

// check looks after one connection, and says whether it has compacted a new
// one. It must not block.
func (c *client) check(now time.Time) (fresh bool) {
	session := c.bound.Load()
	if session == nil {
		return false // login has a deadline of its own
	}
	if by := c.closeBy.Load(); by != 0 {
		if now.Unix() >= by {
			c.conn.Close()
		}
		return false
	}
	if c.conn.Stuck(now.Add(-stuckAfter)) {
		c.server.Log.Debug("client does not read", "jid", session.JID.String())
		c.conn.Close()
		return false
	}
	heard := c.conn.Heard()
	if most := c.server.config().C2S.AckTimeout; session.Tick(now) >= most &&
		now.Sub(heard) >= most {
		// It reads nothing that needs a goodbye, and can resume the session.
		c.conn.Close()
		return false
	}
	c.checkSilence(session, now, heard)
	if now.Sub(heard) >= compactAfter && c.compacted <= heard.Unix() {
		fresh = c.compacted == 0
		c.compacted = now.Unix()
		// The reader gives memory back; it fails on a connection that was just
		// closed, which needs that no more.
		_ = c.conn.Interrupt()
	}
	return fresh
}

// checkSilence asks a silent client for a sign of life, and ends the stream of
// one that gives none (RFC 6120 section 4.6.4, Use of Checking Methods; XEP-0199
// section 4.1, Server-To-Client Pings). Whatever is heard is a sign of life.
func (c *client) checkSilence(session *router.Session, now, heard time.Time) {
	limits := c.server.config().C2S
	switch {
	case now.Sub(heard) < limits.PingAfter:
	case c.pinged <= heard.Unix():
		c.pinged = now.Unix()
		if session.Managed() {
			session.Say(stanza.AckRequest) // (XEP-0198 section 8.2, Efficient Acking Scenario)
		} else {
			session.Push(ping(session, c.pinged))
		}
	case now.Unix()-c.pinged >= int64(limits.PingTimeout.Seconds()):
		// (RFC 6120 section 4.9.3.4, connection-timeout)
		c.Close(stanza.StreamConnectionTimeout)
	}
}

// ping is a request from the server to a client (XEP-0199 section 4.1).
func ping(session *router.Session, at int64) *stanza.Stanza {
	var b stanza.Builder
	b.Start("iq", "", "type", "get", "id", "ping-"+strconv.FormatInt(at, 36),
		"from", session.JID.Domain(), "to", session.JID.String())
	return b.Start("ping", "urn:xmpp:ping").End().End().Stanza()
}
