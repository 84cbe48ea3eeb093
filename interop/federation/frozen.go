package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// frozen stops the peer's process in its tracks, so that it confirms nothing more,
// has our user write to it, and ends both servers: none of what ours had accepted
// may be lost.
func frozen(ctx context.Context, d duo, end func(), count int) (string, error) {
	if err := goesOn(ctx, d); err != nil {
		return "", err
	}
	f := newFlow("frozen", d.ours, d.theirs, count, time.Millisecond)
	ours, stopOurs := keep(ctx, d.ours, f.take)
	defer stopOurs()
	_, stopTheirs := keep(ctx, d.theirs, f.take)
	defer stopTheirs()

	peer := d.theirs.srv
	peer.signalAll(syscall.SIGSTOP)
	err := f.write(ctx, ours)
	if err == nil {
		err = f.allAccepted(ctx)
	}
	end()
	peer.kill()
	if err := errors.Join(err, startAll(ctx, d.ours.srv, peer)); err != nil {
		return "", err
	}
	f.settle(ctx, (connectTimeout+4)*time.Second)
	s := f.sums()
	if s.twice > 0 || len(s.missing) > 0 {
		err = fmt.Errorf("%s: lost are %s", f, few(s.missing))
	}
	return f.String(), err
}

// allAccepted waits until the sender's server has taken all messages.
func (f *flow) allAccepted(ctx context.Context) error {
	for f.sums().accepted < len(f.letters) {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", f, ctx.Err())
		}
	}
	return nil
}
