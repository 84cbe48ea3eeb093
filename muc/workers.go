package muc

import "time"

// workers send what a commit was waited for. A goroutine that has sent stays for
// a while to send for another room: the stack that TLS needs is large already.
type workers struct {
	idle chan *outbox  // received from by those with nothing to do
	done chan struct{} // closed when nobody need stay any more
}

// linger is how long one with nothing to do stays.
const linger = 5 * time.Second

func newWorkers() *workers {
	return &workers{idle: make(chan *outbox), done: make(chan struct{})}
}

// send has somebody send what is in a box. It does not block.
func (w *workers) send(b *outbox) {
	select {
	case w.idle <- b:
	default:
		go w.work(b)
	}
}

func (w *workers) work(b *outbox) {
	t := time.NewTimer(linger)
	defer t.Stop()
	for {
		b.loop()
		t.Reset(linger)
		select {
		case b = <-w.idle:
		case <-t.C:
			return
		case <-w.done:
			return
		}
	}
}
