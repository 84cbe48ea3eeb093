package muc

import "parley/stanza"

// standing is what somebody's privileges come from: the affiliation and, inside,
// the role.
type standing struct {
	affiliation Affiliation
	role        Role
}

// mayGiveRole says whether somebody may give an occupant a role; NoRole is to
// kick. It returns the error that the XEP names where not (XEP-0045 section
// 5.1.3, Changing Roles). What both are at the moment is in by and of; self says
// that they are the same user.
func mayGiveRole(by, of standing, role Role, self bool) error {
	// Who is a moderator is the admins' affair (sections 9.6, Granting Moderator
	// Status, and 9.7, Revoking Moderator Status), the rest the moderators'.
	moderatorship := role == Moderator || of.role == Moderator && role != NoRole
	switch {
	case moderatorship && by.affiliation < Admin, !moderatorship && by.role != Moderator:
		return stanza.Forbidden
	case role == NoRole:
		return mayKick(by, of, self)
	case role >= of.role:
		return nil
	case of.affiliation >= Admin:
		// section 8.4, Revoking Voice from a Participant: by nobody; section 9.7
		return stanza.NotAllowed
	case role == Visitor && of.affiliation >= by.affiliation:
		return stanza.NotAllowed // section 8.4: at or above the moderator's level
	}
	return nil
}

// mayKick is for moderators (XEP-0045 section 8.2, Kicking an Occupant). Only
// admins kick other moderators (section 5.1.3, Changing Roles).
func mayKick(by, of standing, self bool) error {
	switch {
	case of.affiliation > by.affiliation:
		return stanza.NotAllowed
	case of.role == Moderator && by.affiliation < Admin && !self:
		return stanza.NotAllowed
	}
	return nil
}

// mayGiveAffiliation says whether somebody may give a user an affiliation, and
// returns the error that the XEP names where not (XEP-0045 section 5.2.2,
// Changing Affiliations).
func mayGiveAffiliation(by, of, to Affiliation, self bool) error {
	switch {
	case by < Admin:
		return stanza.Forbidden // section 9, Admin Use Cases
	case to == Outcast && self:
		return stanza.Conflict // section 9.1, Banning a User
	case to == Outcast && (of > by || of == Admin && by < Owner):
		return stanza.NotAllowed // section 9.1
	case (to >= Admin || of >= Admin) && by < Owner:
		// sections 10.5, Modifying the Owner List, and 10.8, Modifying the Admin List
		return stanza.Forbidden
	}
	return nil
}

// mayList says whether somebody may get the list of those with an affiliation.
// inside is the role of one who is inside.
func (r *Room) mayList(by standing, list Affiliation) bool {
	switch {
	case by.affiliation == Owner, by.affiliation == Admin && list < Admin:
		return true
	case list == Outcast || by.affiliation == Outcast:
		return false // section 9.2, Modifying the Ban List
	case !r.config.NonAnonymous && by.role != Moderator || !r.config.NonAnonymous && list >= Admin:
		// Where real JIDs are hidden, lists of them are too (XEP-0045 section
		// 5.2.1, Privileges; sections 10.5 and 10.8).
		return false
	case by.role == NoRole && by.affiliation == Member:
		// section 9.5, Modifying the Member List: any member, even if not inside
		return Participant >= r.config.MemberList
	}
	return by.role != NoRole && by.role >= r.config.MemberList
}

// roleAfter is the role of an occupant whose affiliation has changed. The role
// that one gains with an affiliation is certain; what is lost with it depends
// on the room (XEP-0045 section 5.1.3, Changing Roles).
func roleAfter(role Role, was, is Affiliation, moderated bool) Role {
	initial := initialRole(is, moderated)
	switch {
	case was >= Admin && is < Admin:
		// section 10.2, Subsequent Room Configuration: as appropriate for the
		// affiliation and the type of the room
		return initial
	case is < was && role == Participant:
		return initial
	}
	return max(role, initial)
}
