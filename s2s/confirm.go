package s2s

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	"parley/router"
	"parley/stanza"
)

const (
	nsSM   = "urn:xmpp:sm:3" // XEP-0198
	nsPing = "urn:xmpp:ping" // XEP-0199

	// askEvery is after how many stanzas, askAfter after what time, the peer is
	// asked to confirm them.
	askEvery = 200
	askAfter = 5 * time.Second

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
	switch {
	case l.owed == 0:
	case l.count-l.asked >= askEvery:
		out = l.ask(out)
	case l.timer == nil:
		l.timer = time.AfterFunc(askAfter, l.askLate)
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
	if l.managed {
		l.open++
		return append(out, "<r xmlns='"+nsSM+"'/>"...)
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

// management answers an element of stream management (XEP-0198).
func (l *link) management(ctx context.Context, st *stanza.Stanza) error {
	switch st.Name {
	case "enable":
		return l.enable()
	case "enabled", "failed":
		return l.enabled(st.Name == "enabled")
	case "r":
		return l.acknowledge(ctx)
	case "a":
		return l.acknowledged(st)
	}
	// There is no resumption between servers: what <enabled/> did not offer is
	// refused (XEP-0198 section 5, Resumption).
	l.say([]byte("<failed xmlns='" + nsSM + "'><feature-not-implemented xmlns='" +
		stanza.NSStanzas + "'/></failed>"))
	return nil
}

// enable starts to acknowledge, if the peer has proven a domain (XEP-0198
// section 3, Enabling Stream Management).
func (l *link) enable() error {
	if !l.anyProven() || l.counts {
		l.say([]byte("<failed xmlns='" + nsSM + "'><unexpected-request xmlns='" +
			stanza.NSStanzas + "'/></failed>"))
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts, l.from = true, l.received
	l.control = append(l.control, "<enabled xmlns='"+nsSM+"'/>"...)
	l.enabling = true
	l.wake()
	return nil
}

// enabled is the answer to our <enable/>.
func (l *link) enabled(yes bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.smAnswer == nil {
		return nil
	}
	if yes {
		l.counts, l.from = true, l.received
	} else {
		l.managed, l.enabling = false, false
	}
	l.smAnswer <- yes
	l.smAnswer = nil
	return nil
}

// manage asks the peer to acknowledge, if it offers to, and waits for its word.
func (l *link) manage(ctx context.Context) {
	l.mu.Lock()
	if !l.smOffered {
		l.mu.Unlock()
		return
	}
	answer := make(chan bool, 1)
	l.smAnswer = answer
	l.control = append(l.control, "<enable xmlns='"+nsSM+"'/>"...)
	l.enabling = true
	l.wake()
	l.mu.Unlock()
	select {
	case <-answer:
	case <-l.life.Done(): // the stream has ended before
	case <-ctx.Done():
		l.mu.Lock()
		l.smAnswer, l.managed, l.enabling = nil, false, false
		l.mu.Unlock()
	}
}

// acknowledge answers <r/>. What is handled is what has been through its line,
// so it waits for that, but not for long: an answer must not be withheld
// (XEP-0198 section 4, Acks).
func (l *link) acknowledge(ctx context.Context) error {
	const longest = time.Second
	if !l.counts {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if err := l.line.Flush(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil // we are stopping, and say it in the last words
	}
	l.say(l.ack())
	return nil
}

func (l *link) ack() []byte {
	h := l.line.Finished() - l.from
	return []byte("<a xmlns='" + nsSM + "' h='" + strconv.FormatUint(uint64(h), 10) + "'/>")
}

// lastAck is what goes before the end of our stream: nothing that comes behind
// it is handled.
func (l *link) lastAck() []byte {
	if !l.counts {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = l.line.Flush(ctx) // what is late counts as not handled
	return l.ack()
}

// acknowledged takes the peer's <a/>. One that acknowledges more than was sent
// ends the stream (XEP-0198 section 6, Error Handling).
func (l *link) acknowledged(st *stanza.Stanza) error {
	text, _ := st.Attr("h")
	h, err := strconv.ParseUint(text, 10, 32)
	l.mu.Lock()
	if err != nil || !l.managed {
		l.mu.Unlock()
		return stanza.StreamPolicyViolation.WithText("no acknowledgement was asked for, or h is no number")
	}
	if l.open > 0 {
		l.open--
	} else {
		l.lastWord = time.Now()
	}
	// The number wraps, so it is what the difference to the last one says.
	done := max(l.confirmed, l.base)
	more := uint32(h) - uint32(done-l.base)
	upTo, sent := done+uint64(more), l.count
	l.mu.Unlock()
	switch {
	case more > 1<<31: // an old one
		return nil
	case upTo > sent:
		return tooHigh(h, sent-l.base)
	}
	l.confirm(upTo)
	return nil
}

// tooHigh is the end of a stream whose peer acknowledges what it never got
// (XEP-0198 section 6, Error Handling).
func tooHigh(h, count uint64) error {
	e := *stanza.StreamUndefinedCondition
	var b stanza.Builder
	b.Start("handled-count-too-high", nsSM, "h", strconv.FormatUint(h, 10))
	e.App = b.Attr("send-count", strconv.FormatUint(count, 10)).End().String()
	return &e
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
		switch {
		case !owes(i.Packet):
		case !known || n == 0 && ended && i.again:
			lost = append(lost, i)
		default:
			i.again = i.again || n == 0 && ended
			again = append(again, i)
		}
	}
	l.sent, l.owed, l.unsure = nil, 0, 0
	return again, lost
}
