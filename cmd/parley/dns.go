package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/conf"
	"parley/internal/certs"
)

// record is a DNS record that the server's names need.
type record struct {
	service string // "xmpp-client"
	host    string // ASCII, without the last dot
	port    int
	target  string
}

// line is the record as a zone file has it.
func (r record) line() string {
	return fmt.Sprintf("_%s._tcp.%s. 3600 IN SRV 0 5 %d %s.", r.service, r.host, r.port, r.target)
}

// portServer is where other servers try a domain without records.
const portServer = 5269

// records are what DNS should say: for each domain where clients (RFC 6120
// section 3.2.1, Preferred Process: SRV Lookup; XEP-0368) and servers find it,
// for each service host where servers do.
func records(c *conf.Config) []record {
	var list []record
	for _, domain := range c.Domains {
		target := certs.ASCII(c.Hostname)
		if target == "" {
			target = certs.ASCII(domain)
		}
		add := func(service, host string, port int) {
			list = append(list, record{service, certs.ASCII(host), port, target})
		}
		if port := portOf(c.C2S.Listen); port > 0 {
			add("xmpp-client", domain, port)
		}
		if port := portOf(c.C2S.ListenTLS); port > 0 {
			add("xmpps-client", domain, port)
		}
		for _, host := range append([]string{domain}, c.ServiceHosts(domain)...) {
			if port := portOf(c.S2S.Listen); port > 0 && c.S2S.Enabled {
				add("xmpp-server", host, port)
			}
			if port := portOf(c.S2S.ListenTLS); port > 0 && c.S2S.Enabled {
				add("xmpps-server", host, port)
			}
		}
	}
	return list
}

// portOf is the port of the first address, 0 if there is none.
func portOf(addrs []string) int {
	if len(addrs) == 0 {
		return 0
	}
	_, port, _ := net.SplitHostPort(addrs[0]) // conf has checked it
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	return n
}

// isLocal says whether nobody looks this domain up in DNS (RFC 6761 section
// 6.3, Domain Name Reservation Considerations for "localhost.").
func isLocal(domain string) bool {
	return domain == "localhost" || strings.HasSuffix(domain, ".localhost")
}

// checkDNS looks up every record.
func checkDNS(ctx context.Context, inv *invocation, c *conf.Config) []finding {
	d := dnsCheck{resolver: inv.resolver(c), found: map[string]bool{}}
	for _, r := range records(c) {
		if !isLocal(r.host) && !strings.HasSuffix(r.host, ".localhost") {
			d.check(ctx, r)
		}
		if d.offline != nil {
			return []finding{warn("look at /etc/resolv.conf, or set dns.resolver in "+c.Path,
				"DNS does not answer, so its records were not checked: %v", d.offline)}
		}
	}
	if d.findings == nil {
		d.findings = []finding{good("all records are there")}
	}
	return d.findings
}

// dnsCheck collects findings over records.
type dnsCheck struct {
	resolver resolver
	findings []finding
	offline  error           // the first lookup that was not answered
	found    map[string]bool // names whose addresses were looked up
}

// lookupTime bounds one lookup.
const lookupTime = 5 * time.Second

// check looks one record up.
func (d *dnsCheck) check(ctx context.Context, r record) {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	_, srv, err := d.resolver.LookupSRV(ctx, r.service, "tcp", r.host)
	if err != nil && !notFound(err) {
		d.offline = err
		return
	}
	if len(srv) == 0 {
		d.missing(ctx, r)
		return
	}
	if len(srv) == 1 && srv[0].Target == "." {
		d.add(red(r.line(), "_%s._tcp.%s says that there is no such service", r.service, r.host))
		return
	}
	if !slices.ContainsFunc(srv, func(s *net.SRV) bool { return int(s.Port) == r.port }) {
		d.add(red(r.line(), "_%s._tcp.%s points to port %d, not to %d",
			r.service, r.host, srv[0].Port, r.port))
	}
	for _, s := range srv {
		d.address(ctx, strings.TrimSuffix(s.Target, "."))
	}
}

// missing tells of a record that is not there. Without the plain record peers
// try the address of the name itself on the usual port (RFC 6120 section
// 3.2.2, Fallback Processes); without the record for direct TLS they use
// STARTTLS. So either works, if there is an address.
func (d *dnsCheck) missing(ctx context.Context, r record) {
	if strings.HasPrefix(r.service, "xmpps-") {
		d.add(warn(r.line(), "_%s._tcp.%s is missing: direct TLS is not found", r.service, r.host))
		return
	}
	addrs, err := d.resolver.LookupHost(ctx, r.host)
	if err != nil && !notFound(err) {
		d.offline = err
		return
	}
	usual := map[string]int{"xmpp-client": 5222, "xmpp-server": portServer}[r.service]
	if len(addrs) > 0 && r.port == usual {
		d.add(warn(r.line(), "_%s._tcp.%s is missing: peers try %s itself", r.service, r.host, addrs[0]))
		return
	}
	d.add(red(r.line(), "_%s._tcp.%s is missing, and %s has no address", r.service, r.host, r.host))
}

// address looks up the machine that a record points to.
func (d *dnsCheck) address(ctx context.Context, host string) {
	if d.found[host] {
		return
	}
	d.found[host] = true
	addrs, err := d.resolver.LookupHost(ctx, host)
	switch {
	case err != nil && !notFound(err):
		d.offline = err
	case len(addrs) == 0:
		d.add(red(host+". 3600 IN A <the address of this machine>", "%s has no address", host))
	}
}

// add notes a finding.
func (d *dnsCheck) add(f finding) { d.findings = append(d.findings, f) }

// notFound says whether DNS answered that there is nothing.
func notFound(err error) bool {
	var e *net.DNSError
	return errors.As(err, &e) && e.IsNotFound
}
