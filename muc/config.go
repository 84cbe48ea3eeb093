package muc

import (
	"encoding/json"
	"fmt"
)

// Config is what the owners of a room have decided (XEP-0045 section 16.5.3,
// muc#roomconfig FORM_TYPE). It is stored as JSON: what is absent has the zero
// value, so that a field may be added at any time.
type Config struct {
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	Lang        string `json:"lang,omitempty"`
	Password    string `json:"password,omitempty"` // "" for none

	Persistent   bool `json:"persistent,omitempty"`
	Public       bool `json:"public,omitempty"`
	MembersOnly  bool `json:"members_only,omitempty"`
	Moderated    bool `json:"moderated,omitempty"`
	NonAnonymous bool `json:"non_anonymous,omitempty"` // everybody sees real JIDs

	// ChangeSubject lets participants change the subject, Invites lets members
	// invite to a members-only room.
	ChangeSubject bool `json:"change_subject,omitempty"`
	Invites       bool `json:"invites,omitempty"`

	// PrivateMessages is the least role that may send them; Nobody for none.
	PrivateMessages Role `json:"private_messages,omitempty"`
	// MemberList is the least role that may get the list of members.
	MemberList Role `json:"member_list,omitempty"`
	// Broadcast is the least role whose presence is sent to all.
	Broadcast Role `json:"broadcast,omitempty"`

	MaxUsers int  `json:"max_users,omitempty"` // 0: as many as the service allows
	History  int  `json:"history,omitempty"`   // messages that newcomers get at most
	Archive  bool `json:"archive,omitempty"`

	// Away has members who are not inside told of messages.
	Away bool `json:"away,omitempty"`
	// Mentions has members who are not inside sent messages that mention them.
	Mentions bool `json:"mentions,omitempty"`

	// Hats that there are, and which of them users wear, by bare JID. What is in
	// them is never changed.
	Hats []Hat               `json:"hats,omitempty"`
	Worn map[string][]string `json:"worn,omitempty"`

	// Locked rooms wait for their creator's configuration (XEP-0045 section
	// 10.1, Creating a Room).
	Locked bool `json:"locked,omitempty"`
	// Settled says that somebody configured the room: it is no typing error.
	Settled bool `json:"settled,omitempty"`
}

// Nobody is above all roles: where it is the least one, nobody may.
const Nobody = Moderator + 1

// text is the configuration as it is stored.
func (c *Config) text() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // there is nothing in it that could not be written
	}
	return string(b)
}

// parseConfig reads what text wrote.
func parseConfig(text string) (c Config, err error) {
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return Config{}, fmt.Errorf("read room configuration: %w", err)
	}
	return c, nil
}
