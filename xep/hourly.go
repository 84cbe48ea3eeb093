package xep

import (
	"net/netip"
	"sync"
	"time"
)

// maxAddresses bounds how many networks are counted in one hour; beyond it all
// new ones are refused until the hour is over.
const maxAddresses = 10000

// hourly counts events per network and hour.
type hourly struct {
	mu     sync.Mutex
	hour   int64
	counts map[netip.Prefix]int
}

// allow counts an event of an address and says whether it is within the limit.
func (c *hourly) allow(addr netip.Addr, limit int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if hour := time.Now().Unix() / 3600; hour != c.hour || c.counts == nil {
		c.hour, c.counts = hour, map[netip.Prefix]int{}
	}
	n := networkOf(addr)
	if _, ok := c.counts[n]; !ok && len(c.counts) >= maxAddresses || c.counts[n] >= limit {
		return false
	}
	c.counts[n]++
	return true
}

// networkOf is what counts as one address: an IPv6 /64 is given to one user.
func networkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
