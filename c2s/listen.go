package c2s

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"parley/stanza"
	"parley/stream"
)

// Listen opens a listener for clients. The system's keepalive probes are off:
// they would wake a mobile device more often than our pings, and say less.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	lc := net.ListenConfig{KeepAlive: -1}
	return lc.Listen(ctx, "tcp", addr)
}

// accept takes connections until the listener is closed.
func (s *Server) accept(ctx context.Context, l Listener) {
	const longest = time.Second
	wait := time.Millisecond
	for {
		nc, err := l.Accept()
		if err == nil {
			wait = time.Millisecond
			// An error means that we stop; the connection is closed then.
			_ = s.ServeConn(nc, l.Direct)
			continue
		}
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return
		}
		// Out of descriptors, most likely: those who are here must go on.
		s.Log.Error("accept", "listener", l.Addr().String(), "err", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, longest)
	}
}

// addrOf is the peer's IP address, the zero Addr if it has none.
func addrOf(nc net.Conn) netip.Addr {
	ap, err := netip.ParseAddrPort(nc.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
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

// admit counts a connection unless its address has too many (RFC 6120 section
// 13.12, Denial of Service). s.mu is held.
func (s *Server) admit(a netip.Addr) bool {
	if !a.IsValid() {
		return true
	}
	n := network(a)
	if s.perAddr[n] >= s.config().C2S.PerAddress {
		return false
	}
	s.perAddr[n]++
	return true
}

// release undoes admit. s.mu is held.
func (s *Server) release(a netip.Addr) {
	if !a.IsValid() {
		return
	}
	n := network(a)
	if s.perAddr[n]--; s.perAddr[n] <= 0 {
		delete(s.perAddr, n)
	}
}

// turnAway refuses a connection over the limit. It gets no goroutine and no
// time: what does not fit into the socket's buffer is lost.
func (s *Server) turnAway(nc net.Conn, direct bool) {
	defer nc.Close()
	s.Log.Warn("too many connections from one address", "addr", nc.RemoteAddr().String())
	if direct || nc.SetDeadline(time.Now().Add(time.Millisecond)) != nil {
		return
	}
	a := stream.Answer{ContentNS: stanza.NSClient, ID: stream.NewID(), Version: true}
	a.From = s.defaultDomain()
	// RFC 6120 section 4.9.3.3, conflict, names this case.
	e := stanza.StreamConflict.WithText("too many connections from this address")
	_, _ = nc.Write(stream.AppendError(a.Append(nil), e)) // a courtesy
}
