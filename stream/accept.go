package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"time"

	"parley/stanza"
)

// farewell bounds how long the last words to a peer may take, and how long it
// has to close the connection after them.
const farewell = 3 * time.Second

// Accept negotiates with the peer on c until it has authenticated and its new
// stream is open. Then it returns nil and what the negotiation is about is in
// n; the deadline that the caller has set goes on. Otherwise the connection is
// closed, and the error says why.
func Accept(ctx context.Context, c *Conn, n *Negotiation, config *tls.Config) error {
	stop := context.AfterFunc(ctx, func() { c.Interrupt() })
	defer stop()
	for {
		a := n.read(ctx, c)
		if a.Do == Close {
			c.Farewell(a.Write)
			return closedError(a)
		}
		if err := c.Write(a.Write); err != nil {
			c.Close()
			return err
		}
		switch a.Do {
		case StartTLS:
			c.SetDomain(n.Peer.Domain)
			// Interrupt ends it as well, without a goroutine that waits for ctx.
			if err := c.StartTLS(context.WithoutCancel(ctx), config); err != nil {
				// No closing tag: the peer takes it for TLS (RFC 6120 section
				// 5.4.3.2, TLS Failure).
				c.Close()
				return err
			}
			n.Secured(Peer{TLS: c.TLS(), Cert: c.Cert(), PeerCert: c.PeerCert()})
		case Restart:
			c.Restart()
		case Finish:
			return nil
		}
	}
}

// closedError says why a negotiation ended without authentication.
func closedError(a Action) error {
	if a.Err != nil {
		return fmt.Errorf("negotiate stream: %w", a.Err)
	}
	return errors.New("negotiate stream: peer closed it")
}

// read reads up to the next answer.
func (n *Negotiation) read(ctx context.Context, c *Conn) Action {
	tok, st, err := c.Next(ctx)
	switch {
	case err != nil:
		return n.readError(ctx, err)
	case tok == stanza.Opened:
		return n.Opened(c.Header())
	case tok == stanza.Found:
		return n.Element(ctx, st)
	case tok == stanza.Closed:
		return n.Closed()
	}
	return Action{} // white space (RFC 6120 section 4.6.1, Dead Connection)
}

// readError tells the peer what its input, its silence or we have ended.
func (n *Negotiation) readError(ctx context.Context, err error) Action {
	var wrong *stanza.StreamError
	switch {
	case errors.As(err, &wrong):
		return n.Failed(wrong)
	case ctx.Err() != nil:
		return n.Failed(stanza.StreamSystemShutdown)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n.Failed(stanza.StreamConnectionTimeout)
	}
	return Action{Do: Close} // the connection is gone
}

// Farewell writes the last bytes of a stream, gives the peer some time to
// answer with the end of its own (RFC 6120 section 4.4, Closing a Stream), and
// closes the connection. Nobody else may be reading or writing.
func (c *Conn) Farewell(last []byte) {
	defer c.Close()
	if c.LastWords(last, farewell) != nil {
		return
	}
	for {
		c.in.drop()
		n, err := c.rw().Read(c.in.space())
		if err == errAgain {
			n, err = 1, c.sock.wait(c.idle)
		}
		if err != nil || n == 0 {
			c.in.drop()
			c.sock.release()
			return
		}
	}
}

// LastWords is Farewell for who reads on, for at most d, and closes the
// connection then.
func (c *Conn) LastWords(last []byte, d time.Duration) error {
	err := c.SetDeadline(time.Now().Add(d))
	if len(last) == 0 || err != nil {
		return err
	}
	if err := c.Write(last); err != nil {
		return err
	}
	return c.CloseWrite()
}
