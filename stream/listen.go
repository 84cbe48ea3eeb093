package stream

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// AcceptAll hands the listener's connections to take until it is closed.
func AcceptAll(ctx context.Context, l net.Listener, log *slog.Logger, take func(net.Conn)) {
	const longest = time.Second
	wait := time.Millisecond
	for {
		nc, err := l.Accept()
		if err == nil {
			wait = time.Millisecond
			take(nc)
			continue
		}
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return
		}
		// Out of descriptors, most likely: those who are here must go on.
		log.Error("accept", "listener", l.Addr().String(), "err", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, longest)
	}
}

// PeerIP is the peer's IP address, the zero Addr if it has none.
func PeerIP(nc net.Conn) netip.Addr {
	ap, err := netip.ParseAddrPort(nc.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// Crowd counts connections by where they come from (RFC 6120 section 13.12,
// Denial of Service). The zero value is empty. Those without an address count
// together.
type Crowd struct {
	mu sync.Mutex
	of map[netip.Prefix]int
}

// Enter counts a connection, unless there are so many from its address already.
func (c *Crowd) Enter(a netip.Addr, most int) bool {
	n := network(a)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[n] >= most {
		return false
	}
	if c.of == nil {
		c.of = map[netip.Prefix]int{}
	}
	c.of[n]++
	return true
}

// Leave undoes Enter.
func (c *Crowd) Leave(a netip.Addr) {
	n := network(a)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[n]--; c.of[n] <= 0 {
		delete(c.of, n)
	}
}

// network is what counts as one address: an IPv6 /64 is given to one user.
func network(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
