package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// blow is how a server ends in the middle: by SIGKILL or as an admin ends it.
type blow struct {
	victim *server
	end    func()
	count  int           // messages each way
	gap    time.Duration // between two of them
}

// killed has both users write to each other while one of their servers ends and
// is started again, and judges what became of each message.
func killed(ctx context.Context, d duo, b blow) (string, error) {
	victim, count, gap := b.victim, b.count, b.gap
	there := newFlow("there", d.ours, d.theirs, count, gap)
	back := newFlow("back", d.theirs, d.ours, count, gap)
	take := func(n *node) bool { return there.take(n) || back.take(n) }
	ours, stopOurs := keep(ctx, d.ours, take)
	defer stopOurs()
	theirs, stopTheirs := keep(ctx, d.theirs, take)
	defer stopTheirs()

	errs := make([]error, 3)
	var wg sync.WaitGroup
	wg.Go(func() { errs[0] = there.write(ctx, ours) })
	wg.Go(func() { errs[1] = back.write(ctx, theirs) })
	var died, lives time.Time
	wg.Go(func() { died, lives, errs[2] = strike(ctx, b, there) })
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	there.settle(ctx, (connectTimeout+4)*time.Second)
	back.settle(ctx, 3*time.Second) // a peer may lose some for good
	report := fmt.Sprintf("%s was dead for %v; %s; %s", victim.kind,
		lives.Sub(died).Round(time.Millisecond), there, back)
	return report, errors.Join(judge(there, victim, died, lives), judge(back, victim, died, lives))
}

// strike ends a server when a third of the messages has been written, and
// starts it again.
func strike(ctx context.Context, b blow, f *flow) (died, lives time.Time, err error) {
	for f.written() < len(f.letters)/3 {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return died, lives, ctx.Err()
		}
	}
	died = time.Now()
	b.end()
	select {
	case <-time.After(500 * time.Millisecond):
	case <-ctx.Done():
		return died, lives, ctx.Err()
	}
	err = b.victim.start(ctx)
	return died, time.Now(), err
}

// judge says what must not be. What our server has accepted arrives or comes
// back, unless the peer had confirmed it and was killed: that the peer's own log
// has to show. What a peer has accepted from its user is the peer's to answer
// for, but it may lack only what was under way when one of the two died.
func judge(f *flow, victim *server, died, lives time.Time) error {
	s := f.sums()
	var wrong []string
	if s.arrived == 0 || s.accepted < len(f.letters)/2 {
		wrong = append(wrong, "hardly anything went through")
	}
	mine := f.from.srv.kind == "parley"
	if mine && s.twice > 0 {
		wrong = append(wrong, fmt.Sprintf("%d arrived twice", s.twice))
	}
	if mine && victim == f.from.srv && f.behind > 0 {
		wrong = append(wrong, fmt.Sprintf("%d out of order", f.behind))
	}
	seen := func(i int) bool {
		at := f.letters[i].at
		return at.After(died.Add(-2*time.Second)) && at.Before(lives.Add(time.Second))
	}
	why := "were not under way at the time"
	if mine {
		why = "are lost, and the peer had not confirmed them"
		seen = func(int) bool { return false }
		if victim == f.to.srv {
			seen = confirmed(victim, f.name)
		}
	}
	var lost []int
	for _, i := range s.missing {
		if !seen(i) {
			lost = append(lost, i)
		}
	}
	if len(lost) > 0 {
		wrong = append(wrong, fmt.Sprintf("%d messages of those accepted %s: %s (killed after %d)",
			len(lost), why, few(lost), f.before(died)))
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %s", f, strings.Join(wrong, "; "))
}

// before is how many messages were written before a time.
func (f *flow) before(t time.Time) int {
	n := 0
	for _, l := range f.letters {
		if l.session != nil && l.at.Before(t) {
			n++
		}
	}
	return n
}

// few are the first and the last of many.
func few(list []int) string {
	if len(list) <= 8 {
		return fmt.Sprint(list)
	}
	return fmt.Sprint(list[:4], "…", list[len(list)-4:])
}
