package stream

import (
	"io"
	"net"
	"syscall"
)

// parked is a socket that can wait without a buffer: its goroutine stands in
// RawConn.Read, a few small frames deep, until the poller says that there is
// something to read. Before park it waits in Read.
type parked struct {
	net.Conn
	notes
	raw    syscall.RawConn
	ready  func(fd uintptr) bool // p.read, made once
	active bool                  // after park
	block  bool                  // the next raw read waits
	idle   func()                // and calls this first
	more   bool                  // the last read may have left something
	buf    *buffer               // what rest is part of, nil while nothing is there
	rest   []byte                // read and not given out
	err    error                 // of the last raw read
	out    trying
}

// newParked returns nil for a connection that has no descriptor.
func newParked(nc net.Conn) socket {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	p := &parked{Conn: nc, raw: raw, idle: func() {}}
	p.ready = p.read
	p.out.once = p.out.write
	return p
}

func (p *parked) park() bool {
	p.active, p.more = true, true
	return true
}

func (p *parked) CloseWrite() error { return closeWrite(p.Conn) }

// Read gives out what was read, and never waits after park. A read that did
// not fill its buffer has emptied the socket; what comes after it is seen by
// wait, so that a record costs one system call and not two.
func (p *parked) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		if p.active && !p.more {
			p.release()
			return 0, errAgain
		}
		if err := p.fill(!p.active); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *parked) wait(idle func()) error {
	if len(p.rest) > 0 || p.more {
		return nil
	}
	p.idle = idle
	return p.fill(true)
}

// fill reads from the descriptor.
func (p *parked) fill(block bool) error {
	p.block = block
	p.more = false
	if err := p.raw.Read(p.ready); err != nil {
		p.release()
		return err
	}
	return p.err
}

// read is called by the poller's side with the descriptor. It must try to read
// before it says that it has to wait: readiness is announced once, and may have
// been while nobody waited.
func (p *parked) read(fd uintptr) (done bool) {
	if p.buf == nil {
		p.buf = getBuffer()
	}
	n, err := tryRead(int(fd), p.buf[:])
	if err == nil && n > 0 {
		p.rest, p.more, p.err = p.buf[:n], n == len(p.buf), nil
		return true
	}
	p.release()
	switch {
	case err == syscall.EAGAIN:
		p.err = errAgain
		if p.block {
			p.idle()
		}
		return !p.block
	case err != nil:
		p.err = err
	default:
		p.err = io.EOF
	}
	return true
}

func (p *parked) release() {
	if p.buf != nil {
		putBuffer(p.buf)
		p.buf, p.rest = nil, nil
	}
}
