package s2s

import (
	"context"
	"errors"
	"time"

	"parley/stanza"
)

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
	l.say([]byte(stanza.ManagementFailed(stanza.FeatureNotImplemented, nil)))
	return nil
}

// enable starts to acknowledge, if the peer has proven a domain (XEP-0198
// section 3, Enabling Stream Management).
func (l *link) enable() error {
	if !l.anyProven() || l.counts {
		l.say([]byte(stanza.ManagementFailed(stanza.UnexpectedRequest, nil)))
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts, l.from = true, l.received
	l.control = append(l.control, "<enabled xmlns='"+stanza.NSManagement+"'/>"...)
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
	l.control = append(l.control, "<enable xmlns='"+stanza.NSManagement+"'/>"...)
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
	l.put(l.ack())
	l.WriteNow() // the reader has nothing better to do
	return nil
}

func (l *link) ack() []byte {
	return []byte(stanza.Ack(l.line.Finished() - l.from))
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
	h, err := st.Handled()
	l.mu.Lock()
	if err != nil || !l.managed {
		l.mu.Unlock()
		if err != nil {
			return stanza.StreamBadFormat.WithText("h is no number")
		}
		return nil // management was given up before the peer agreed
	}
	if l.open > 0 {
		l.open--
	} else {
		l.lastWord = time.Now()
	}
	// The number wraps, so it is what the difference to the last one says.
	done := max(l.confirmed, l.base)
	more := h - uint32(done-l.base)
	upTo, sent := done+uint64(more), l.count
	l.mu.Unlock()
	switch {
	case more > 1<<31: // an old one
		return nil
	case upTo > sent:
		return stanza.HandledTooHigh(h, uint32(sent-l.base))
	}
	l.confirm(upTo)
	return nil
}
