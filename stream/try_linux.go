package stream

import (
	"sync"
	"syscall"
)

// trying is a parked socket's writing side. A lock guards it because the reader
// writes too when TLS answers something (RFC 8446 section 4.6.3, Key and
// Initialization Vector Update).
type trying struct {
	mu   sync.Mutex
	on   bool                  // writes do not wait
	once func(fd uintptr) bool // trying.write, made once
	wait bool                  // until all is written
	b    []byte                // what is being written, then what is left of it
	err  error                 // of the last try
	kept []byte                // what the system has not taken
}

func (p *parked) tryWrites(on bool) (able, behind bool) {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	p.out.on = on
	return true, len(p.out.kept) > 0
}

// Write waits only where tryWrites is off.
func (p *parked) Write(b []byte) (int, error) {
	t := &p.out
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.on {
		if err := p.writeKept(); err != nil {
			return 0, err
		}
		rest, err := p.push(b, true)
		return len(b) - len(rest), err
	}
	rest := b
	if len(t.kept) == 0 {
		var err error
		if rest, err = p.push(b, false); err != nil {
			return len(b) - len(rest), err
		}
	}
	t.kept = append(t.kept, rest...)
	return len(b), nil
}

// flush writes what was kept, and waits until it is written.
func (p *parked) flush() error {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	return p.writeKept()
}

func (p *parked) writeKept() error {
	if len(p.out.kept) == 0 {
		return nil
	}
	_, err := p.push(p.out.kept, true)
	p.out.kept = nil
	return err
}

// push writes all, or what the system takes at once, and returns the rest.
func (p *parked) push(b []byte, wait bool) (rest []byte, err error) {
	t := &p.out
	t.b, t.wait = b, wait
	err = p.raw.Write(t.once)
	if err == nil {
		err = t.err
	}
	rest, t.b = t.b, nil
	return rest, err
}

// write is called with the descriptor.
func (t *trying) write(fd uintptr) (done bool) {
	t.err = nil
	for len(t.b) > 0 && t.err == nil {
		var n int
		n, t.err = tryWrite(int(fd), t.b)
		t.b = t.b[n:]
	}
	if t.err == syscall.EAGAIN {
		t.err = nil
		return !t.wait
	}
	return true
}
