package resolve

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"
)

// Options of New; the zero value is for everyday use.
type Options struct {
	Server     string           // host:port of the DNS server; "": those of ResolvConf
	HostsFile  string           // "": /etc/hosts
	ResolvConf string           // "": /etc/resolv.conf
	Now        func() time.Time // nil: time.Now

	// Dial connects to DNS servers (udp, tcp) and to targets (tcp); nil: a
	// net.Dialer's DialContext.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Resolver finds servers. It may be used by several goroutines at a time.
type Resolver struct {
	server string
	now    func() time.Time
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	hosts  *file[hosts]
	conf   *file[dnsConfig]
	below  func(n int) int // a random number below n

	mu    sync.Mutex
	cache map[key]entry
	calls map[key]*call
}

// New makes a resolver. It opens nothing.
func New(o Options) *Resolver {
	if o.HostsFile == "" {
		o.HostsFile = "/etc/hosts"
	}
	if o.ResolvConf == "" {
		o.ResolvConf = "/etc/resolv.conf"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	return &Resolver{
		server: o.Server, now: o.Now, dial: o.Dial, below: rand.IntN,
		hosts: &file[hosts]{path: o.HostsFile, parse: parseHosts},
		conf:  &file[dnsConfig]{path: o.ResolvConf, parse: parseResolvConf},
		cache: map[key]entry{}, calls: map[key]*call{},
	}
}

// config says which DNS servers to ask, and how.
func (r *Resolver) config() dnsConfig {
	if r.server == "" {
		return r.conf.get()
	}
	c := parseResolvConf("")
	c.servers = []string{withPort(r.server)}
	return c
}

// withPort adds DNS's port where there is none.
func withPort(server string) string {
	if _, _, err := net.SplitHostPort(server); err == nil {
		return server
	}
	return net.JoinHostPort(strings.Trim(server, "[]"), "53")
}

// hostNames maps domain names to A-labels. Underscores are let through: there
// are hosts with such names.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))

// ASCII is a domainpart as DNS and certificates have it: A-labels in lower case,
// without a last dot. It is false for what is no domain name, which IP addresses
// are not either.
func ASCII(domain string) (string, bool) {
	if _, ip := IP(domain); ip {
		return "", false
	}
	a, err := hostNames.ToASCII(strings.TrimSuffix(domain, "."))
	return a, err == nil && isHostName(a)
}

// isHostName says whether a name consists of what names of hosts do: letters,
// digits, hyphens and underscores, in labels of a length that DNS has.
func isHostName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, c := range []byte(label) {
			if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return true
}

// IP is the address that a domainpart may be instead of a name; IPv6 is in
// brackets (RFC 7622 section 3.2, Domainpart).
func IP(domain string) (netip.Addr, bool) {
	inner, v6 := strings.CutPrefix(domain, "[")
	if v6 {
		inner, v6 = strings.CutSuffix(inner, "]")
		if !v6 {
			return netip.Addr{}, false
		}
	}
	a, err := netip.ParseAddr(inner)
	return a, err == nil && a.Is6() == v6 && a.Zone() == ""
}
