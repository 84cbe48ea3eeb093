package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// line is a user whose sessions come and go with his server: whenever one ends,
// he logs in again.
type line struct {
	u    *user
	hook func(*node) bool

	mu  sync.Mutex
	s   *stream
	all []*stream
}

// keep takes a user's session over and keeps him logged in until stop.
func keep(ctx context.Context, u *user, hook func(*node) bool) (l *line, stop func()) {
	l = &line{u: u, hook: hook, s: u.stream, all: []*stream{u.stream}}
	u.onEach(hook)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			l.again(ctx)
		}
	}()
	return l, func() {
		l.live(ctx)
		cancel()
		<-done
		u.stream = l.current()
		u.onEach(nil)
	}
}

// live waits until there is a session, for some time.
func (l *line) live(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		select {
		case <-l.current().ended:
		default:
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

// again waits for the end of the session and logs in again.
func (l *line) again(ctx context.Context) {
	select {
	case <-l.current().ended:
	case <-ctx.Done():
		return
	}
	// A server that has just started may leave a client unanswered.
	try, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	s, err := l.u.connect(try, l.hook)
	if err != nil {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
		return
	}
	l.mu.Lock()
	l.s, l.all = s, append(l.all, s)
	l.mu.Unlock()
}

func (l *line) current() *stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.s
}

// letter is one message of a flow.
type letter struct {
	at       time.Time // when it was written
	session  *stream
	number   int
	arrived  int
	returned string // the condition of the error that came back
}

// accepted says whether the sender's server has taken it.
func (l *letter) accepted() bool { return l.session != nil && l.session.confirmed() >= l.number }

// flow is a row of messages from one user to another, while servers come and go.
type flow struct {
	name     string
	from, to *user
	gap      time.Duration // between two messages

	mu      sync.Mutex
	letters []*letter
	last    int // of those that arrived
	behind  int // how many arrived behind a later one
}

func newFlow(name string, from, to *user, count int, gap time.Duration) *flow {
	f := &flow{name: name, from: from, to: to, gap: gap, last: -1}
	for range count {
		f.letters = append(f.letters, &letter{})
	}
	return f
}

// take notes what comes to either user; it says whether it belongs to the flow.
func (f *flow) take(n *node) bool {
	rest, ok := strings.CutPrefix(n.attr("id"), f.name+"-")
	i, err := strconv.Atoi(rest)
	if !ok || err != nil || i >= len(f.letters) {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := n.condition(); c != "" {
		f.letters[i].returned = c
		return true
	}
	f.letters[i].arrived++
	if i < f.last {
		f.behind++
	}
	f.last = max(f.last, i)
	return true
}

// write sends all messages and asks now and then which have been accepted.
func (f *flow) write(ctx context.Context, l *line) error {
	for i, letter := range f.letters {
		s := l.current()
		number, err := s.stanza(fmt.Sprintf("<message type='chat' to='%s' id='%s-%d'>"+
			"<body>%d</body></message>", f.to.bare(), f.name, i, i))
		if err == nil && (i%8 == 7 || i == len(f.letters)-1) {
			err = s.ask()
		}
		f.mu.Lock()
		letter.at, letter.session, letter.number = time.Now(), s, number
		f.mu.Unlock()
		pause := f.gap
		if err != nil {
			pause = 50 * time.Millisecond // the session is gone: what is written now is not accepted
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// sums is what has become of the messages that were accepted.
type sums struct {
	accepted, arrived, returned, both, twice int
	missing                                  []int
}

func (f *flow) sums() sums {
	f.mu.Lock()
	defer f.mu.Unlock()
	var s sums
	for i, l := range f.letters {
		if l.arrived > 1 {
			s.twice++
		}
		if !l.accepted() {
			continue
		}
		s.accepted++
		if l.arrived > 0 {
			s.arrived++
		}
		if l.returned != "" {
			s.returned++
		}
		if l.arrived > 0 && l.returned != "" {
			s.both++
		}
		if l.arrived == 0 && l.returned == "" {
			s.missing = append(s.missing, i)
		}
	}
	return s
}

// written is how many messages have been written so far.
func (f *flow) written() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for n < len(f.letters) && f.letters[n].session != nil {
		n++
	}
	return n
}

// settle waits until each accepted message has arrived or come back, or nothing
// has come for some time.
func (f *flow) settle(ctx context.Context, patience time.Duration) {
	before, since := -1, time.Now()
	for {
		missing := len(f.sums().missing)
		if missing != before {
			before, since = missing, time.Now()
		}
		if missing == 0 || time.Since(since) > patience {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

// String tells the sums.
func (f *flow) String() string {
	s := f.sums()
	return fmt.Sprintf("%s → %s: %d written, %d accepted, %d arrived, %d came back, %d did both, "+
		"%d arrived twice, %d behind a later one, %d did neither", f.from.srv.kind, f.to.srv.kind,
		len(f.letters), s.accepted, s.arrived, s.returned, s.both, s.twice, f.behind, len(s.missing))
}
