package c2s

import (
	"context"
	"net"
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
