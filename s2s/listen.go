package s2s

import (
	"net"
	"time"

	"parley/stanza"
	"parley/stream"
)

// Listener is where other servers connect.
type Listener struct {
	net.Listener
	Direct bool // TLS from the start (XEP-0368)
}

// ServeConn takes over a connection that another server has opened, and returns.
func (s *Server) ServeConn(nc net.Conn, direct bool) error {
	l := s.newLink(nc, incoming)
	l.direct = direct
	if !s.crowd.Enter(l.addr, s.config().S2S.PerAddress) {
		s.turnAway(nc, direct)
		return nil
	}
	if !s.run(l.serveIn) {
		s.crowd.Leave(l.addr)
		nc.Close()
		return ErrNotServing
	}
	return nil
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
