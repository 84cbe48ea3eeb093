package auth

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parley/stanza"
)

var (
	home    = netip.MustParseAddr("192.0.2.1")
	outside = netip.MustParseAddr("198.51.100.7")
)

func testLimits() Limits {
	return Limits{Free: 2, Accounts: 4, Base: time.Second, Max: 8 * time.Second,
		Forget: time.Hour, MaxTracked: 100}
}

// fail notes n failures.
func fail(l *Limiter, account stanza.JID, addr netip.Addr, n int) {
	for range n {
		l.Failed(account, addr)
	}
}

func TestDelayDoubles(t *testing.T) {
	l := NewLimiter(testLimits())
	user := mustJID(t, "user@example.com")
	var got []time.Duration
	for range 8 {
		got = append(got, l.Delay(user, home)/time.Second)
		l.Failed(user, home)
	}
	if want := []time.Duration{0, 0, 1, 2, 4, 8, 8, 8}; !slices.Equal(got, want) {
		t.Errorf("delays %d s, want %d s", got, want)
	}
	fail(l, user, home, 100)
	if d := l.Delay(user, home); d != 8*time.Second {
		t.Errorf("after 108 failures %v: locked out or let off", d)
	}
}

// TestNobodySlowsAnothersAccount from another address, nor another account from
// the same one.
func TestNobodySlowsAnothersAccount(t *testing.T) {
	l := NewLimiter(testLimits())
	user, other := mustJID(t, "user@example.com"), mustJID(t, "other@example.com")
	fail(l, user, outside, 1000)
	for _, c := range []struct {
		account stanza.JID
		addr    netip.Addr
		want    time.Duration
	}{{user, outside, 8 * time.Second}, {user, home, 0}, {other, outside, 0}} {
		if d := l.Delay(c.account, c.addr); d != c.want {
			t.Errorf("%v from %v: %v, want %v", c.account, c.addr, d, c.want)
		}
	}
}

func TestSuccessForgets(t *testing.T) {
	l := NewLimiter(testLimits())
	user, other := mustJID(t, "user@example.com"), mustJID(t, "other@example.com")
	fail(l, user, home, 5)
	fail(l, other, home, 5)
	l.Succeeded(user, home)
	if d := l.Delay(user, home); d != 0 {
		t.Errorf("after a success %v", d)
	}
	if d := l.Delay(other, home); d == 0 {
		t.Error("one account's success is another's")
	}
}

// TestManyAccountsFromOneAddress: one password tried with many names.
func TestManyAccountsFromOneAddress(t *testing.T) {
	l := NewLimiter(testLimits())
	var got []time.Duration
	for i := range 9 {
		account := mustJID(t, fmt.Sprintf("user%d@example.com", i))
		got = append(got, l.Delay(account, outside)/time.Second)
		l.Failed(account, outside)
		l.Failed(account, outside) // the same account again is not another one
	}
	// The second failure of the fifth account and later counts, since by then
	// no pair is remembered any more.
	if want := []time.Duration{0, 0, 0, 0, 1, 4, 8, 8, 8}; !slices.Equal(got, want) {
		t.Errorf("delays %d s, want %d s", got, want)
	}
	innocent := mustJID(t, "innocent@example.com")
	if d := l.Delay(innocent, outside); d != 8*time.Second {
		t.Errorf("a new name from there: %v", d)
	}
	if d := l.Delay(innocent, home); d != 0 {
		t.Errorf("a new name from elsewhere: %v", d)
	}
	l.Succeeded(mustJID(t, "user0@example.com"), outside)
	if d := l.Delay(innocent, outside); d != 8*time.Second {
		t.Errorf("a guesser's own login frees their address: %v", d)
	}
}

func TestFailuresAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(testLimits())
		user := mustJID(t, "user@example.com")
		fail(l, user, home, 5)
		time.Sleep(time.Hour - time.Second)
		if d := l.Delay(user, home); d != 8*time.Second {
			t.Errorf("before an hour %v", d)
		}
		l.Failed(user, home) // begins a new hour
		time.Sleep(time.Hour - time.Second)
		if d := l.Delay(user, home); d != 8*time.Second {
			t.Errorf("before an hour after the last failure %v", d)
		}
		time.Sleep(time.Second)
		if d := l.Delay(user, home); d != 0 {
			t.Errorf("after an hour %v", d)
		}
		fail(l, user, home, 1)
		if d := l.Delay(user, home); d != 0 {
			t.Errorf("the first failure after an hour counts as the seventh: %v", d)
		}
	})
}

