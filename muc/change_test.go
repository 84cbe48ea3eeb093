package muc

import (
	"reflect"
	"testing"

	"parley/conf"
	"parley/router"
	"parley/stanza"
)

// roomWith is a room with users, in memory only.
func roomWith(t *testing.T, limit int, users map[string]user) *Room {
	t.Helper()
	c := &conf.Config{}
	c.Rooms.Affiliations = limit
	m := New()
	m.host = &router.Host{Domain: "rooms.lit", Router: router.New(router.Options{Config: c})}
	r := m.emptyRoom(stanza.MustJID("coven@rooms.lit"))
	for jid, u := range users {
		r.keep(stanza.MustJID(jid), u)
	}
	return r
}

// TestEnough: a room remembers no more users than it may, and others can take the
// place of those who go.
func TestEnough(t *testing.T) {
	r := roomWith(t, 2, map[string]user{"a@x": {affiliation: Owner}, "b@x": {affiliation: Member}})
	add := change{user: stanza.MustJID("c@x"), affiliation: Outcast}
	drop := change{user: stanza.MustJID("b@x"), affiliation: None}
	more := change{user: stanza.MustJID("b@x"), affiliation: Admin}
	for _, c := range []struct {
		list []change
		want string
	}{
		{[]change{add}, "resource-constraint"}, {[]change{add, drop}, "ok"}, {[]change{more}, "ok"},
		{[]change{add, drop, {user: stanza.MustJID("d@x"), affiliation: Member}}, "resource-constraint"},
	} {
		if got := condition(r.enough(c.list)); got != c.want {
			t.Errorf("%+v: %s", c.list, got)
		}
	}
}

// TestOwnerRemains: no list of changes leaves a room without an owner (XEP-0045
// section 10, Owner Use Cases).
func TestOwnerRemains(t *testing.T) {
	r := roomWith(t, 9, map[string]user{"a@x": {affiliation: Owner}, "b@x": {affiliation: Owner}})
	a, b, c := stanza.MustJID("a@x"), stanza.MustJID("b@x"), stanza.MustJID("c@x")
	for _, tc := range []struct {
		list []change
		want bool
	}{
		{[]change{{user: a, affiliation: None}}, true},
		{[]change{{user: a, affiliation: Admin}, {user: b, affiliation: Member}}, false},
		{[]change{{user: a, affiliation: Admin}, {user: b, affiliation: Outcast}, {user: c, affiliation: Owner}}, true},
		{[]change{{user: c, affiliation: Admin}}, true},
		{[]change{{occupant: &occupant{user: a}, role: NoRole}}, true},
	} {
		if got := r.ownerRemains(tc.list); got != tc.want {
			t.Errorf("%+v: %v", tc.list, got)
		}
	}
}

// TestReserved: a nickname is free again when its owner gives it up, and is the
// same in any case (RFC 8266 section 2.4, Comparison).
func TestReserved(t *testing.T) {
	r := roomWith(t, 9, map[string]user{"a@x": {affiliation: Member, nick: "Hag"}})
	a, b := stanza.MustJID("a@x"), stanza.MustJID("b@x")
	if r.nickFree("hag", b) || !r.nickFree("hag", a) {
		t.Error("a nickname is not its owner's")
	}
	r.keep(a, user{affiliation: Member, nick: "Crone"})
	if !r.nickFree("hag", b) || r.nickFree("crone", b) {
		t.Error("the old nickname is reserved, or the new one is not")
	}
	r.keep(a, user{})
	if len(r.users)+len(r.reserved) != 0 || !r.nickFree("crone", b) {
		t.Error("who is nobody is remembered")
	}
}

// TestHeirs: who owns a room behind the last owner.
func TestHeirs(t *testing.T) {
	users := map[string]user{"a@x": {affiliation: Owner}, "m@x": {affiliation: Member},
		"x": {affiliation: Member}}
	r := roomWith(t, 9, users)
	if list := r.heirs(); list != nil {
		t.Errorf("an open room gets %v", list)
	}
	r.config.MembersOnly = true
	if list := r.heirs(); len(list) != 1 || list[0].user.String() != "m@x" || list[0].affiliation != Owner {
		t.Errorf("a room for members gets %v", list)
	}
	r.keep(stanza.MustJID("b@x"), user{affiliation: Admin})
	if list := r.heirs(); len(list) != 1 || list[0].user.String() != "b@x" {
		t.Errorf("a room with an admin gets %v", list)
	}
}

// TestChanges: which status codes tell of a new configuration (XEP-0045 section
// 10.2.1, Notification of Configuration Changes).
func TestChanges(t *testing.T) {
	for _, c := range []struct {
		a, b Config
		want []int
	}{
		{Config{}, Config{}, nil},
		{Config{Locked: true}, Config{Settled: true}, nil},
		{Config{}, Config{Archive: true}, []int{170}},
		{Config{Archive: true}, Config{}, []int{171}},
		{Config{}, Config{NonAnonymous: true, Name: "x"}, []int{104, 172}},
		{Config{NonAnonymous: true, Archive: true}, Config{}, []int{171, 173}},
		{Config{}, Config{Password: "x"}, []int{104}},
	} {
		got := changes(&c.a, &c.b)
		if len(got) != len(c.want) {
			t.Errorf("%+v to %+v: %v, want %v", c.a, c.b, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%+v to %+v: %v, want %v", c.a, c.b, got, c.want)
			}
		}
	}
}

// TestSettings: what a room says of its configuration is what it takes back, and
// each setting refuses what it does not know.
func TestSettings(t *testing.T) {
	limits := conf.Rooms{Occupants: 100, History: 50}
	full := Config{Name: "n", Description: "d", Lang: "en-GB", Persistent: true, Public: true,
		MembersOnly: true, Moderated: true, NonAnonymous: true, ChangeSubject: true, Invites: true,
		PrivateMessages: Moderator, MemberList: Participant, Broadcast: Nobody, MaxUsers: 30,
		History: 50, Archive: true, Away: true}
	var got Config
	for _, s := range settings(limits) {
		if err := s.set(&got, s.get(&full)); err != nil {
			t.Errorf("%s: %v", s.Var, err)
		}
		before := got
		long := string(make([]byte, 5000))
		if err := s.set(&got, []string{long}); condition(err) != "not-acceptable" || !reflect.DeepEqual(got, before) {
			t.Errorf("%s takes anything", s.Var)
		}
	}
	if !reflect.DeepEqual(got, full) {
		t.Errorf("%+v, want %+v", got, full)
	}
}
