package resolve

import (
	"context"
	"net"
	"strconv"

	"golang.org/x/net/dns/dnsmessage"
)

// Dial connects to a target: IPv6 and IPv4 take turns, each attempt is given a
// short time alone, and the first connection counts (RFC 8305). The error names
// every address that was tried.
func (r *Resolver) Dial(ctx context.Context, t Target) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the attempts that have lost
	d := &race{
		dial: r.dial, host: t.Host, port: strconv.Itoa(int(t.Port)),
		found: make(chan found), tried: make(chan attempt), ready: true,
	}
	addrs := t.Addrs
	if addrs == nil {
		addrs = r.known(t.Host)
	}
	if addrs != nil {
		d.add(addrs)
		return d.run(ctx)
	}
	d.lookups, d.sixOpen = 2, true
	for _, typ := range []dnsmessage.Type{dnsmessage.TypeAAAA, dnsmessage.TypeA} {
		go func() {
			a, err := r.query(ctx, key{t.Host, typ})
			select {
			case d.found <- found{typ, a, err}:
			case <-ctx.Done():
			}
		}()
	}
	return d.run(ctx)
}
