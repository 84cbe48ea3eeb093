package muc

import (
	"parley/stanza"
)

// change is one change of a role or of an affiliation.
type change struct {
	occupant *occupant // whose role it is; nil if an affiliation changes
	role     Role

	user        stanza.JID // bare, or a domain, whose affiliation it is
	affiliation Affiliation
	nick        *string // reserved from now on, "" for none; nil as before

	reason string
}

// action is a list of changes that are made at once.
type action struct {
	changes []change
	by      standing
	user    stanza.JID // who does it, bare
	actor   string     // its nickname, if it is inside
	invited bool       // those who become members are invited by then
	then    sent       // what goes out behind all else
}

// parseChange reads an item of a request: a role of a nickname, or an
// affiliation of a bare JID, never both (XEP-0045 section 17.4, IQ, rules 4 to 6).
func (r *Room) parseChange(e *stanza.Element) (c change, err error) {
	c.reason = e.ChildText("", "reason")
	role, isRole := parseRole(e.Attr("role"))
	affiliation, isAffiliation := parseAffiliation(e.Attr("affiliation"))
	switch {
	case has(e, "role") && has(e, "affiliation"), isRole == isAffiliation:
		return c, stanza.BadRequest
	case isRole:
		c.role = role
		c.occupant, err = r.named(e)
		return c, err
	}
	c.affiliation = affiliation
	if c.user, err = r.userOf(e); err != nil {
		return c, err
	}
	if has(e, "nick") && has(e, "jid") {
		nick := e.Attr("nick")
		if nick != "" {
			nick, err = prepareNick(nick)
		}
		c.nick = &nick
	}
	return c, err
}

// has says whether an attribute is there, also an empty one.
func has(e *stanza.Element, name string) bool {
	for i := range e.Attrs {
		if e.Attrs[i].Name == name && e.Attrs[i].NS == "" {
			return true
		}
	}
	return false
}

// named is the occupant that an item is about, by nickname or, as roles are also
// kept by it (XEP-0045 section 5.1, Roles), by full JID.
func (r *Room) named(e *stanza.Element) (*occupant, error) {
	if !has(e, "nick") {
		jid, err := stanza.ParseJID(e.Attr("jid"))
		if err != nil {
			return nil, stanza.BadRequest
		}
		if s := r.seatOf(jid); s != nil {
			return s.occupant, nil
		}
		return nil, stanza.ItemNotFound
	}
	if o := r.nicks[nickKey(e.Attr("nick"))]; o != nil {
		return o, nil
	}
	return nil, stanza.ItemNotFound
}

// userOf is the user that an item is about: a full JID stands for the bare one
// (XEP-0045 section 10.3, Granting Owner Status). Some clients know the nickname
// only.
func (r *Room) userOf(e *stanza.Element) (stanza.JID, error) {
	switch {
	case has(e, "jid"):
		jid, err := stanza.ParseJID(e.Attr("jid"))
		if err != nil {
			return stanza.JID{}, stanza.JIDMalformed
		}
		return jid.Bare().Clone(), nil
	case has(e, "nick"):
		o, err := r.named(e)
		if err != nil {
			return stanza.JID{}, err
		}
		return o.user, nil
	}
	return stanza.JID{}, stanza.BadRequest
}

// allow says why an action is refused, nil if it is not.
func (r *Room) allow(a *action) error {
	users, nicks := map[stanza.JID]bool{}, map[string]bool{}
	for i := range a.changes {
		c := &a.changes[i]
		if err := r.allowOne(a, c); err != nil {
			return err
		}
		if c.occupant != nil {
			continue
		}
		if users[c.user] {
			return stanza.BadRequest // which of the two is meant?
		}
		users[c.user] = true
		if c.nick != nil && *c.nick != "" {
			if nicks[nickKey(*c.nick)] {
				return stanza.Conflict
			}
			nicks[nickKey(*c.nick)] = true
		}
	}
	if !r.ownerRemains(a.changes) {
		return stanza.Conflict // XEP-0045 section 10.4, Revoking Owner Status
	}
	return r.enough(a.changes)
}

// allowOne looks at one change alone.
func (r *Room) allowOne(a *action, c *change) error {
	if o := c.occupant; o != nil {
		of := standing{r.affiliation(o.user), o.role}
		return mayGiveRole(a.by, of, c.role, o.user == a.user)
	}
	of := r.users[c.user].affiliation
	switch err := mayGiveAffiliation(a.by.affiliation, of, c.affiliation, c.user == a.user); {
	case err != nil:
		return err
	case c.user.Local() == "" && c.affiliation >= Admin:
		// All users of a domain would be.
		return stanza.NotAllowed
	case c.nick != nil && *c.nick != "" && !r.nickFree(*c.nick, c.user):
		return stanza.Conflict // section 7.2.8, Nickname Conflict
	}
	return nil
}

// ownerRemains says whether somebody is an owner behind the changes (XEP-0045
// section 10, Owner Use Cases: every room MUST have one).
func (r *Room) ownerRemains(list []change) bool {
	owners, lost := map[stanza.JID]bool{}, false
	for _, jid := range r.affiliated(Owner) {
		owners[jid] = true
	}
	for i := range list {
		switch c := &list[i]; {
		case c.occupant != nil:
		case c.affiliation == Owner:
			owners[c.user] = true
		case owners[c.user]:
			lost = true
			delete(owners, c.user)
		}
	}
	return len(owners) > 0 || !lost
}

// enough refuses changes that leave more users than a room may have.
func (r *Room) enough(list []change) error {
	n := len(r.users)
	for i := range list {
		c := &list[i]
		_, there := r.users[c.user]
		switch {
		case c.occupant != nil:
		case c.affiliation != None && !there:
			n++
		case c.affiliation == None && there:
			n--
		}
	}
	if n > max(len(r.users), r.service.policy().Affiliations) {
		return stanza.ResourceConstraint
	}
	return nil
}
