package muc

import (
	"strconv"

	"parley/internal/form"
	"parley/stanza"
)

// roomInfo is the form that says more about the room (XEP-0045 section 6.4,
// Querying for Room Information). What is spoken of is told to those who may
// read it.
func (r *Room) roomInfo(asker stanza.JID) string {
	c := &r.config
	fields := []form.Field{
		text("muc#roominfo_description", "Description", c.Description),
		text("muc#roominfo_lang", "Language of discussion", c.Lang),
		text("muc#roominfo_occupants", "Number of occupants", strconv.Itoa(len(r.order))),
		text("muc#maxhistoryfetch", "Maximum number of history messages", strconv.Itoa(c.History)),
		text("muc#roomconfig_roomname", "Name", r.name()),
		flag("muc#roomconfig_changesubject", "Participants may change the subject", c.ChangeSubject),
		flag("muc#roominfo_subjectmod", "Participants may change the subject", c.ChangeSubject),
		flag("muc#roomconfig_allowinvites", "Members may invite", c.Invites || !c.MembersOnly),
		text("muc#roomconfig_allowpm", "Who may send private messages", whoMay(c.PrivateMessages)),
	}
	if r.mayRead(asker) {
		fields = append(fields, text("muc#roominfo_subject", "Current subject", r.subjectText()))
	}
	if len(r.config.Hats) > 0 {
		fields = append(fields, r.hatsHash())
	}
	if len(r.avatar) > 0 {
		// XEP-0486 section 3.3, User Discovers the Avatar
		fields = append(fields, form.Field{Var: "muc#roominfo_avatarhash", Type: "text-multi",
			Label: "Avatar hash", Values: r.avatar})
	}
	return form.XML("result", "", nsMUC+"#roominfo", fields...)
}

func text(name, label, value string) form.Field {
	return form.Field{Var: name, Type: "text-single", Label: label, Values: []string{value}}
}

func flag(name, label string, value bool) form.Field {
	return form.Field{Var: name, Type: "boolean", Label: label, Values: form.Bool(value)}
}

// whoMay is a least role as forms name those who have it (XEP-0045 section
// 16.5.3, muc#roomconfig FORM_TYPE).
func whoMay(least Role) string {
	switch least {
	case NoRole, Visitor:
		return "anyone"
	case Participant:
		return "participants"
	case Moderator:
		return "moderators"
	}
	return "none"
}

// subjectText is the subject as text.
func (r *Room) subjectText() string {
	if r.subject == nil {
		return ""
	}
	c, _ := r.subject.Child("", "subject")
	return r.subject.Element(c).Text
}