func TestAddressesAreAggregated(t *testing.T) {
	user := mustJID(t, "user@example.com")
	for _, c := range []struct {
		failed, tried string
		same          bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8::ffff:1:2:3", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
	} {
		l := NewLimiter(testLimits())
		fail(l, user, netip.MustParseAddr(c.failed), 3)
		if d := l.Delay(user, netip.MustParseAddr(c.tried)); (d > 0) != c.same {
			t.Errorf("failures from %s, tried from %s: %v", c.failed, c.tried, d)
		}
	}
	// A unix socket has no address.
	l := NewLimiter(testLimits())
	fail(l, user, netip.Addr{}, 3)
	if d := l.Delay(user, netip.Addr{}); d == 0 {
		t.Error("failures without an address do not count")
	}
}

// TestLimiterMemory: neither many names from one address nor many addresses
// make it grow.
func TestLimiterMemory(t *testing.T) {
	l := NewLimiter(testLimits())
	for i := range 1000 {
		l.Failed(mustJID(t, fmt.Sprintf("user%d@example.com", i)), outside)
	}
	if n := len(l.pairs.young) + len(l.pairs.old); n != l.limits.Accounts {
		t.Errorf("one address has %d pairs, want %d", n, l.limits.Accounts)
	}
	user := mustJID(t, "user@example.com")
	for i := range 1000 {
		l.Failed(user, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	for name, n := range map[string]int{
		"pairs":     len(l.pairs.young) + len(l.pairs.old),
		"addresses": len(l.addresses.young) + len(l.addresses.old),
	} {
		if n > l.limits.MaxTracked || n < l.limits.MaxTracked/2 {
			t.Errorf("%d %s, want %d at most", n, name, l.limits.MaxTracked)
		}
	}
	// The last ones are remembered.
	last := netip.AddrFrom4([4]byte{10, 0, 3, 231})
	fail(l, user, last, 2)
	if d := l.Delay(user, last); d == 0 {
		t.Error("the newest failures were forgotten")
	}
}

// TestTableShrinks: what nobody asks about goes away when anything is counted.
func TestTableShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := newTable[int](100, time.Minute)
		for i := range 40 {
			table.add(i, time.Now())
		}
		for range 2 {
			time.Sleep(time.Minute)
			table.add(1000, time.Now())
		}
		if n := len(table.young) + len(table.old); n > 2 {
			t.Errorf("%d keys are left of 41", n)
		}
	})
}

func TestTableStaysWithinCapacity(t *testing.T) {
	table := newTable[int](10, time.Hour)
	now := time.Now()
	for i := range 100 {
		table.add(i, now)
		if n := len(table.young) + len(table.old); n > 10 {
			t.Fatalf("%d keys after %d, capacity 10", n, i+1)
		}
		for back := range min(i+1, 5) {
			if table.get(i-back, now) != 1 {
				t.Fatalf("key %d is gone after %d", i-back, i)
			}
		}
	}
}

func TestDropIsForBothMaps(t *testing.T) {
	table := newTable[int](2, time.Hour)
	now := time.Now()
	table.add(1, now)
	table.add(2, now) // makes the map with 1 the old one
	table.drop(1)
	table.drop(2)
	if table.get(1, now) != 0 || table.get(2, now) != 0 {
		t.Error("a key is still there")
	}
}

func TestDefaultLimits(t *testing.T) {
	if got := NewLimiter(Limits{}).limits; got != defaultLimits {
		t.Errorf("zero limits are %+v", got)
	}
	if got := NewLimiter(testLimits()).limits; got != testLimits() {
		t.Errorf("given limits become %+v", got)
	}
	if MaxFailures < 2 || MaxFailures > 5 {
		t.Errorf("%d failures on one stream: RFC 6120 section 6.4.5 says 2 to 5", MaxFailures)
	}
}
