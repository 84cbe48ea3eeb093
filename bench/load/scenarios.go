package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"parley/stanza"
)

// parallel is how many logins run at a time.
const parallel = 8

// open logs in n accounts and ends the connections when do returns.
func (o *options) open(ctx context.Context, n int, do func([]*client) error) error {
	all := make([]*client, n)
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	errs := make(chan error, parallel)
	for range parallel {
		wg.Go(func() {
			for i := range next {
				c, err := o.dial(ctx, i)
				if err != nil {
					errs <- err
					return
				}
				all[i] = c
			}
		})
	}
	wg.Wait()
	close(errs)
	err := <-errs
	if err == nil {
		err = do(all)
	}
	for _, c := range all {
		if c != nil {
			err = errors.Join(err, c.conn.Close())
		}
	}
	return err
}

// dial is a client of account i.
func (o *options) dial(ctx context.Context, i int) (*client, error) {
	if o.relay {
		return o.join(ctx, i)
	}
	return o.at(i).dial(ctx, i, true)
}

// at is the server of account i: every second one may be at another.
func (o *options) at(i int) place {
	if i%2 == 1 && o.to.addr != "" {
		return o.to
	}
	return o.place
}

func (o *options) login(ctx context.Context, n int) error {
	return o.measure("login", func() (int, error) {
		return n, o.open(ctx, n, func([]*client) error { return nil })
	})
}

func (o *options) idle(ctx context.Context, n int) error {
	return o.open(ctx, n, func([]*client) error {
		select {
		case <-time.After(o.settle):
		case <-ctx.Done():
			return ctx.Err()
		}
		kib, err := rss(o.pid)
		if err == nil {
			fmt.Printf("idle       %8d sessions, %d KiB resident\n", n, kib)
		}
		return err
	})
}

// chat sends messages in pairs: user 2i to user 2i+1, the next when one has
// arrived.
func (o *options) chat(ctx context.Context, pairs int) error {
	return o.open(ctx, 2*pairs, func(all []*client) error {
		return o.measure("chat", func() (int, error) {
			return o.loop(ctx, pairs, func(i int, arrived func() bool) error {
				from, to := all[2*i], all[2*i+1]
				text := "<message to='" + to.jid + "' type='chat' id='m'><body>" + body + "</body></message>"
				return exchange(from, to, text, o.window, arrived)
			})
		})
	})
}

// body is a text of 100 bytes.
const body = "Nothing here is worth reading, but it is as long as what people write to each other on a usual day.."

// loop runs fn for n loops until the time is over and counts what arrived.
func (o *options) loop(ctx context.Context, n int, fn func(i int, arrived func() bool) error) (int, error) {
	end := time.Now().Add(o.time)
	var count atomic.Int64
	arrived := func() bool {
		count.Add(1)
		return ctx.Err() == nil && time.Now().Before(end)
	}
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for i := range n {
		wg.Go(func() { errs <- fn(i, arrived) })
	}
	wg.Wait()
	close(errs)
	var err error
	for e := range errs {
		err = errors.Join(err, e)
	}
	return int(count.Load()), err
}

// exchange keeps window copies of a stanza under way from one client to another.
func exchange(from, to *client, text string, window int, arrived func() bool) error {
	for range window {
		if err := from.send(text); err != nil {
			return err
		}
	}
	for under := window; under > 0; {
		st, err := to.next()
		if err != nil {
			return err
		}
		if st.Kind != stanza.Message {
			continue
		}
		under--
		if arrived() {
			under++
			if err := from.send(text); err != nil {
				return err
			}
		}
	}
	return nil
}
