package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// lab is what one round runs in: a folder, an authority, a DNS server, and the
// servers, each on a loopback address of its own.
type lab struct {
	dir    string
	parley string // the program
	ca     *authority
	dns    *names
	net    string // the first three numbers of the addresses
}

// newLab makes all but the servers.
func newLab(dir, parley string) (*lab, error) {
	l := &lab{dir: dir, parley: parley,
		net: fmt.Sprintf("127.%d.%d.", 10+rand.IntN(200), rand.IntN(255))}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if l.ca, err = newAuthority(dir); err != nil {
		return nil, err
	}
	if l.dns, err = newNames(l.net + "53"); err != nil {
		return nil, err
	}
	return l, nil
}

// add makes a server of a kind and tells the DNS of it: direct says whether other
// servers find a listener with TLS from the start, or one with STARTTLS.
func (l *lab) add(kind string, number int, with settings, direct bool) (*server, error) {
	s := &server{kind: kind, domain: kind + ".example", ip: l.net + fmt.Sprint(number),
		dir: filepath.Join(l.dir, kind), lab: l, settings: with}
	var err error
	if s.ports, err = freePorts(s.ip); err != nil {
		return nil, err
	}
	target := "host." + s.domain // never the XMPP domain: certificates name that
	for _, host := range s.hosts() {
		if direct {
			l.dns.set("xmpps", host, target, s.ip, s.s2sTLS)
		} else {
			l.dns.set("xmpp", host, target, s.ip, s.s2s)
		}
	}
	return s, nil
}

// startAll starts servers at the same time.
func startAll(ctx context.Context, servers ...*server) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers {
		wg.Go(func() { errs[i] = s.start(ctx) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
