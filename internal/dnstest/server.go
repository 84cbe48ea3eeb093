package dnstest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Server answers DNS queries on one port, over UDP and TCP.
type Server struct {
	udp  net.PacketConn
	tcp  net.Listener
	done chan struct{}
	wg   sync.WaitGroup

	mu    sync.Mutex
	zone  map[string]*name
	asked map[question]int
	conns map[net.Conn]bool
	how   Manner
}

// Manner is how a server answers. The zero value answers at once.
type Manner struct {
	Delay    time.Duration // before each answer
	Silent   bool          // it reads queries and answers none
	Truncate bool          // over UDP it sends empty answers that say "use TCP"
	Forge    func(reply []byte) [][]byte
	// Forge gives messages to be sent before the true reply, over UDP; it may
	// be nil.
}

// Start runs a server until the test is over.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := New("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// New runs a server on an address until Close. With port 0 it takes one that
// is free for both UDP and TCP.
func New(addr string) (*Server, error) {
	var err error
	for range 16 {
		var s *Server
		if s, err = open(addr); err == nil {
			s.wg.Add(2)
			go s.serveUDP()
			go s.serveTCP()
			return s, nil
		}
	}
	return nil, fmt.Errorf("open DNS server: %w", err)
}

// open binds both sockets.
func open(addr string) (*Server, error) {
	udp, err := net.ListenPacket("udp", addr)
	if err != nil {
		return nil, err
	}
	tcp, err := net.Listen("tcp", udp.LocalAddr().String())
	if err != nil {
		return nil, errors.Join(err, udp.Close())
	}
	return &Server{
		udp: udp, tcp: tcp, done: make(chan struct{}), zone: map[string]*name{},
		asked: map[question]int{}, conns: map[net.Conn]bool{},
	}, nil
}

// Addr is the server's address, host:port.
func (s *Server) Addr() string { return s.udp.LocalAddr().String() }

// Close ends the server and waits for what it does.
func (s *Server) Close() error {
	close(s.done)
	err := errors.Join(s.udp.Close(), s.tcp.Close())
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

// Behave changes how the server answers from now on.
func (s *Server) Behave(m Manner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.how = m
}

// manner is how the server answers now.
func (s *Server) manner() Manner {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.how
}

// wait waits before an answer; false says that there is none.
func (s *Server) wait(m Manner) bool {
	if m.Silent {
		return false
	}
	if m.Delay == 0 {
		return true
	}
	t := time.NewTimer(m.Delay)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.done:
		return false
	}
}

// serveUDP answers datagrams, each in its own time.
func (s *Server) serveUDP() {
	defer s.wg.Done()
	buf := make([]byte, 65535)
	for {
		n, from, err := s.udp.ReadFrom(buf)
		if err != nil {
			return
		}
		query := append([]byte(nil), buf[:n]...)
		s.wg.Go(func() {
			m := s.manner()
			reply := s.answer(query, m.Truncate)
			if reply == nil || !s.wait(m) {
				return
			}
			if m.Forge != nil {
				for _, forged := range m.Forge(reply) {
					s.udp.WriteTo(forged, from)
				}
			}
			s.udp.WriteTo(reply, from)
		})
	}
}

// serveTCP accepts connections.
func (s *Server) serveTCP() {
	defer s.wg.Done()
	for {
		c, err := s.tcp.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = true
		s.mu.Unlock()
		s.wg.Go(func() {
			s.talk(c)
			c.Close()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
		select {
		case <-s.done: // Close may have missed this one
			c.Close()
		default:
		}
	}
}

// talk answers the queries of a connection, each behind its length.
func (s *Server) talk(c net.Conn) {
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		m := s.manner()
		reply := s.answer(query, false)
		if reply == nil || !s.wait(m) {
			return
		}
		framed := binary.BigEndian.AppendUint16(nil, uint16(len(reply)))
		if _, err := c.Write(append(framed, reply...)); err != nil {
			return
		}
	}
}
