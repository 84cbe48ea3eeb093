package muc

import (
	"errors"
	"strings"
	"testing"

	"parley/stanza"
)

// TestMayGiveRole plays the tables of XEP-0045 section 5.1.3 (Changing Roles) and
// the refusals of sections 8.2, Kicking an Occupant, 8.4, Revoking Voice from a
// Participant, and 9.7, Revoking Moderator Status: who, by affiliation and role,
// gives a role to whom.
func TestMayGiveRole(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(`
owner  moderator   none         owner  moderator    ok
owner  moderator   none         admin  moderator    ok
owner  moderator   none         none   moderator    ok
owner  moderator   none         none   visitor      ok
admin  moderator   none         owner  moderator    not-allowed
admin  moderator   none         admin  moderator    ok
admin  moderator   none         member moderator    ok
admin  moderator   none         none   participant  ok
member moderator   none         owner  moderator    not-allowed
member moderator   none         admin  moderator    not-allowed
member moderator   none         member moderator    not-allowed
member moderator   none         none   moderator    not-allowed
member moderator   none         member participant  ok
member moderator   none         none   visitor      ok
none   moderator   none         member participant  not-allowed
none   moderator   none         none   participant  ok
member participant none         none   visitor      forbidden
none   visitor     none         none   visitor      forbidden
admin  none        none         none   visitor      forbidden
owner  none        none         none   visitor      forbidden
member moderator   participant  none   visitor      ok
none   moderator   participant  none   visitor      ok
none   moderator   participant  member visitor      ok
none   participant participant  none   visitor      forbidden
none   visitor     participant  none   visitor      forbidden
owner  none        participant  none   visitor      forbidden
owner  moderator   visitor      owner  moderator    not-allowed
owner  moderator   visitor      admin  moderator    not-allowed
owner  moderator   visitor      member moderator    ok
owner  moderator   visitor      member participant  ok
admin  moderator   visitor      none   participant  ok
member moderator   visitor      member participant  not-allowed
member moderator   visitor      none   participant  ok
none   moderator   visitor      none   participant  not-allowed
none   moderator   visitor      member participant  not-allowed
member moderator   visitor      admin  moderator    forbidden
member moderator   visitor      none   moderator    forbidden
none   participant visitor      none   participant  forbidden
owner  moderator   moderator    none   visitor      ok
owner  none        moderator    none   participant  ok
admin  moderator   moderator    member participant  ok
admin  none        moderator    none   visitor      ok
member moderator   moderator    none   participant  forbidden
none   moderator   moderator    none   visitor      forbidden
none   visitor     moderator    none   visitor      forbidden
owner  moderator   participant  owner  moderator    not-allowed
owner  moderator   participant  admin  moderator    not-allowed
owner  moderator   participant  none   moderator    ok
admin  moderator   participant  admin  moderator    not-allowed
admin  moderator   participant  owner  moderator    not-allowed
admin  moderator   participant  member moderator    ok
admin  none        participant  none   moderator    ok
member moderator   participant  none   moderator    forbidden
`), "\n") {
		f := strings.Fields(line)
		by, of := standingOf(t, f[0], f[1]), standingOf(t, f[3], f[4])
		role, _ := parseRole(f[2])
		if got := condition(mayGiveRole(by, of, role, false)); got != f[5] {
			t.Errorf("%s: %s", line, got)
		}
	}
}

// TestKickSelf: any moderator may, and nobody else (XEP-0045 section 8.2, Kicking
// an Occupant).
func TestKickSelf(t *testing.T) {
	for _, line := range []string{"owner moderator ok", "none moderator ok",
		"member participant forbidden", "none visitor forbidden"} {
		f := strings.Fields(line)
		s := standingOf(t, f[0], f[1])
		if got := condition(mayGiveRole(s, s, NoRole, true)); got != f[2] {
			t.Errorf("%s: %s", line, got)
		}
	}
}

// TestMayGiveAffiliation plays the tables of XEP-0045 sections 5.2.1, Privileges,
// and 5.2.2, Changing Affiliations: for each pair, what owners, admins, members,
// unaffiliated users and outcasts who ask for it hear (k ok, f forbidden, n
// not-allowed).
func TestMayGiveAffiliation(t *testing.T) {
	words := map[byte]string{'k': "ok", 'f': "forbidden", 'n': "not-allowed"}
	by := []Affiliation{Owner, Admin, Member, None, Outcast}
	for _, line := range strings.Split(strings.TrimSpace(`
outcast none    kkfff
outcast member  kkfff
outcast admin   kffff
outcast owner   kffff
none    outcast kkfff
none    member  kkfff
none    admin   kffff
none    owner   kffff
member  outcast kkfff
member  none    kkfff
member  admin   kffff
member  owner   kffff
admin   outcast knfff
admin   none    kffff
admin   member  kffff
admin   owner   kffff
owner   outcast knfff
owner   none    kffff
owner   member  kffff
owner   admin   kffff
`), "\n") {
		f := strings.Fields(line)
		of, _ := parseAffiliation(f[0])
		to, _ := parseAffiliation(f[1])
		for i, want := range []byte(f[2]) {
			got := condition(mayGiveAffiliation(by[i], of, to, false))
			if got != words[want] {
				t.Errorf("%s: %s hears %s", line, by[i], got)
			}
		}
	}
}

