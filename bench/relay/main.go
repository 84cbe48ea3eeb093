// Command relay is the least that a room can cost: it passes frames of a fixed
// length on to all who are inside, over TLS, one record each, and knows nothing
// of what is in them. "load -relay" is its client.
//
//	relay -listen 127.0.0.1:25555 -cert FILE -key FILE
package main

import (
	"bufio"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:25555", "`address`")
	cert := flag.String("cert", "", "`file` of the certificate")
	key := flag.String("key", "", "`file` of its key")
	frame := flag.Int("frame", 400, "`length` of a frame")
	flag.Parse()
	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err == nil {
		err = serve(*listen, *frame, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	fmt.Fprintln(os.Stderr, "relay:", err)
	os.Exit(1)
}

func serve(listen string, frame int, config *tls.Config) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	r := &relay{frame: frame, inside: map[string][]net.Conn{}}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go r.carry(tls.Server(c, config))
	}
}

// relay holds who is inside which room.
type relay struct {
	frame int

	mu     sync.Mutex
	inside map[string][]net.Conn
}

// carry reads the name of a room, a line, answers with one, and passes on what
// follows.
func (r *relay) carry(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	room, err := in.ReadString('\n')
	if err != nil {
		return
	}
	r.mu.Lock()
	r.inside[room] = append(r.inside[room], c)
	r.mu.Unlock()
	if _, err := io.WriteString(c, "\n"); err != nil {
		return
	}
	b := make([]byte, r.frame)
	for {
		if _, err := io.ReadFull(in, b); err != nil {
			return
		}
		r.mu.Lock()
		list := r.inside[room]
		r.mu.Unlock()
		for _, to := range list {
			_, _ = to.Write(b) // who is gone is not told
		}
	}
}
