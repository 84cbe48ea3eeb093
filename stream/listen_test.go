package stream

import (
	"net/netip"
	"testing"
)

// TestCrowd: addresses count for themselves, those of one IPv6 /64 together, and
// who leaves makes room.
func TestCrowd(t *testing.T) {
	var c Crowd
	enter := func(addr string, want bool) {
		t.Helper()
		if got := c.Enter(netip.MustParseAddr(addr), 2); got != want {
			t.Errorf("%s enters: %v", addr, got)
		}
	}
	enter("192.0.2.1", true)
	enter("192.0.2.1", true)
	enter("192.0.2.1", false)
	enter("192.0.2.2", true)
	enter("2001:db8::1", true)
	enter("2001:db8::2", true)
	enter("2001:db8::3", false)
	enter("2001:db8:0:1::1", true)
	c.Leave(netip.MustParseAddr("2001:db8::1"))
	enter("2001:db8::3", true)
	enter("2001:db8::3", false)
	for i := range 3 {
		if c.Enter(netip.Addr{}, 2) != (i < 2) {
			t.Errorf("number %d without an address", i)
		}
	}
	for range 2 {
		c.Leave(netip.MustParseAddr("192.0.2.1"))
	}
	if n := len(c.of); n != 4 {
		t.Errorf("%d networks are remembered", n)
	}
}
