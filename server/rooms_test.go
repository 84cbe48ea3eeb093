package server

import (
	"strings"
	"testing"
)

// enters has a user enter a room and read up to the subject.
func (u *user) enters(room, nick string) {
	u.t.Helper()
	u.send("<presence to='" + room + "/" + nick + "'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
	u.until("<subject")
}

// hears reads up to a presence from an address that contains something.
func (u *user) hears(from, what string) string {
	u.t.Helper()
	for {
		got := u.until("</presence>")
		got = got[strings.LastIndex(got, "<presence"):]
		if strings.Contains(got, "from='"+from+"'") && strings.Contains(got, what) {
			return got
		}
	}
}

// A room says that its service stops, to users here and elsewhere, and is as it
// was when the service is back (XEP-0045 section 11.2, Service removes user
// because of service shut down).
func TestRoomsFarewell(t *testing.T) {
	p := startPair(t)
	p.first.account("one.example", "alice")
	p.second.account("two.example", "bob")
	alice, bob := p.first.login("one.example", "alice", "x"), p.second.login("two.example", "bob", "x")
	const room = "coven@conference.one.example"
	alice.enters(room, "hag")
	alice.send("<message to='" + room + "' type='groupchat'><subject>Fire Burn</subject></message>")
	alice.until("<subject>Fire Burn")
	bob.enters(room, "witch")
	if err := p.first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for u, nick := range map[*user]string{alice: "hag", bob: "witch"} {
		got := u.hears(room+"/"+nick, "unavailable")
		for _, want := range []string{"unavailable", `code='110'`, `code='332'`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s got no %s: %s", nick, want, got)
			}
		}
	}
	alice.until("<system-shutdown")
	if err := p.first.start(); err != nil {
		t.Fatal(err)
	}
	alice = p.first.login("one.example", "alice", "x")
	alice.send("<presence to='" + room + "/hag'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
	if got := alice.until("Fire Burn"); !strings.Contains(got, `affiliation='owner'`) ||
		strings.Contains(got, "code='201'") {
		t.Errorf("alice came back to %s", got)
	}
}

// When a server is gone without a word, so are its users for those in a room
// (XEP-0045 section 11.1, Service removes user because of error response).
func TestRoomsServerLost(t *testing.T) {
	p := startPair(t)
	p.first.account("one.example", "alice")
	p.second.account("two.example", "bob")
	alice, bob := p.first.login("one.example", "alice", "x"), p.second.login("two.example", "bob", "x")
	const room = "coven@conference.one.example"
	alice.enters(room, "hag")
	bob.enters(room, "witch")
	p.net.cut()
	got := alice.hears(room+"/witch", "unavailable")
	if !strings.Contains(got, `code='333'`) || strings.Contains(got, `code='307'`) {
		t.Errorf("alice got %s", got)
	}
}

// When only the connections between servers break, everybody stays where they
// are: the room feels for its occupants, and the other server for its users'
// seats, and neither is seen by anybody.
func TestRoomsConnectionsLost(t *testing.T) {
	p := startPair(t)
	p.first.account("one.example", "alice")
	p.second.account("two.example", "bob")
	alice, bob := p.first.login("one.example", "alice", "x"), p.second.login("two.example", "bob", "x")
	const room = "coven@conference.two.example"
	bob.enters(room, "witch")
	alice.enters(room, "hag")
	p.net.breaks()
	alice.send("<message to='" + room + "' type='groupchat'><body>still here</body></message>")
	for _, u := range []*user{alice, bob} {
		if got := u.until("still here"); strings.Contains(got, "unavailable") || strings.Contains(got, "<iq") {
			t.Errorf("somebody got %s", got)
		}
	}
}
