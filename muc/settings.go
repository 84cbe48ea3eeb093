package muc

import (
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"

	"parley/conf"
	"parley/internal/form"
	"parley/stanza"
)

// setting is a field of the form by which owners configure a room (XEP-0045
// section 16.5.3, muc#roomconfig FORM_TYPE).
type setting struct {
	form.Field
	get func(c *Config) []string
	set func(c *Config, values []string) error
}

const (
	roomConfig = "muc#roomconfig_" // what most names of fields begin with
	fieldAway  = "x-roomconfig_away"
)

// settings are the fields in the order of the form.
func settings(limits conf.Rooms) []setting {
	return slices.Concat(
		[]setting{
			textSetting("roomname", "Name", 256, func(c *Config) *string { return &c.Name }),
			textSetting("roomdesc", "Description", 2048, func(c *Config) *string { return &c.Description }),
			language(),
		},
		switches(),
		[]setting{
			roleSetting("allowpm", "Who may send private messages",
				func(c *Config) *Role { return &c.PrivateMessages }),
			rolesSetting("presencebroadcast", "Roles whose presence is sent to all",
				func(c *Config) *Role { return &c.Broadcast }),
			rolesSetting("getmemberlist", "Roles that may get the list of members",
				func(c *Config) *Role { return &c.MemberList }),
			whois(),
			maxUsers(limits.Occupants),
			maxHistory(limits.History),
		})
}

// switches are the settings that are on or off.
func switches() []setting {
	return []setting{
		flagSetting(roomConfig+"persistentroom", "The room lasts when nobody is inside",
			func(c *Config) *bool { return &c.Persistent }),
		flagSetting(roomConfig+"publicroom", "The room is listed for those who look for one",
			func(c *Config) *bool { return &c.Public }),
		flagSetting(roomConfig+"membersonly", "Only members may enter",
			func(c *Config) *bool { return &c.MembersOnly }),
		flagSetting(roomConfig+"allowinvites", "Members may invite others",
			func(c *Config) *bool { return &c.Invites }),
		flagSetting(roomConfig+"moderatedroom", "Newcomers may speak only when a moderator lets them",
			func(c *Config) *bool { return &c.Moderated }),
		flagSetting(roomConfig+"changesubject", "Participants may change the subject",
			func(c *Config) *bool { return &c.ChangeSubject }),
		flagSetting(roomConfig+"enablelogging", "Messages are archived",
			func(c *Config) *bool { return &c.Archive }),
		flagSetting(fieldAway, "Members who are not inside are told of messages",
			func(c *Config) *bool { return &c.Away }),
		// XEP-0452 section 3.1, A MUC is configured to send out mention notifications
		flagSetting(roomConfig+"forwardmentions", "Members who are not inside are sent what mentions them",
			func(c *Config) *bool { return &c.Mentions }),
	}
}

// unacceptable is the error for a configuration that the service does not take
// (XEP-0045 section 10.1.3, Creating a Reserved Room).
func unacceptable(why string) error { return stanza.NotAcceptable.WithText(why) }

func firstOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func textSetting(name, label string, most int, at func(c *Config) *string) setting {
	return setting{
		Field: form.Field{Var: roomConfig + name, Type: "text-single", Label: label},
		get:   func(c *Config) []string { return []string{*at(c)} },
		set: func(c *Config, values []string) error {
			text := firstOf(values)
			if utf8.RuneCountInString(text) > most {
				return unacceptable(label + ": at most " + strconv.Itoa(most) + " characters.")
			}
			*at(c) = text
			return nil
		},
	}
}

