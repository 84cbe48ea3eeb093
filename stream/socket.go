package stream

import (
	"crypto/tls"
	"net"
)

// socket is the net.Conn at the bottom, below TLS.
type socket interface {
	net.Conn

	// park makes Read fail with errAgain instead of waiting, from now on; it
	// reports false for a socket that cannot, which goes on to wait in Read.
	park() bool

	// wait returns when Read has something to give, an error included. Before
	// it waits it calls idle, which must not wait. It returns at once if park
	// reported false.
	wait(idle func()) error

	// release gives back what only reading needs, with what was read and not
	// given out.
	release()

	// tryWrites(true) makes Write never wait, until tryWrites(false): what the
	// system does not take is kept for the next Write that may wait, or flush.
	// able is false for a socket that cannot, behind says that something is kept.
	tryWrites(on bool) (able, behind bool)
	flush() error

	// CloseWrite closes the writing half where the connection has halves.
	CloseWrite() error

	note() *notes
}

// notes is what is known about a connection from below TLS.
type notes struct {
	domain string           // of the stream, for a TLS client that sends no server name
	cert   *tls.Certificate // which certificate the connection was given
}

func (n *notes) note() *notes { return n }

// againError says that there is nothing to read yet. crypto/tls takes it as
// temporary: the next Read goes on where this one stopped.
type againError struct{}

func (againError) Error() string   { return "nothing to read yet" }
func (againError) Timeout() bool   { return true }
func (againError) Temporary() bool { return true }

var errAgain net.Error = againError{}

// newSocket chooses how a connection waits.
func newSocket(nc net.Conn, blocking bool) socket {
	if !blocking {
		if s := newParked(nc); s != nil {
			return s
		}
	}
	return &waiting{Conn: nc}
}

// waiting is the socket of every system and every kind of connection: it waits
// in Read, with the reader's buffer.
type waiting struct {
	net.Conn
	notes
}

func (*waiting) park() bool          { return false }
func (*waiting) wait(func()) error   { return nil }
func (*waiting) release()            {}
func (*waiting) flush() error        { return nil }
func (w *waiting) CloseWrite() error { return closeWrite(w.Conn) }

func (*waiting) tryWrites(bool) (able, behind bool) { return false, false }

func closeWrite(nc net.Conn) error {
	if h, ok := nc.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}
