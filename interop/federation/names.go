package main

import (
	"errors"

	"parley/internal/dnstest"
)

// names are the DNS of a lab. There are two views of it, because ejabberd looks
// up only SRV records where Erlang is told to, and addresses by the C library,
// which asks the system's resolver: its view has addresses in the place of names.
type names struct{ full, plain *dnstest.Server }

func newNames(ip string) (*names, error) {
	full, err := dnstest.New(ip + ":0")
	if err != nil {
		return nil, err
	}
	plain, err := dnstest.New(ip + ":0")
	if err != nil {
		return nil, errors.Join(err, full.Close())
	}
	return &names{full, plain}, nil
}

func (n *names) close() error { return errors.Join(n.full.Close(), n.plain.Close()) }

// set tells that a service of a domain is on a host.
func (n *names) set(service, domain, host, ip string, port int) {
	name := "_" + service + "-server._tcp." + domain
	n.full.SetA(host, ip)
	n.full.SetSRV(name, dnstest.SRV{Priority: 1, Weight: 1, Port: uint16(port), Target: host})
	n.plain.SetSRV(name, dnstest.SRV{Priority: 1, Weight: 1, Port: uint16(port), Target: ip})
	for _, name := range []string{host, name} {
		n.full.SetTTL(name, 1)
	}
}
