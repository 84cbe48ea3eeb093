package router

import (
	"slices"
	"time"
)

// answerWithin is how long a request to acknowledge may wait for its place in
// the line (XEP-0198 section 4, Acks: an answer is not withheld).
const answerWithin = time.Second

// maxAsks is how many requests are answered one by one; more at the same time
// share an answer.
const maxAsks = 64

// acks is what a line owes to a client that has asked how much is finished. The
// line's lock guards it.
type acks struct {
	say   func(n uint32) // tells the client; must not block
	asks  []uint32       // for each request, what the line had taken by then
	until uint32         // what was asked for and has not been told
	owes  bool           // there is such a thing
	told  uint32         // what was told last
	timer *time.Timer

	// What is noted with the next commit: see Packet.Counted.
	reach   uint32   // the first place behind those that have been written
	unnoted []uint32 // of Line.late, those that have not
	opened  []uint32 // those that have started and may still come to have rows
	held    []uint32 // those that will: see Packet.Hold
}

// open notes a packet that has started, and what it does is not all written when
// its rows are.
func (a *acks) open(place uint32) { a.opened = with(a.opened, place) }

// close takes back open.
func (a *acks) close(place uint32) { a.opened = without(a.opened, place) }

// barred says whether none may start before those that are open: its rows would be
// there without theirs, and no number says so.
func (a *acks) barred() bool { return a != nil && len(a.opened)+len(a.held) > 0 }

// acknowledges makes the line one that can be asked, and that has taken so many
// before its time. The result is how many it has taken until now.
func (l *Line) acknowledges(already uint32, say func(n uint32)) (taken uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken, l.done = l.taken+already, l.done+already
	l.acks = &acks{say: say, reach: l.taken}
	return l.taken
}

// Ask has the client told how many are finished when all that were put in before
// are; a second later at the latest, and then again when they are.
func (l *Line) Ask() {
	if l.defers && l.atWork == 0 {
		l.deferred.begin() // the reader writes the answer, if it can be given now
		l.atWork = 1
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.acks
	if len(a.asks) == maxAsks {
		a.asks = a.asks[:maxAsks-1]
	}
	a.asks = append(a.asks, l.taken)
	if l.answer(); len(a.asks) == 0 {
		return
	}
	if len(l.late) > 0 && l.hurry != nil {
		l.hurry()
	}
	if len(a.asks) == 1 && !a.owes {
		if a.timer == nil {
			a.timer = time.AfterFunc(answerWithin, l.overdue)
		} else {
			a.timer.Reset(answerWithin)
		}
	}
}

// answer answers the requests whose time has come. The lock is held.
func (l *Line) answer() {
	a := l.acks
	if a == nil || len(a.asks) == 0 && !a.owes {
		return
	}
	n, k := l.finished(), 0
	for k < len(a.asks) && int32(n-a.asks[k]) >= 0 {
		k++
		a.tell(n)
	}
	a.asks = a.asks[:copy(a.asks, a.asks[k:])]
	if a.owes && int32(n-a.until) >= 0 {
		if a.owes = false; a.told != n {
			a.tell(n)
		}
	}
	if len(a.asks) == 0 && !a.owes && a.timer != nil {
		a.timer.Stop()
	}
}

func (a *acks) tell(n uint32) {
	a.told = n
	a.say(n)
}

// overdue answers what has waited for a second with what there is, and looks
// again a second later.
func (l *Line) overdue() {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, n := l.acks, l.finished()
	if a.owes && a.told != n && len(a.asks) == 0 {
		a.tell(n)
	}
	for _, until := range a.asks {
		a.until, a.owes = until, true
		a.tell(n)
	}
	a.asks = a.asks[:0]
	if a.owes {
		a.timer.Reset(answerWithin)
	}
}

// finished is how many are finished and need not be written down any more, with
// all before them. The lock is held.
func (l *Line) finished() uint32 {
	if len(l.late) > 0 && int32(l.late[0]-l.done) < 0 {
		return l.late[0]
	}
	return l.done
}

// delay notes that a packet is to be written down.
func (l *Line) delay(place uint32) {
	l.late = with(l.late, place)
	if l.acks != nil {
		l.acks.close(place)
		l.acks.unnoted = with(without(l.acks.unnoted, place), place)
	}
}

// arrive takes back a delay.
func (l *Line) arrive(place uint32) {
	l.late = without(l.late, place)
	if l.acks != nil {
		l.acks.unnoted = without(l.acks.unnoted, place)
		l.acks.held = without(l.acks.held, place)
	}
}

// with is a sorted list with one more place.
func with(list []uint32, place uint32) []uint32 {
	n, _ := slices.BinarySearchFunc(list, place, before)
	return slices.Insert(list, n, place)
}

// without is a sorted list without a place.
func without(list []uint32, place uint32) []uint32 {
	n, ok := slices.BinarySearchFunc(list, place, before)
	switch {
	case !ok:
		return list
	case n == 0: // mostly
		return list[1:]
	}
	return slices.Delete(list, n, n+1)
}

// before compares places in a line; they wrap.
func before(a, b uint32) int { return int(int32(a - b)) }
