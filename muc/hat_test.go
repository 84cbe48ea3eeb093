package muc

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"parley/internal/form"
	"parley/stanza"
)

// TestHatBounds: a room has so many hats, and users wear so many of them, with
// names that are not too long; who has the same hat twice wears it once.
func TestHatBounds(t *testing.T) {
	hat := func(uri, title string) form.Values {
		return form.Values{"hats#uri": {uri}, "hats#title": {title}}
	}
	worn := func(user, uri string) form.Values {
		return form.Values{"hats#jid": {user}, "hats#uri": {uri}}
	}
	var c Config
	check := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	long := strings.Repeat("x", longestName+1)
	check("long URI", c.putHat(hat(long, "a")), stanza.BadRequest)
	check("long title", c.putHat(hat("u", long)), stanza.BadRequest)
	check("no title", c.putHat(hat("u", " ")), stanza.BadRequest)
	for n := range mostHats {
		check("a hat", c.putHat(hat(fmt.Sprint("u", n), "a")), nil)
	}
	check("one hat too many", c.putHat(hat("more", "a")), stanza.ResourceConstraint)
	check("a new title", c.putHat(hat("u1", "b")), nil)
	if c.Hats[1].Title != "b" {
		t.Errorf("the title is %q", c.Hats[1].Title)
	}
	for n := range mostWorn {
		check("to wear", c.giveHat(worn(fmt.Sprintf("u%d@a.lit", n), "u0")), nil)
	}
	check("to wear again", c.giveHat(worn("u1@a.lit/x", "u0")), nil)
	check("worn by one too many", c.giveHat(worn("more@a.lit", "u0")), stanza.ResourceConstraint)
	check("no user", c.giveHat(worn("a.lit", "u0")), stanza.JIDMalformed)
	check("no hat", c.takeHat(worn("u1@a.lit", "none")), stanza.ItemNotFound)
	before := maps.Clone(c.Worn)
	old := c
	check("to destroy", c.dropHat(form.Values{"hat": {"u0"}}), nil) // as example 10 names it
	check("to destroy again", c.dropHat(worn("", "u0")), stanza.ItemNotFound)
	if len(c.Worn) != 0 || len(c.Hats) != mostHats-1 {
		t.Errorf("%d users wear one of %d hats", len(c.Worn), len(c.Hats))
	}
	if len(old.Worn) != len(before) || len(old.Hats) != mostHats || old.Hats[0].URI != "u0" {
		t.Error("an older configuration has changed with the newer one")
	}
}
