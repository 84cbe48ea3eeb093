package main

import (
	"bufio"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	nsClient    = "jabber:client"
	nsComponent = "jabber:component:accept"
	nsStreams   = "http://etherx.jabber.org/streams"
	nsSM        = "urn:xmpp:sm:3"
)

// stream is a connection of a user or a component. While it logs in, next reads;
// then a goroutine does, and until waits for what has come.
type stream struct {
	conn net.Conn
	r    *bufio.Reader
	d    *xml.Decoder
	jid  string
	ns   string

	managed bool // the server acknowledges stanzas (XEP-0198)

	writing sync.Mutex
	sent    int // stanzas, for XEP-0198

	mu    sync.Mutex
	inbox []*node
	news  chan struct{} // closed and made anew when something has come
	ended chan struct{} // closed when no more comes
	gone  error         // why
	came  int           // stanzas, for XEP-0198
	acked int           // how many of sent the server has handled
	hook  func(*node) bool
}

func newStream(conn net.Conn, ns string) *stream {
	return &stream{conn: conn, r: bufio.NewReaderSize(conn, 32<<10), ns: ns,
		news: make(chan struct{}), ended: make(chan struct{})}
}

// open sends a header and reads the answer, whose id it returns.
func (s *stream) open(to string) (id string, err error) {
	if err := s.send("<?xml version='1.0'?><stream:stream to='" + to + "' version='1.0' xmlns='" +
		s.ns + "' xmlns:stream='" + nsStreams + "'>"); err != nil {
		return "", err
	}
	s.d = xml.NewDecoder(s.r) // which reads no byte more than it needs
	for {
		tok, err := s.d.Token()
		if err != nil {
			return "", fmt.Errorf("stream header: %w", err)
		}
		if e, ok := tok.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if a.Name.Local == "id" {
					id = a.Value
				}
			}
			return id, nil
		}
	}
}

var errEnded = errors.New("the stream has ended")

// next reads one element.
func (s *stream) next() (*node, error) {
	for {
		tok, err := s.d.Token()
		if err != nil {
			return nil, err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			n := &node{}
			return n, s.d.DecodeElement(n, &e)
		case xml.EndElement:
			return nil, errEnded
		}
	}
}

// expect reads elements up to one of that name.
func (s *stream) expect(name string) (*node, error) {
	for {
		n, err := s.next()
		if err != nil {
			return nil, fmt.Errorf("wait for <%s/>: %w", name, err)
		}
		switch n.XMLName.Local {
		case name:
			return n, nil
		case "failure", "error":
			return nil, fmt.Errorf("wait for <%s/>: %s", name, n)
		}
	}
}

// send writes XML that is no stanza.
func (s *stream) send(xml string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.write(xml)
}

// stanza writes a stanza and returns its number.
func (s *stream) stanza(xml string) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.sent++
	return s.sent, s.write(xml)
}

func (s *stream) write(xml string) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	_, err := io.WriteString(s.conn, xml)
	return err
}

// ask has the server say how many stanzas it has handled: where it has no stream
// management, by the answer to a ping behind them.
func (s *stream) ask() error {
	if s.managed {
		return s.send("<r xmlns='" + nsSM + "'/>")
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.sent++
	return s.write(fmt.Sprintf("<iq type='get' id='%s%d'><ping xmlns='urn:xmpp:ping'/></iq>",
		handled, s.sent))
}

// handled begins the ids of such pings; the number of stanzas follows.
const handled = "handled-"

// read takes in what comes until the stream ends.
func (s *stream) read() {
	for {
		n, err := s.next()
		if err != nil {
			s.mu.Lock()
			s.gone = err
			close(s.news)
			s.news = make(chan struct{})
			s.mu.Unlock()
			close(s.ended)
			s.conn.Close()
			return
		}
		s.take(n)
	}
}

// take keeps a stanza and answers what a client has to answer.
func (s *stream) take(n *node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.XMLName.Space == nsSM {
		switch n.XMLName.Local {
		case "r":
			go s.send(fmt.Sprintf("<a xmlns='%s' h='%d'/>", nsSM, s.came))
			return
		case "a":
			fmt.Sscan(n.attr("h"), &s.acked)
		}
	} else {
		s.came++
	}
	if count, ok := strings.CutPrefix(n.attr("id"), handled); ok && n.attr("type") == "result" {
		fmt.Sscan(count, &s.acked)
	}
	if n.XMLName.Local == "iq" && n.attr("type") == "get" {
		go s.stanza(fmt.Sprintf("<iq type='result' id='%s' to='%s' from='%s'/>", escape(n.attr("id")),
			escape(n.attr("from")), s.jid))
	}
	if s.hook == nil || !s.hook(n) {
		s.inbox = append(s.inbox, n)
	}
	close(s.news)
	s.news = make(chan struct{})
}

// until takes the first element out of what has come that fits.
func (s *stream) until(ctx context.Context, what string, fits func(*node) bool) (*node, error) {
	for {
		s.mu.Lock()
		for i, n := range s.inbox {
			if fits(n) {
				s.inbox = append(s.inbox[:i], s.inbox[i+1:]...)
				s.mu.Unlock()
				return n, nil
			}
		}
		news, gone := s.news, s.gone
		rest := fmt.Sprint(last(s.inbox, 3))
		s.mu.Unlock()
		if gone != nil {
			return nil, fmt.Errorf("%s waits for %s: %w", s.jid, what, gone)
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s waits in vain for %s; last came: %s", s.jid, what, rest)
		}
	}
}

// reached waits until a condition holds, looking at it whenever something has
// come.
func (s *stream) reached(ctx context.Context, what string, holds func() bool) error {
	for {
		s.mu.Lock()
		news, gone := s.news, s.gone
		s.mu.Unlock()
		if holds() {
			return nil
		}
		if gone != nil {
			return fmt.Errorf("%s waits for %s: %w", s.jid, what, gone)
		}
		select {
		case <-news:
		case <-ctx.Done():
			return fmt.Errorf("%s waits in vain for %s", s.jid, what)
		}
	}
}

func last[T any](list []T, n int) []T { return list[max(0, len(list)-n):] }

// confirmed is how many stanzas the server has said it has handled.
func (s *stream) confirmed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acked
}

// onEach has each stanza that comes go to f first; what f takes is not kept.
func (s *stream) onEach(f func(*node) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = f
}

// forget drops what has come.
func (s *stream) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inbox = nil
}

// close ends the stream as it should be.
func (s *stream) close() {
	_ = s.send("</stream:stream>") // it may have ended already
	s.conn.Close()
}