// tag is what a language looks like (RFC 5646).
var tag = regexp.MustCompile(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}$`)

func language() setting {
	s := textSetting("lang", "Language", 35, func(c *Config) *string { return &c.Lang })
	set := s.set
	s.set = func(c *Config, values []string) error {
		if lang := firstOf(values); lang != "" && !tag.MatchString(lang) {
			return unacceptable("The language is a tag such as en.")
		}
		return set(c, values)
	}
	return s
}

func flagSetting(name, label string, at func(c *Config) *bool) setting {
	return setting{
		Field: form.Field{Var: name, Type: "boolean", Label: label},
		get:   func(c *Config) []string { return form.Bool(*at(c)) },
		set: func(c *Config, values []string) error {
			on, err := truth(firstOf(values))
			if err == nil {
				*at(c) = on
			}
			return err
		},
	}
}

// truth reads a boolean (XEP-0004 section 3.3, Field Types).
func truth(text string) (bool, error) {
	switch text {
	case "1", "true":
		return true, nil
	case "0", "false":
		return false, nil
	}
	return false, unacceptable("What is on or off is 1 or 0.")
}

// roleSetting is a setting whose value is a least role.
func roleSetting(name, label string, at func(c *Config) *Role) setting {
	return setting{
		Field: form.Field{Var: roomConfig + name, Type: "list-single", Label: label, Options: []form.Option{
			{Value: "anyone", Label: "Anyone"}, {Value: "participants", Label: "Anyone with voice"},
			{Value: "moderators", Label: "Moderators only"}, {Value: "none", Label: "Nobody"}}},
		get: func(c *Config) []string { return []string{whoMay(*at(c))} },
		set: func(c *Config, values []string) error {
			for least := Visitor; least <= Nobody; least++ {
				if whoMay(least) == firstOf(values) {
					*at(c) = least
					return nil
				}
			}
			return unacceptable(label + ": anyone, participants, moderators or none.")
		},
	}
}

// rolesSetting is a setting whose value is a list of roles, which must be all from some
// one on.
func rolesSetting(name, label string, at func(c *Config) *Role) setting {
	return setting{
		Field: form.Field{Var: roomConfig + name, Type: "list-multi", Label: label, Options: []form.Option{
			{Value: "moderator", Label: "Moderator"}, {Value: "participant", Label: "Participant"},
			{Value: "visitor", Label: "Visitor"}}},
		get: func(c *Config) []string { return rolesFrom(*at(c)) },
		set: func(c *Config, values []string) error {
			for least := Visitor; least <= Nobody; least++ {
				if sameTexts(rolesFrom(least), values) {
					*at(c) = least
					return nil
				}
			}
			return unacceptable(label + ": roles with all that are above them.")
		},
	}
}

// rolesFrom are the names of the roles from one on.
func rolesFrom(least Role) []string {
	list := []string{}
	for r := Moderator; r >= max(least, Visitor); r-- {
		list = append(list, r.String())
	}
	return list
}

// sameTexts says whether both have the same elements, in any order.
func sameTexts(a, b []string) bool {
	b = slices.Clone(b)
	slices.Sort(b)
	b = slices.Compact(b)
	a = slices.Sorted(slices.Values(a))
	return slices.Equal(a, b)
}

func whois() setting {
	return setting{
		Field: form.Field{Var: roomConfig + "whois", Type: "list-single", Label: "Who sees real addresses",
			Options: []form.Option{{Value: "moderators", Label: "Moderators only"},
				{Value: "anyone", Label: "Anyone"}}},
		get: func(c *Config) []string {
			if c.NonAnonymous {
				return []string{"anyone"}
			}
			return []string{"moderators"}
		},
		set: func(c *Config, values []string) error {
			switch firstOf(values) {
			case "anyone":
				c.NonAnonymous = true
			case "moderators":
				c.NonAnonymous = false
			default:
				return unacceptable("Who sees real addresses: moderators or anyone.")
			}
			return nil
		},
	}
}

func maxUsers(most int) setting {
	s := setting{Field: form.Field{Var: roomConfig + "maxusers", Type: "list-single",
		Label: "Maximum number of occupants"}}
	for _, n := range []int{10, 20, 30, 50, 100, 200, 500, 1000, 2000, 5000} {
		if n <= most {
			text := strconv.Itoa(n)
			s.Options = append(s.Options, form.Option{Value: text, Label: text})
		}
	}
	s.Options = append(s.Options, form.Option{Value: "none", Label: "As many as the service allows"})
	s.get = func(c *Config) []string {
		if c.MaxUsers == 0 {
			return []string{"none"}
		}
		return []string{strconv.Itoa(c.MaxUsers)}
	}
	s.set = func(c *Config, values []string) error {
		n, err := strconv.Atoi(firstOf(values))
		switch {
		case firstOf(values) == "none":
			n = 0
		case err != nil || n < 1 || n > most:
			return unacceptable("Occupants: 1 to " + strconv.Itoa(most) + ", or none.")
		}
		c.MaxUsers = n
		return nil
	}
	return s
}

func maxHistory(most int) setting {
	return setting{
		Field: form.Field{Var: "muc#maxhistoryfetch", Type: "text-single",
			Label: "Messages that newcomers are shown"},
		get: func(c *Config) []string { return []string{strconv.Itoa(c.History)} },
		set: func(c *Config, values []string) error {
			n, err := strconv.Atoi(firstOf(values))
			if err != nil || n < 0 || n > most {
				return unacceptable("Messages for newcomers: 0 to " + strconv.Itoa(most) + ".")
			}
			c.History = n
			return nil
		},
	}
}
