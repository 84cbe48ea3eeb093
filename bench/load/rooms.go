package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/stanza"
)

// room is a room with its occupants, of whom the first speaks.
type room struct {
	inside []*client
	under  atomic.Int32  // deliveries that are under way
	heard  chan struct{} // has one for each message that all have got
}

// rooms makes rooms in which one occupant speaks: again when all have heard it,
// or with -every at that interval, each room at a time of its own.
func (o *options) rooms(ctx context.Context, n int) error {
	return o.open(ctx, n*o.occupants, func(all []*client) error {
		list := make([]*room, n)
		for i := range list {
			list[i] = &room{inside: all[i*o.occupants : (i+1)*o.occupants], heard: make(chan struct{}, 1)}
			if o.relay {
				continue // who connects to that is inside
			}
			if err := list[i].enter(o.name(i)); err != nil {
				return err
			}
		}
		return o.measure("rooms", func() (int, error) { return o.talk(ctx, list) })
	})
}

// name is the address of a room.
func (o *options) name(i int) string { return fmt.Sprintf("room%d@conference.%s", i, o.domain) }

// enter has all enter. Those who are inside read what they are sent meanwhile, or
// their queues would fill.
func (r *room) enter(name string) error {
	for i, c := range r.inside {
		text := fmt.Sprintf("<presence to='%s/nick%d'><x xmlns='http://jabber.org/protocol/muc'>"+
			"<history maxstanzas='0'/></x></presence>", name, i)
		if err := c.send(text); err != nil {
			return err
		}
		if err := c.upTo(name, "<subject"); err != nil {
			return err
		}
	}
	last := fmt.Sprintf("%s/nick%d", name, len(r.inside)-1)
	for _, c := range r.inside[:len(r.inside)-1] {
		if err := c.upTo(last, "<presence"); err != nil {
			return err
		}
	}
	return nil
}

// upTo reads up to a stanza from an address that contains something.
func (c *client) upTo(from, what string) error {
	for {
		st, err := c.next()
		switch {
		case err != nil:
			return err
		case st.Type == "error":
			return errors.New(st.Raw)
		case st.From.String() == from && strings.Contains(st.Raw, what):
			return nil
		}
	}
}

// talk has all rooms talk for the time that is measured, and counts what arrives.
func (o *options) talk(ctx context.Context, list []*room) (int, error) {
	var count atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, len(list)*(o.occupants+1))
	end := time.Now().Add(o.time)
	for i, r := range list {
		text := o.text(i, body)
		for _, c := range r.inside {
			wg.Go(func() { errs <- r.listen(c, &count, end.Add(patience)) })
		}
		pause := o.every * time.Duration(i) / time.Duration(len(list))
		wg.Go(func() { errs <- o.speak(ctx, r, text, o.text(i, farewell), pause, end) })
	}
	wg.Wait()
	close(errs)
	var err error
	for e := range errs {
		err = errors.Join(err, e)
	}
	return int(count.Load()), err
}

// text is a message to a room.
func (o *options) text(i int, body string) string {
	text := "<message to='" + o.name(i) + "' type='groupchat' id='m'><body>" + body + "</body></message>"
	if o.relay {
		text += strings.Repeat(" ", relayed-len(text))
	}
	return text
}

// patience is how long the last message may be on its way.
const patience = 5 * time.Second

// listen counts what a client hears, up to the farewell.
func (r *room) listen(c *client, count *atomic.Int64, end time.Time) error {
	if err := c.conn.SetReadDeadline(end); err != nil {
		return err
	}
	for {
		st, err := c.next()
		switch {
		case err != nil:
			return err
		case st.Kind != stanza.Message:
			continue
		case strings.Contains(st.Raw, farewell):
			return nil
		}
		count.Add(1)
		if r.under.Add(-1) == 0 {
			r.heard <- struct{}{}
		}
	}
}

// farewell is the last that is said in a room; it does not count.
const farewell = "Nothing more will be said."

// speak says the same until the time is over.
func (o *options) speak(ctx context.Context, r *room, text, last string, pause time.Duration,
	end time.Time) error {
	time.Sleep(pause)
	next := time.Now()
	for ctx.Err() == nil && time.Now().Before(end) {
		r.under.Store(int32(len(r.inside)))
		if err := r.inside[0].send(text); err != nil {
			return err
		}
		select {
		case <-r.heard:
		case <-time.After(patience):
			return errors.New("a message has not reached all in a room")
		}
		next = next.Add(o.every)
		time.Sleep(time.Until(next)) // not at all if the interval is 0
	}
	return r.inside[0].send(last)
}

// relayed is how long the frames of bench/relay are: about as long as what the
// occupants of a room get.
const relayed = 400

// join connects account n to bench/relay.
func (o *options) join(ctx context.Context, n int) (*client, error) {
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	conn, err := d.DialContext(ctx, "tcp", o.addr)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, scan: stanza.NewScanner(stanza.Limits{})}
	if err := c.send(o.name(n/o.occupants) + "\n"); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		return nil, err
	}
	c.buf = []byte(header("localhost")) // of which the relay knows nothing
	return c, nil
}
