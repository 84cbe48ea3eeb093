package muc

// Affiliation is a user's long-lived association with a room (XEP-0045 section
// 5.2, Affiliations). Higher ones have the privileges of the lower ones. The
// numbers are stored.
type Affiliation int8

// The affiliations.
const (
	Outcast Affiliation = iota - 1
	None
	Member
	Admin
	Owner
)

// String is the affiliation's name in the protocol.
func (a Affiliation) String() string {
	return [...]string{"outcast", "none", "member", "admin", "owner"}[a-Outcast]
}

// parseAffiliation reads a name; ok is false if it is none.
func parseAffiliation(s string) (a Affiliation, ok bool) {
	for a = Outcast; a <= Owner; a++ {
		if a.String() == s {
			return a, true
		}
	}
	return None, false
}

// Role is what an occupant may do during a visit (XEP-0045 section 5.1, Roles).
type Role int8

// The roles; NoRole is that of somebody who is not, or no longer, inside.
const (
	NoRole Role = iota
	Visitor
	Participant
	Moderator
)

// String is the role's name in the protocol.
func (r Role) String() string {
	return [...]string{"none", "visitor", "participant", "moderator"}[r]
}

// parseRole reads a name; ok is false if it is none.
func parseRole(s string) (r Role, ok bool) {
	for r = NoRole; r <= Moderator; r++ {
		if r.String() == s {
			return r, true
		}
	}
	return NoRole, false
}

// initialRole is the role on entering (XEP-0045 section 5.1.2, Default Roles).
func initialRole(a Affiliation, moderated bool) Role {
	switch {
	case a >= Admin:
		return Moderator
	case a == Member || !moderated:
		return Participant
	}
	return Visitor
}
