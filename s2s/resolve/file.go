package resolve

import (
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// file is what a file says; it is read again when it has changed. A file that
// cannot be read says nothing.
type file[T any] struct {
	path  string
	parse func(text string) T

	mu    sync.Mutex
	known bool
	mod   time.Time
	size  int64
	value T
}

// get is what the file says now.
func (f *file[T]) get() T {
	f.mu.Lock()
	defer f.mu.Unlock()
	var mod time.Time
	var size int64 = -1
	if info, err := os.Stat(f.path); err == nil {
		mod, size = info.ModTime(), info.Size()
	}
	if f.known && mod.Equal(f.mod) && size == f.size {
		return f.value
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		text = nil
	}
	f.known, f.mod, f.size, f.value = true, mod, size, f.parse(string(text))
	return f.value
}

// dnsConfig says how to ask.
type dnsConfig struct {
	servers  []string // host:port
	timeout  time.Duration
	attempts int // for each server
}

// parseResolvConf reads resolv.conf(5): servers, and the options timeout and
// attempts. The search list is not for domains, which are always whole.
func parseResolvConf(text string) dnsConfig {
	const mostServers = 3 // as the C library
	c := dnsConfig{timeout: 5 * time.Second, attempts: 2}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) < 2:
		case words[0] == "nameserver" && len(c.servers) < mostServers:
			if a, err := netip.ParseAddr(words[1]); err == nil {
				c.servers = append(c.servers, net.JoinHostPort(a.String(), "53"))
			}
		case words[0] == "options":
			for _, o := range words[1:] {
				c.option(o)
			}
		}
	}
	if c.servers == nil {
		c.servers = []string{"127.0.0.1:53", "[::1]:53"}
	}
	return c
}

// option reads one option, within bounds in which a lookup still ends in time.
func (c *dnsConfig) option(o string) {
	name, value, _ := strings.Cut(o, ":")
	n, err := strconv.Atoi(value)
	if err != nil {
		return
	}
	switch name {
	case "timeout":
		c.timeout = time.Duration(min(max(n, 1), 5)) * time.Second
	case "attempts":
		c.attempts = min(max(n, 1), 3)
	}
}

// hosts are the addresses of names in a hosts file.
type hosts map[string][]netip.Addr

// parseHosts reads hosts(5).
func parseHosts(text string) hosts {
	h := hosts{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		a, err := netip.ParseAddr(words[0])
		if err != nil {
			continue
		}
		for _, name := range words[1:] {
			if name, ok := ASCII(name); ok {
				h[name] = append(h[name], a.Unmap())
			}
		}
	}
	return h
}
