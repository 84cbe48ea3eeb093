package roster

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limiter
		want := func(domain string, limit int, ok bool) {
			t.Helper()
			if l.take(domain, limit) != ok {
				t.Errorf("%s of %d: want %v", domain, limit, ok)
			}
		}
		want("a", 0, false)
		want("a", 1, true)
		want("a", 1, false)
		want("b", 1, true)
		want("a", 2, true) // the limit was raised
		time.Sleep(time.Hour)
		want("a", 1, true)
		want("a", 1, false)
	})
}

// TestLimiterBound: many names share one count.
func TestLimiterBound(t *testing.T) {
	var l limiter
	for n := range maxDomains {
		l.take(fmt.Sprint(n), 1)
	}
	if !l.take("more", 1) || l.take("and more", 1) || len(l.count) > maxDomains+1 {
		t.Error("names beyond the bound are counted one by one")
	}
}
