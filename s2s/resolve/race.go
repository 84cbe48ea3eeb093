package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Delays of RFC 8305, with the values that it recommends.
const (
	resolutionDelay = 50 * time.Millisecond  // IPv4 waits for the answer about IPv6
	attemptDelay    = 250 * time.Millisecond // between one attempt and the next
	mostAddrs       = 16
)

// race is one Dial: attempts at several addresses, of which one wins.
type race struct {
	dial       func(ctx context.Context, network, address string) (net.Conn, error)
	host, port string

	six, four []netip.Addr // not tried yet
	fourNext  bool         // whose turn it is
	added     int

	found   chan found // answers to lookups
	lookups int        // under way
	sixOpen bool       // IPv4 waits, for IPv6 may be found yet
	lookErr error

	tried   chan attempt // ends of attempts
	running int          // attempts under way
	ready   bool         // the next may begin
	errs    []string     // what became of the others, for an admin
	waiting map[netip.Addr]bool
}

// found is what a lookup says.
type found struct {
	typ    dnsmessage.Type
	answer *answer
	err    error
}

// attempt is how an attempt ended.
type attempt struct {
	addr netip.Addr
	conn net.Conn
	err  error
}

// add takes addresses to try.
func (d *race) add(addrs []netip.Addr) {
	for _, a := range addrs {
		if d.added++; d.added > mostAddrs {
			return
		}
		if a.Is4() {
			d.four = append(d.four, a)
		} else {
			d.six = append(d.six, a)
		}
	}
}

// run makes attempts until one has a connection or all have failed.
func (d *race) run(ctx context.Context) (net.Conn, error) {
	next, delay := time.NewTimer(time.Hour), time.NewTimer(time.Hour)
	defer next.Stop()
	defer delay.Stop()
	d.waiting = map[netip.Addr]bool{}
	for {
		if addr, ok := d.turn(); ok {
			d.start(ctx, addr)
			next.Reset(attemptDelay)
		}
		if d.running == 0 && d.lookups == 0 && len(d.six)+len(d.four) == 0 {
			return nil, d.failure(nil)
		}
		select {
		case f := <-d.found:
			d.take(f, delay)
		case a := <-d.tried:
			if a.err == nil {
				return a.conn, nil
			}
			d.lose(a)
		case <-next.C:
			d.ready = true
		case <-delay.C:
			d.sixOpen = false
		case <-ctx.Done():
			return nil, d.failure(ctx.Err())
		}
	}
}

// turn is the address to try now. The families take turns, IPv6 first.
func (d *race) turn() (netip.Addr, bool) {
	if !d.ready || d.sixOpen && len(d.six) == 0 {
		return netip.Addr{}, false
	}
	list := &d.six
	if d.fourNext && len(d.four) > 0 || len(d.six) == 0 {
		list = &d.four
	}
	if len(*list) == 0 {
		return netip.Addr{}, false
	}
	addr := (*list)[0]
	*list, d.ready, d.fourNext = (*list)[1:], false, list == &d.six
	return addr, true
}

// start begins an attempt. One that ends when the race is over closes its
// connection.
func (d *race) start(ctx context.Context, addr netip.Addr) {
	d.running++
	d.waiting[addr] = true
	go func() {
		conn, err := d.dial(ctx, "tcp", net.JoinHostPort(addr.String(), d.port))
		select {
		case d.tried <- attempt{addr, conn, err}:
		case <-ctx.Done():
			if err == nil {
				conn.Close()
			}
		}
	}()
}

// lose notes that an attempt failed; the next need not wait.
func (d *race) lose(a attempt) {
	d.running--
	d.ready = true
	delete(d.waiting, a.addr)
	d.errs = append(d.errs, fmt.Sprintf("%s: %s", a.addr, reason(a.err)))
}

// take notes what a lookup says. IPv4 waits a little for IPv6.
func (d *race) take(f found, delay *time.Timer) {
	d.lookups--
	if f.err != nil {
		d.lookErr = f.err
	} else {
		d.add(f.answer.addrs)
	}
	if f.typ == dnsmessage.TypeAAAA {
		d.sixOpen = false
	} else {
		delay.Reset(resolutionDelay)
	}
}

// failure says why there is no connection. err is not nil where time was over.
func (d *race) failure(err error) error {
	for addr := range d.waiting {
		d.errs = append(d.errs, fmt.Sprintf("%s: no answer in time", addr))
	}
	switch {
	case len(d.errs) > 0 && err != nil:
		return fmt.Errorf("connect to %s port %s: %s: %w", d.host, d.port,
			strings.Join(d.errs, "; "), err)
	case len(d.errs) > 0:
		return fmt.Errorf("connect to %s port %s: %s", d.host, d.port, strings.Join(d.errs, "; "))
	case d.lookErr != nil:
		return fmt.Errorf("find the address of %s: %w", d.host, d.lookErr)
	case err != nil:
		return fmt.Errorf("find the address of %s: %w", d.host, err)
	}
	return notFound("no address of %s", d.host)
}

// reason is why an attempt failed, without what the line says already.
func reason(err error) string {
	var op *net.OpError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &op) && op.Err != nil:
		return op.Err.Error()
	}
	return err.Error()
}