// TestBanSelf: nobody bans himself (XEP-0045 section 9.1, Banning a User), an
// owner may resign (section 10.4, Revoking Owner Status).
func TestBanSelf(t *testing.T) {
	for _, a := range []Affiliation{Owner, Admin} {
		if got := condition(mayGiveAffiliation(a, a, Outcast, true)); got != "conflict" {
			t.Errorf("%s: %s", a, got)
		}
	}
	if got := condition(mayGiveAffiliation(Owner, Owner, Admin, true)); got != "ok" {
		t.Errorf("an owner may not resign: %s", got)
	}
}

// TestInitialRole is XEP-0045 section 5.1.2, Default Roles.
func TestInitialRole(t *testing.T) {
	for _, c := range []struct {
		a         Affiliation
		moderated Role
		open      Role
	}{{None, Visitor, Participant}, {Member, Participant, Participant},
		{Admin, Moderator, Moderator}, {Owner, Moderator, Moderator}} {
		if got := initialRole(c.a, true); got != c.moderated {
			t.Errorf("%s enters a moderated room as %s", c.a, got)
		}
		if got := initialRole(c.a, false); got != c.open {
			t.Errorf("%s enters an open room as %s", c.a, got)
		}
	}
}

// TestRoleAfter: what an affiliation brings and takes (XEP-0045 section 5.1.3,
// Changing Roles).
func TestRoleAfter(t *testing.T) {
	for _, c := range []struct {
		role      Role
		was, is   Affiliation
		moderated bool
		want      Role
	}{
		{Visitor, None, Member, true, Participant},
		{Visitor, None, Admin, true, Moderator},
		{Participant, None, Owner, false, Moderator},
		{Moderator, None, Member, true, Moderator},
		{Moderator, Owner, Admin, false, Moderator},
		{Moderator, Admin, Member, true, Participant},
		{Moderator, Owner, None, true, Visitor},
		{Moderator, Owner, None, false, Participant},
		{Participant, Member, None, true, Visitor},
		{Participant, Member, None, false, Participant},
		{Moderator, Member, None, true, Moderator},
	} {
		if got := roleAfter(c.role, c.was, c.is, c.moderated); got != c.want {
			t.Errorf("%s, %s before and %s now, moderated %v: %s, want %s",
				c.role, c.was, c.is, c.moderated, got, c.want)
		}
	}
}

// TestMayList: who gets which list, by kind of room (XEP-0045 section 5.2.1,
// Privileges; section 9.5, Modifying the Member List; section 10.5, Modifying the
// Owner List). The columns are the lists of outcasts, members, admins, owners.
func TestMayList(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(`
semi visitor     owner   none         yyyy
semi visitor     admin   none         yynn
semi visitor     member  participant  nnnn
semi visitor     member  none         nnnn
semi visitor     none    moderator    nynn
semi visitor     none    participant  nnnn
non  visitor     admin   moderator    yyyy
non  visitor     member  participant  nyyy
non  visitor     member  none         nyyy
non  visitor     none    visitor      nyyy
non  visitor     none    none         nnnn
non  visitor     outcast none         nnnn
non  participant none    visitor      nnnn
non  participant member  none         nyyy
non  moderator   member  none         nnnn
non  moderator   member  participant  nnnn
non  moderator   member  moderator    nyyy
`), "\n") {
		f := strings.Fields(line)
		least, _ := parseRole(f[1])
		r := &Room{config: Config{NonAnonymous: f[0] == "non", MemberList: least}}
		for i, list := range []Affiliation{Outcast, Member, Admin, Owner} {
			if got := r.mayList(standingOf(t, f[2], f[3]), list); got != (f[4][i] == 'y') {
				t.Errorf("%s: list of %s: %v", line, list, got)
			}
		}
	}
}

func standingOf(t *testing.T, affiliation, role string) standing {
	t.Helper()
	a, ok := parseAffiliation(affiliation)
	r, known := parseRole(role)
	if !ok || !known {
		t.Fatalf("%s %s is no standing", affiliation, role)
	}
	return standing{a, r}
}

// condition is the name of a stanza error, "ok" for none.
func condition(err error) string {
	var e *stanza.Error
	if errors.As(err, &e) {
		return e.Condition
	}
	return "ok"
}
