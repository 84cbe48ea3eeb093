package presence

import (
	"fmt"
	"testing"

	"parley/internal/caps"
	"parley/router"
	"parley/stanza"
)

func someone(ver string, n int) *entity {
	return &entity{jid: stanza.MustJID(fmt.Sprintf("a@b.lit/%d", n)), id: caps.ID{Ver: ver, Hash: "sha-1"}}
}

// TestCapsAskedOnce: of all that announce the same only one is asked, the next
// when that was in vain, and nobody who has gone (XEP-0115 section 5.4,
// Processing Method).
func TestCapsAskedOnce(t *testing.T) {
	var c capsCache
	if _, mine := c.find(someone("v", 0), false); mine {
		t.Error("asked although it must not be")
	}
	for n := range 4 {
		if found, mine := c.find(someone("v", n), true); found != nil || mine != (n == 0) {
			t.Errorf("%d: %v %v", n, found, mine)
		}
	}
	c.forget(nil, stanza.MustJID("a@b.lit/1"))
	next, ok := c.failed(someone("v", 0))
	if !ok || next.jid.Resource() != "2" {
		t.Errorf("next is %s %v", next.jid, ok)
	}
	answer := router.NewCaps([]string{"x", "urn:n+notify"})
	others := c.settle(&next, answer)
	if len(others) != 1 || others[0].jid.Resource() != "3" {
		t.Errorf("others: %v", others)
	}
	if found, mine := c.find(someone("v", 9), true); found != answer || mine {
		t.Errorf("%v %v", found, mine)
	}
	if !answer.Wants("urn:n") || answer.Wants("x") || !answer.Has("x") || answer.Has("y") {
		t.Error("what is wanted is not what was announced")
	}
}

// TestCapsUnknownHash: what cannot be verified counts for the one who says it.
func TestCapsUnknownHash(t *testing.T) {
	var c capsCache
	one, two := someone("v", 1), someone("v", 2)
	one.id.Hash, two.id.Hash = "md5", "md5"
	c.find(one, true)
	if _, mine := c.find(two, true); !mine {
		t.Error("one waits for what the other says")
	}
	c.settle(one, router.NewCaps(nil))
	if found, mine := c.find(one, true); found != nil || !mine {
		t.Error("remembered")
	}
}

// TestCapsBounded: neither questions nor answers nor who waits grow without end.
func TestCapsBounded(t *testing.T) {
	var c capsCache
	asked := 0
	for n := range 2 * maxAsking {
		if _, mine := c.find(someone(fmt.Sprint(n), n), true); mine {
			asked++
		}
		c.find(someone("0", 1000+n), true)
	}
	for n := range 2 * maxWaiting {
		c.find(someone("0", n), true)
	}
	if asked != maxAsking || len(c.asking[keyOf(someone("0", 0))]) != maxWaiting {
		t.Errorf("%d asked, %d wait", asked, len(c.asking[keyOf(someone("0", 0))]))
	}
	for n := range 2 * maxCaps {
		c.settle(someone(fmt.Sprint(n), n), router.NewCaps(nil))
	}
	if len(c.known) != maxCaps {
		t.Errorf("%d known", len(c.known))
	}
	for ok := true; ok; {
		_, ok = c.failed(someone("0", 0))
	}
}
