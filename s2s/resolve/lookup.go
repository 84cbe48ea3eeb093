package resolve

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// Services of SRV records, and the port where there is none.
const (
	startTLSService = "_xmpp-server._tcp."
	directService   = "_xmpps-server._tcp."
	serverPort      = 5269
)

// Lookup gives the places where the server of a domain may be, in the order in
// which they are to be tried. The domain is as in addresses: U-labels, or an IP
// address.
func (r *Resolver) Lookup(ctx context.Context, domain string) ([]Target, error) {
	if ip, ok := IP(domain); ok {
		// (RFC 6120 section 3.2.3, When Not to Use SRV)
		return []Target{{Host: ip.String(), Port: serverPort, Addrs: []netip.Addr{ip}}}, nil
	}
	name, ok := ASCII(domain)
	if !ok {
		return nil, notFound("%.100q is no domain name", domain)
	}
	if r.isLocal(name) {
		return r.fallback(ctx, name, service{}, service{})
	}
	direct := make(chan service, 1)
	go func() { direct <- r.service(ctx, name, true) }()
	plain := r.service(ctx, name, false)
	return r.choose(ctx, name, plain, <-direct)
}

// service is what DNS says of one of the two services of a domain.
type service struct {
	list  []candidate
	never bool  // the only target is "."
	err   error // not answered
}

// service asks for the records of a service (RFC 6120 section 3.2.1, Preferred
// Process: SRV Lookup).
func (r *Resolver) service(ctx context.Context, name string, direct bool) (s service) {
	prefix := startTLSService
	if direct {
		prefix = directService
	}
	a, err := r.query(ctx, key{prefix + name, dnsmessage.TypeSRV})
	if err != nil {
		return service{err: err}
	}
	for _, srv := range a.srv {
		if srv.target == "" {
			s.never = len(a.srv) == 1
			continue
		}
		if isHostName(srv.target) && srv.port != 0 {
			t := Target{Host: srv.target, Port: srv.port, Direct: direct}
			s.list = append(s.list, candidate{t, srv.priority, srv.weight})
		}
	}
	return s
}

// choose makes targets of what is known of both services.
func (r *Resolver) choose(ctx context.Context, name string,
	plain, direct service) ([]Target, error) {
	if all := slices.Concat(plain.list, direct.list); len(all) > 0 {
		return order(all, r.below), nil
	}
	if plain.never || direct.never {
		// Who has such a record knows SRV, so the address of the name itself is
		// not tried (XEP-0368 section 5, Implementation Notes). What was not
		// answered may still be there.
		if err := first(plain.err, direct.err); err != nil {
			return nil, err
		}
		text := ` says that it has no server for XMPP (its SRV record has the target ".")`
		return nil, &failure{name + text, ErrNoService}
	}
	return r.fallback(ctx, name, plain, direct)
}

// fallback is the address of the name itself, on the usual port, where there
// are no SRV records or nobody answered (RFC 6120 section 3.2.2, Fallback
// Processes).
func (r *Resolver) fallback(ctx context.Context, name string,
	plain, direct service) ([]Target, error) {
	addrs, err := r.addresses(ctx, name)
	switch {
	case err == nil:
		return []Target{{Host: name, Port: serverPort, Addrs: addrs}}, nil
	case first(plain.err, direct.err) != nil:
		return nil, first(plain.err, direct.err)
	case errors.Is(err, ErrNotFound):
		return nil, notFound("no SRV record %s%s and no address of %[2]s", startTLSService, name)
	}
	return nil, err
}

// isLocal says whether a name is the machine itself, of which DNS is not asked
// (RFC 6761 section 6.3, Domain Name Reservation Considerations for
// "localhost."), unless there is a DNS server for this very purpose.
func (r *Resolver) isLocal(name string) bool {
	return r.server == "" && (name == "localhost" || strings.HasSuffix(name, ".localhost"))
}

// known are the addresses of a name for which DNS is not asked.
func (r *Resolver) known(name string) []netip.Addr {
	if addrs := r.hosts.get()[name]; addrs != nil {
		return addrs
	}
	if r.isLocal(name) {
		return []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	return nil
}

// addresses are those of a host, IPv6 first.
func (r *Resolver) addresses(ctx context.Context, name string) ([]netip.Addr, error) {
	if addrs := r.known(name); addrs != nil {
		return addrs, nil
	}
	four := make(chan *answer, 1)
	var errFour error
	go func() {
		var a *answer
		a, errFour = r.query(ctx, key{name, dnsmessage.TypeA})
		four <- a
	}()
	six, err := r.query(ctx, key{name, dnsmessage.TypeAAAA})
	var list []netip.Addr
	if six != nil {
		list = append(list, six.addrs...)
	}
	if a := <-four; a != nil {
		list = append(list, a.addrs...)
	}
	if len(list) > 0 {
		return list, nil
	}
	if err := first(err, errFour); err != nil {
		return nil, err
	}
	return nil, notFound("no address of %s", name)
}

// first is the first of two errors that there is.
func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
