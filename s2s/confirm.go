package s2s

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"parley/router"
	"parley/stanza"
)

const (
	nsPing = "urn:xmpp:ping" // XEP-0199

	// After how many stanzas the peer is asked to confirm them, and after what
	// time: by a ping, or by <r/>, which costs it next to nothing. What is confirmed
	// soon does not come back when a stream breaks.
	askEvery  = 200
	pingAfter = 5 * time.Second
	askAfter  = 200 * time.Millisecond

	// deafAfter is how long a peer may take to answer that.
	deafAfter = 2 * time.Minute
)

// lastWordFor is how long before the end of a stream the last acknowledgement
// may have come, to be the peer's last word.
const lastWordFor = time.Second

// confirming is what a link has sent that the peer has not confirmed, and what
// it has to confirm itself. link.mu guards it.
type confirming struct {
	sent      []sent
	count     uint64    // stanzas written
	confirmed uint64    // of them
	owed      int       // of sent: messages and requests
	unsure    int       // bytes of sent
	asked     uint64    // count when the peer was asked last
	askedAt   time.Time // since when there is no answer; zero: there is none to come
	timer     *time.Timer
	enabling  bool      // control has <enable/> or <enabled/>
	managed   bool      // the peer acknowledges (XEP-0198)
	base      uint64    // count when acknowledging began
	open      int       // requests to acknowledge that are not answered
	lastWord  time.Time // when an acknowledgement came that was not asked for
	counts    bool      // we acknowledge
	from      uint32    // what the line had taken then
	received  uint32    // what the line has taken
	smAnswer  chan bool
	smOffered bool
}

// sent is a stanza that was written.
type sent struct {
	item
	seq uint64
}

// owes says whether a stanza is lost if the peer does not get it: its sender
// would have to be told.
func owes(p *router.Packet) bool {
	st := p.Stanza
	return st.Kind != stanza.Presence && st.Type != "error" &&
		!(st.Kind == stanza.IQ && st.Type == "result")
}

// written notes what is about to be written, and asks for confirmation where it
// is time. l.mu is held.
func (l *link) written(out []byte, list []item) []byte {
	if l.enabling {
		l.enabling, l.managed, l.base = false, true, l.count
	}
	for _, i := range list {
		l.count++
		if owes(i.Packet) {
			l.owed++
		} else if !l.managed {
			continue
		}
		l.sent = append(l.sent, sent{i, l.count})
		l.unsure += i.size()
	}
	after := pingAfter
	if l.managed {
		after = askAfter
	}
	switch {
	case l.owed == 0:
	case l.count-l.asked >= askEvery:
		out = l.ask(out)
	case l.timer == nil:
		l.timer = time.AfterFunc(after, l.askLate)
	}
	return out
}

// waits says whether something is unconfirmed.
func (l *link) waits() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed && l.owed+len(l.queue) > 0
}

// askLate asks for what has been waiting for some time.
func (l *link) askLate() {
	l.mu.Lock()
	l.timer = nil
	l.mu.Unlock()
	l.askNow()
}

// askNow asks for what has not been asked for.
func (l *link) askNow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owed > 0 && l.asked < l.count && !l.closed {
		l.control = l.ask(l.control)
		l.wake()
	}
}

// ask appends a request to confirm all that was written before it: <r/> (XEP-0198
// section 4, Acks), or a ping, which the peer answers when it has taken what
// came before (RFC 6120 section 10.1, In-Order Processing; XEP-0199 section 4.3,
// Server-To-Server Pings). l.mu is held.
func (l *link) ask(out []byte) []byte {
	l.asked = l.count
	if l.askedAt.IsZero() {
		l.askedAt = time.Now()
	}
	if l.managed || l.enabling { // a ping behind <enabled/> would be counted
		l.open++
		return append(out, stanza.AckRequest...)
	}
	ping, id := l.ping()
	upTo := l.count
	ctx, cancel := context.WithTimeout(l.server.work, 2*deafAfter)
	l.server.Router.Await(ctx, stanza.MustJID(l.remote), stanza.MustJID(l.local), id,
		func(answer *stanza.Stanza) {
			// An error is an answer too: the peer has read that far.
			if answer != nil {
				l.confirm(upTo)
			}
			cancel()
		})
	return append(out, ping...)
}

// ping is a request from our domain to the peer's.
func (l *link) ping() (xml, id string) {
	id = rand.Text()
	var b stanza.Builder
	b.Start("iq", "", "type", "get", "id", id, "from", l.local, "to", l.remote)
	return b.Elem("ping", nsPing, "").End().String(), id
}

// confirm takes what the peer has taken off the list.
func (l *link) confirm(upTo uint64) {
	l.mu.Lock()
	n := 0
	var list []*router.Packet
	for n < len(l.sent) && l.sent[n].seq <= upTo {
		if p := l.sent[n].Packet; owes(p) {
			list = append(list, p)
		}
		l.unsure -= l.sent[n].size()
		n++
	}
	clear(l.sent[:n])
	l.sent = l.sent[n:]
	l.owed -= len(list)
	l.confirmed = max(l.confirmed, upTo)
	if upTo >= l.asked {
		l.askedAt = time.Time{}
	} else if !l.askedAt.IsZero() {
		l.askedAt = time.Now()
	}
	l.mu.Unlock()
	l.server.Router.Metrics.Remote(outgoing.String(), "confirmed", len(list))
	if rows := l.server.Rows; rows != nil && len(list) > 0 {
		rows.Confirmed(list)
	}
}

// leftOver splits what was written and is not confirmed: what the peer's last
// words say it has not handled is sent again, for the rest the senders are told.
// The first of those that a stream error was about goes again once only. l.mu is
// held.
func (l *link) leftOver(err error) (again, lost []item) {
	if l.timer != nil {
		l.timer.Stop()
	}
	var wrong *peerError
	ended := errors.As(err, &wrong)
	// Who closes a stream tells before how far it has come, without being asked
	// (XEP-0198 section 4, Acks).
	known := l.managed && time.Since(l.lastWord) < lastWordFor && (ended || errors.Is(err, errEnded))
	for n, s := range l.sent {
		i := s.item
		if known && !(n == 0 && ended && i.again) {
			i.again = i.again || n == 0 && ended
			again = append(again, i)
		} else if owes(i.Packet) {
			lost = append(lost, i)
		}
	}
	l.sent, l.owed, l.unsure = nil, 0, 0
	return again, lost
}
