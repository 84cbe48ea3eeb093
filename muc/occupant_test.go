package muc

import (
	"strings"
	"testing"

	"parley/stanza"
)

// TestOccupantID: an id is the user's and the room's, and does not show either
// (XEP-0421 section 4.1, Occupant ID generation).
func TestOccupantID(t *testing.T) {
	one, other := &Room{secret: "one"}, &Room{secret: "other"}
	ann, bea := stanza.MustJID("ann@a.lit/1"), stanza.MustJID("bea@a.lit/1")
	id := one.occupantID(ann)
	if id != one.occupantID(stanza.MustJID("ann@a.lit/2")) {
		t.Error("two clients of one user have two ids")
	}
	if id == one.occupantID(bea) {
		t.Error("two users have one id")
	}
	if id == other.occupantID(ann) {
		t.Error("a user has the same id in two rooms")
	}
	if len(id) > 128 || strings.Contains(id, "ann") {
		t.Errorf("the id is %q", id)
	}
}
