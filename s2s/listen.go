package s2s

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"parley/stanza"
	"parley/stream"
)

// Listener is where other servers connect.
type Listener struct {
	net.Listener
	Direct bool // TLS from the start (XEP-0368)
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
		s.Log.Error("accept server", "listener", l.Addr().String(), "err", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, longest)
	}
}

// ServeConn takes over a connection that another server has opened, and returns.
func (s *Server) ServeConn(nc net.Conn, direct bool) error {
	l := s.newLink(nc, incoming)
	l.direct = direct
	if !s.admit(l.addr) {
		s.turnAway(nc, direct)
		return nil
	}
	if !s.run(l.serveIn) {
		s.release(l.addr)
		nc.Close()
		return ErrNotServing
	}
	return nil
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
// 13.12, Denial of Service).
func (s *Server) admit(a netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := network(a)
	if s.perAddr[n] >= s.config().S2S.PerAddress {
		return false
	}
	s.perAddr[n]++
	return true
}

// release undoes admit.
func (s *Server) release(a netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := network(a)
	if s.perAddr[n]--; s.perAddr[n] <= 0 {
		delete(s.perAddr, n)
	}
}

// turnAway refuses a connection over the limit. It gets no goroutine and no
// time: what does not fit into the socket's buffer is lost.
func (s *Server) turnAway(nc net.Conn, direct bool) {
	defer nc.Close()
	s.Log.Warn("too many servers from one address", "addr", nc.RemoteAddr().String())
	if direct || nc.SetDeadline(time.Now().Add(time.Millisecond)) != nil {
		return
	}
	a := stream.Answer{ContentNS: stanza.NSServer, ID: stream.NewID(), Version: true}
	// (RFC 6120 section 4.9.3.17, resource-constraint)
	e := stanza.StreamResourceConstraint.WithText("too many connections from this address")
	_, _ = nc.Write(stream.AppendError(a.Append(nil), e)) // a courtesy
}
