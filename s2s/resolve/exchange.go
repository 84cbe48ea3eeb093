package resolve

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// ask finds the records of a name. Where a server only says that the name is an
// alias, the query goes on there.
func (r *Resolver) ask(ctx context.Context, k key) (*answer, error) {
	name, ttl := k.name, mostTTL
	for range mostAliases {
		q, err := question(name, k.typ)
		if err != nil {
			return nil, notFound("%.100q is no name that DNS could have", name)
		}
		a, err := r.askServers(ctx, q)
		if err != nil {
			return nil, err
		}
		a.ttl = min(a.ttl, ttl)
		next := strings.TrimSuffix(a.at, ".")
		if !a.none() || a.gone || next == name {
			return a, nil
		}
		name, ttl = next, a.ttl
	}
	return nil, fmt.Errorf("%s is an alias of an alias of an alias without end", k.name)
}

// askServers asks one server after the other, and then all again, until one
// knows. The error is that of the last.
func (r *Resolver) askServers(ctx context.Context, q dnsmessage.Question) (*answer, error) {
	conf := r.config()
	var last error
	for range conf.attempts {
		for _, server := range conf.servers {
			a, err := r.askServer(ctx, server, q, conf.timeout)
			if err == nil {
				return a, nil
			}
			if ctx.Err() != nil && last != nil {
				return nil, last
			}
			last = fmt.Errorf("DNS server %s %w", server, err)
			if ctx.Err() != nil {
				return nil, last
			}
		}
	}
	return nil, last
}

// askServer asks one server, over UDP and, if the answer does not fit, TCP.
func (r *Resolver) askServer(ctx context.Context, server string, q dnsmessage.Question,
	timeout time.Duration) (*answer, error) {
	a, err := r.askOver(ctx, "udp", server, q, timeout)
	if errors.Is(err, errTruncated) {
		a, err = r.askOver(ctx, "tcp", server, q, timeout)
	}
	return a, err
}

// askOver asks once. The socket is connected, so that the kernel drops what
// comes from elsewhere; its port and the id are random, so that who cannot read
// the query has to guess 32 bits.
func (r *Resolver) askOver(ctx context.Context, network, server string, q dnsmessage.Question,
	timeout time.Duration) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := r.dial(ctx, network, server)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	var random [2]byte
	rand.Read(random[:])
	id := binary.BigEndian.Uint16(random[:])
	msg, err := packQuery(id, q)
	if err != nil {
		return nil, fmt.Errorf("cannot be asked: %w", err)
	}
	read, buf := readDatagram, make([]byte, 4096)
	if network == "tcp" {
		msg = append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)
		read, buf = readFramed, make([]byte, 65535)
	}
	if _, err := conn.Write(msg); err != nil {
		return nil, unreachable(ctx, err)
	}
	for {
		n, err := read(conn, buf)
		if err != nil {
			return nil, unreachable(ctx, err)
		}
		a, err := readAnswer(buf[:n], id, q)
		if !errors.Is(err, errOther) {
			return a, err
		}
	}
}

// readDatagram reads one message from UDP.
func readDatagram(conn net.Conn, buf []byte) (int, error) { return conn.Read(buf) }

// readFramed reads one message from TCP, where its length stands before it.
func readFramed(conn net.Conn, buf []byte) (int, error) {
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return 0, err
	}
	return io.ReadFull(conn, buf[:binary.BigEndian.Uint16(length[:])])
}

// unreachable says in words why there is no answer.
func unreachable(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil: // the connection was closed for that
		return errSilent
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("is not running: %w", err)
	}
	return fmt.Errorf("cannot be asked: %w", err)
}

// errSilent is a server from which nothing came in time.
var errSilent = errors.New("does not answer")
